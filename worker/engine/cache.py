"""Loaded checkpoints: loaded when first needed, the least recently used makes room."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.checkpoints import folder as checkpoints
from shared.errors import CheckpointMissing
from shared.readings import LoadedModel
from shared.settings import Settings
from worker.engine.protocol import CacheStats, CheckpointKind, Engine, Model

log = logging.getLogger(__name__)


@dataclass
class _Loaded:
    model: Model
    used: float


class Cache:
    """Holds at most `max_loaded_models` models; not to be used from two threads at once
    without holding `lock`."""

    def __init__(
        self, engine: Engine, settings: Settings, tell: Callable[[str, str], None]
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._tell = tell
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self.lock = threading.RLock()
        """Held by a running job, and by whoever loads or unloads between two jobs."""

    def get(self, kind: CheckpointKind) -> Model:
        """The model for a kind of task. Raises CheckpointMissing, CheckpointDamaged."""
        if not self._engine.needs_checkpoint:
            return self.load("preview", None)
        entry = checkpoints.pick(self._settings.models_dir, kind, self._settings.model_size)
        if entry is None:
            raise CheckpointMissing(
                f"No checkpoint for {kind} lies in {self._settings.models_dir}."
            )
        return self.load(entry.id, entry.folder)

    def load(self, checkpoint: str, folder: Path | None) -> Model:
        """The model of a checkpoint, loaded if it is not yet."""
        with self.lock:
            if checkpoint not in self._loaded:
                self._make_room()
                model = self._engine.load(
                    checkpoint, folder, lambda stage: self._tell(checkpoint, stage)
                )
                self._loaded[checkpoint] = _Loaded(model, time.monotonic())
            self._loaded.move_to_end(checkpoint)
            self._loaded[checkpoint].used = time.monotonic()
            return self._loaded[checkpoint].model

    def unload(self, checkpoint: str) -> bool:
        """Give a model's memory back; False if it was not loaded."""
        with self.lock:
            loaded = self._loaded.pop(checkpoint, None)
            if loaded is None:
                return False
            log.info("Unloading %s.", checkpoint)
            loaded.model.unload()
            return True

    def unload_all(self) -> None:
        """Give the memory of all models back."""
        with self.lock:
            for checkpoint in list(self._loaded):
                self.unload(checkpoint)

    def clear_caches(self) -> None:
        """Empty what engine and models remember; the models stay."""
        with self.lock:
            for holder in self._remembering():
                holder.clear_caches()

    @contextmanager
    def busy(self) -> Generator[None]:
        """While a job runs: nothing is loaded or unloaded but by it, and idling begins after it."""
        with self.lock:
            try:
                yield
            finally:
                for loaded in self._loaded.values():
                    loaded.used = max(loaded.used, time.monotonic())

    def unload_idle(self) -> None:
        """Unload what nobody has used for `idle_unload_seconds`, unless a job runs."""
        idle = self._settings.idle_unload_seconds
        if not idle or not self.lock.acquire(blocking=False):
            return
        try:
            for checkpoint, loaded in list(self._loaded.items()):
                if time.monotonic() - loaded.used > idle:
                    self.unload(checkpoint)
        finally:
            self.lock.release()

    def describe(self) -> dict[str, LoadedModel]:
        """Loaded checkpoints, without waiting for the running job."""
        return {
            name: LoadedModel(loaded.model.nbytes, loaded.model.report)
            for name, loaded in list(self._loaded.items())
        }

    def stats(self) -> dict[str, CacheStats]:
        """What engine and models remember, by name, without waiting for the running job."""
        found: dict[str, CacheStats] = {}
        for holder in self._remembering():
            for name, stats in holder.caches().items():
                found[name] = found[name] + stats if name in found else stats
        return found

    def _remembering(self) -> list[Engine | Model]:
        return [self._engine, *(loaded.model for loaded in list(self._loaded.values()))]

    def _make_room(self) -> None:
        while len(self._loaded) >= self._settings.max_loaded_models:
            self.unload(next(iter(self._loaded)))
