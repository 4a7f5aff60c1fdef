"""The aligner that the settings name: loaded when first needed, and gone when nobody needs it."""

from __future__ import annotations

import logging
import threading
import time
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.audio.pcm import Samples
from shared.errors import EngineUnavailable
from shared.settings import Settings
from worker.engine.protocol import WordTime

if TYPE_CHECKING:
    from worker.engine.aligner import ForcedAligner

_IDLE = 300.0
"""Seconds without a question after which the model's memory is given back."""
_CONFIG = "config.json"

log = logging.getLogger(__name__)


class LazyAligner:
    """Asked by the thread of the jobs, put to rest by others."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._model: ForcedAligner | None = None
        self._used = 0.0
        self._lock = threading.Lock()

    @property
    def ready(self) -> bool:
        """Whether there is one, as far as can be told without loading it."""
        folder = self._folder
        return folder is not None and (folder / _CONFIG).is_file() and bool(find_spec("qwen_asr"))

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        """When the words of `text` are heard in `samples` (mono, 24 kHz); `language` is canonical.

        Raises EngineUnavailable, CheckpointDamaged, EngineFailed and EnginePoisoned.
        """
        with self._lock:
            self._model = self._model or self._load()
            times = self._model.align(samples, text, language)
            self._used = time.monotonic()
            return times

    def rest(self) -> None:
        """To be called now and then: gives the memory of an idle model back."""
        if time.monotonic() - self._used > _IDLE:
            self.release()

    def make_room(self) -> None:
        """Leave the card, if it is on one, to what is to be loaded."""
        if self._model and self._model.device.type != "cpu":
            self.release()

    def release(self) -> None:
        """Give the memory back, unless it is asked at this moment."""
        if self._model is None or not self._lock.acquire(blocking=False):
            return
        try:
            if self._model:
                log.info("Unloading the aligner.")
                self._model.release()
            self._model = None
        finally:
            self._lock.release()

    @property
    def _folder(self) -> Path | None:
        name = self._settings.aligner
        return self._settings.models_dir / name if name else None

    def _load(self) -> ForcedAligner:
        """Raises EngineUnavailable where there is none, and what loading it raises."""
        folder = self._folder
        if folder is None:
            raise EngineUnavailable("No aligner is set up.", hint="See ALIGNER in docs/timings.md.")
        if not (folder / _CONFIG).is_file():
            raise EngineUnavailable(
                f"There is no aligner in {folder}.",
                hint="Download it there, or set ALIGNER to where it is; docs/timings.md says how.",
            )
        try:
            from worker.engine.aligner import ForcedAligner
        except ImportError as error:
            raise EngineUnavailable(
                f"The aligner cannot be imported: {error}.",
                hint="`ENGINE=qwen3 make run` installs torch, which it needs.",
            ) from error
        log.info("Loading the aligner %s.", folder.name)
        model = ForcedAligner(folder, self._settings.device, self._settings.vram_budget_gb)
        log.info("The aligner runs on %s.", model.device)
        return model
