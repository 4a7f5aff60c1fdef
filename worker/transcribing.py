"""Writes down what a recording says, by faster-whisper, where that and a model are installed."""

import logging
import time
from pathlib import Path
from typing import Any

import soxr
from pydantic import BaseModel

from shared import languages
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import EngineUnavailable
from shared.settings import Settings

_RATE = 16_000
"""Hz that Whisper hears."""
_IDLE = 300.0
"""Seconds without a question after which the model's memory is given back."""
_THREADS = 2
"""So that a generation on the CPU keeps the other cores."""

log = logging.getLogger(__name__)


class Transcript(BaseModel):
    """What was understood."""

    text: str
    language: str
    """As `shared.languages` has it; the model's own word for one that is not spoken here."""
    seconds: float
    """That it took."""


class Transcriber:
    """Loads its model when first asked; not to be used from two threads at once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: Any = None
        self._used = 0.0

    def transcribe(self, samples: Samples, language: str) -> Transcript:
        """What `samples` (mono, 24 kHz) say. Raises EngineUnavailable."""
        began = time.monotonic()
        model = self._loaded()
        known = None if language == languages.AUTO else languages.CODES[language]
        heard = soxr.resample(samples, SAMPLE_RATE, _RATE)
        segments, info = model.transcribe(heard, language=known, beam_size=5)
        text = " ".join(segment.text.strip() for segment in segments)
        code = info.language or languages.AUTO
        self._used = time.monotonic()
        return Transcript(
            text=text,
            language=languages.NAMES.get(code, code),
            seconds=self._used - began,
        )

    def rest(self) -> None:
        """To be called now and then: gives the memory of an idle model back."""
        if self._model is not None and time.monotonic() - self._used > _IDLE:
            log.info("Unloading the transcriber.")
            self._model = None

    def _loaded(self) -> Any:
        if self._model is None:
            self._model = _load(self._folder())
        return self._model

    def _folder(self) -> Path:
        name = self._settings.transcriber
        if not name:
            raise EngineUnavailable(
                "No transcriber is set up.",
                hint="Write the transcript yourself, or see TRANSCRIBER in docs/configuration.md.",
            )
        folder = self._settings.models_dir / name
        if not (folder / "model.bin").is_file():
            raise EngineUnavailable(
                f"There is no faster-whisper model in {folder}.",
                hint="Put one there (a folder with model.bin), or set TRANSCRIBER to where it is.",
            )
        return folder


def _load(folder: Path) -> Any:
    """Raises EngineUnavailable where faster-whisper is missing, or refuses the folder."""
    try:
        from faster_whisper import WhisperModel
    except ImportError as error:
        raise EngineUnavailable(
            f"The transcriber cannot be imported: {error}.",
            hint="Install it: `pip install faster-whisper`, in the worker's environment.",
        ) from error
    log.info("Loading the transcriber %s.", folder.name)
    try:
        return WhisperModel(
            str(folder),
            device="cpu",
            compute_type="int8",
            cpu_threads=_THREADS,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as error:
        raise EngineUnavailable(
            f"The transcriber in {folder} cannot be loaded: {error}.",
            hint="Convert or download the model again.",
        ) from error
