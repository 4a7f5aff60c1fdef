"""The first run on a machine with a GPU: fetch a checkpoint, so that the model can speak.

`make run` calls it; a container runs it by itself before its worker.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from shared.checkpoints import catalogue, folder
from shared.checkpoints.catalogue import Checkpoint
from shared.checkpoints.download import pull
from shared.checkpoints.progress import Progress
from shared.errors import DownloadFailed, DownloadRunning, SpeechError
from shared.settings import Settings, load
from tools.bars import bytes_bar
from worker.diagnosis import nvidia

KIND = "custom_voice"
Pull = Callable[[Checkpoint, Path, Settings, Callable[[Progress], None], Callable[[], bool]], Path]


def main() -> int:
    """Fetch what is wanted; where that fails, the exit status is 1 and one line says why."""
    console = Console(stderr=True, highlight=False)
    try:
        settings = load()
        checkpoint = wanted(settings)
        if checkpoint:
            fetch(checkpoint, settings, console)
    except SpeechError as error:
        words = " ".join(filter(None, (error.message, error.next_step)))
        console.print(f"error: {words}", markup=False, soft_wrap=True)
        return 1
    return 0


def wanted(
    settings: Settings, gpu_visible: Callable[[], bool] = nvidia.visible
) -> Checkpoint | None:
    """The checkpoint to fetch before the worker starts; None if there is nothing to fetch.

    A machine without a GPU fetches gigabytes only when the model was asked for by name.
    """
    if settings.engine == "preview" or _at_hand(settings):
        return None
    if settings.engine == "auto" and not (gpu_visible() and _can_run()):
        return None
    return catalogue.default_for(KIND, settings.model_size)


def fetch(checkpoint: Checkpoint, settings: Settings, console: Console) -> None:
    """Download with a progress bar; where that fails, one line says so and the preview speaks.

    Raises DownloadFailed where the preview engine is no way out.
    """
    place = settings.hub_url or settings.hub
    console.print(f"Downloading {checkpoint.id} from {place} into {settings.models_dir}, once.")
    try:
        with bytes_bar(checkpoint.id, console) as report:
            pull(checkpoint, settings.models_dir, settings, report, lambda: False)
    except (DownloadFailed, DownloadRunning) as error:
        if settings.engine != "auto" or not settings.allow_preview:
            raise
        console.print(_in_one_line(error), soft_wrap=True)


def _in_one_line(error: SpeechError) -> str:
    return (
        f"No checkpoint: {error.message} The preview engine speaks until"
        " `qtts models pull` succeeds."
    )


def _at_hand(settings: Settings) -> bool:
    """Whether a checkpoint lies there; of the size that was asked for, if one was."""
    entry = folder.pick(settings.models_dir, KIND, settings.model_size)
    asked_for_size = "model_size" in settings.model_fields_set
    return entry is not None and (not asked_for_size or entry.size == settings.model_size)


def _can_run() -> bool:
    return all(importlib.util.find_spec(package) for package in ("torch", "qwen_tts"))


if __name__ == "__main__":
    sys.exit(main())
