"""The aligner that the settings name: loaded when first needed, and gone when nobody needs it."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from shared.audio.pcm import Samples
from shared.errors import EngineFailed, EnginePoisoned, EngineUnavailable, SpeechError
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
        return not self.trouble

    @property
    def trouble(self) -> str:
        """What is wrong with it, as far as can be told without loading it; empty if nothing is."""
        if not self._settings.aligner:
            return "No aligner is set up."
        if not (self._folder / _CONFIG).is_file():
            return f"There is no aligner in {self._folder}."
        if find_spec("qwen_asr") is None:
            return "The package qwen-asr, which the aligner needs, is not installed."
        return ""

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        """When the words of `text` are heard in `samples` (mono, 24 kHz); `language` is canonical.

        Raises EngineUnavailable, CheckpointDamaged, EngineFailed and EnginePoisoned.
        """
        with self._lock:
            try:
                return self._asked(samples, text, language)
            except EnginePoisoned:
                # The process ends, and touches the card no more.
                raise
            except EngineFailed:
                # Where memory was short, the next one may find its place elsewhere.
                self._drop()
                raise
            finally:
                self._used = time.monotonic()

    def rest(self) -> None:
        """To be called now and then: gives the memory of an idle model back."""
        if time.monotonic() - self._used > _IDLE:
            self.release()

    def make_room(self) -> None:
        """Leave the card, if it is on one, to what is to be loaded."""
        model = self._model
        if model and model.device.type != "cpu":
            self.release()

    def release(self) -> None:
        """Give the memory back, unless it is asked at this moment."""
        if self._model is None or not self._lock.acquire(blocking=False):
            return
        try:
            self._drop()
        finally:
            self._lock.release()

    def _asked(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        try:
            self._model = self._model or self._load()
            return self._model.align(samples, text, language)
        except SpeechError:
            raise
        except Exception as error:  # its package promises nothing of what it raises
            raise _failed(error) from error

    def _drop(self) -> None:
        if self._model:
            log.info("Unloading the aligner.")
            self._model.release()
        self._model = None

    @property
    def _folder(self) -> Path:
        return self._settings.models_dir / self._settings.aligner

    def _load(self) -> ForcedAligner:
        """Raises EngineUnavailable where there is none, and what loading it raises."""
        if trouble := self.trouble:
            raise EngineUnavailable(trouble, hint="See ALIGNER in docs/timings.md.")
        folder = self._folder
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


def _failed(error: Exception) -> EngineFailed:
    """What a fault of the package is for whoever asked; the log is told where, and not of what, as
    its words may be those of the text."""
    name = type(error).__name__
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("The aligner met a fault (%s):\n%s", name, where)
    return EngineFailed(f"The aligner met a fault ({name}); the worker's log says where.")
