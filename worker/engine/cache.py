"""Loaded checkpoints: loaded when first needed, the least recently used makes room."""

import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from shared.checkpoints import catalogue
from shared.checkpoints import folder as checkpoints
from shared.checkpoints.folder import Entry
from shared.checkpoints.layout import identify
from shared.errors import CheckpointMissing, EngineFailed, EnginePoisoned, ModelTooLarge
from shared.readings import CacheStats, LoadedModel
from shared.requests.declared import CheckpointKind, Size
from shared.settings import Settings
from worker.engine.expectation import Expectation
from worker.engine.protocol import Engine, Model

PREVIEW = "preview"
"""What stands for a checkpoint where the engine has none."""

log = logging.getLogger(__name__)


def _nothing() -> None:
    pass


@dataclass
class _Loaded:
    model: Model
    used: float
    needs: set[str]
    """What it serves, in the words of `JobRecord.needs`."""


class Cache:
    """Holds at most `max_loaded_models` models, within `vram_budget_gb` of weights; not to be used
    from two threads at once without holding `lock`.

    On a CPU the budget counts in the same way, against main memory.
    """

    def __init__(
        self,
        engine: Engine,
        settings: Settings,
        tell: Callable[[str, str], None],
        make_room: Callable[[], None] = _nothing,
    ) -> None:
        """`make_room` is called before anything is loaded: what else lies on the card may go."""
        self._make_room = make_room
        self._engine = engine
        self._settings = settings
        self._tell = tell
        self._loaded: OrderedDict[str, _Loaded] = OrderedDict()
        self._took: dict[str, int] = {}
        """Bytes of each checkpoint that was loaded once; its formats do not change in a process."""
        self.lock = threading.RLock()
        """Held by a running job, and by whoever loads or unloads between two jobs."""

    def get(self, kind: CheckpointKind, size: Size | None = None) -> Model:
        """The model for a kind of task: of that very size, or of the preferred one if possible.

        Raises CheckpointMissing, CheckpointDamaged, ModelTooLarge.
        """
        if not self._engine.needs_checkpoint:
            return self.load(PREVIEW, None)
        entry = self._picked(kind, size)
        with self.lock:
            model = self.load(entry.id, entry.folder)
            # Others that want the same are served by it too, whatever size it says it is.
            wanted = size or self._settings.model_size
            self._loaded[entry.id].needs.add(catalogue.need(kind, wanted))
            return model

    def require(self, kind: CheckpointKind, size: Size | None = None) -> None:
        """Raises CheckpointMissing where `get` would; nothing is loaded."""
        if self._engine.needs_checkpoint:
            self._picked(kind, size)

    def identity(self, kind: CheckpointKind, size: Size | None = None) -> str:
        """Which checkpoint `get` would give, as `id@revision`; nothing is loaded.

        Raises CheckpointMissing.
        """
        if not self._engine.needs_checkpoint:
            return PREVIEW
        entry = self._picked(kind, size)
        return f"{entry.id}@{entry.revision}"

    def any(self) -> Model:
        """A model for what every checkpoint can do: one that is loaded, or the smallest at hand.

        Raises CheckpointMissing, CheckpointDamaged, ModelTooLarge.
        """
        with self.lock:
            if self._loaded:
                return self._use(next(reversed(self._loaded)))
            if not self._engine.needs_checkpoint:
                return self.load(PREVIEW, None)
            entry = min(
                checkpoints.usable(self._settings.models_dir),
                key=lambda it: self._expected(it.id, it.folder).likely,
                default=None,
            )
            if entry is None:
                raise CheckpointMissing(f"No checkpoint lies in {self._settings.models_dir}.")
            return self.load(entry.id, entry.folder)

    def needs(self) -> tuple[str, ...]:
        """What the loaded checkpoints serve, in the words of `JobRecord.needs`, without waiting for
        the running job; nothing where an engine has no checkpoints."""
        words = {word for loaded in list(self._loaded.values()) for word in list(loaded.needs)}
        return tuple(sorted(words))

    def load(self, checkpoint: str, folder: Path | None) -> Model:
        """The model of a checkpoint, loaded if it is not yet.

        Raises CheckpointMissing, CheckpointDamaged, and ModelTooLarge for one that takes more than
        the budget even alone.
        """
        with self.lock:
            if checkpoint not in self._loaded:
                self._bring_in(checkpoint, folder)
            return self._use(checkpoint)

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

    def lasting(self) -> dict[str, CacheStats]:
        """What the engine remembers whichever models come and go, by name; what is off is left out.

        Their counts only grow.
        """
        return {name: it for name, it in self._engine.caches().items() if it.max_nbytes}

    def _picked(self, kind: CheckpointKind, size: Size | None) -> Entry:
        wanted = size or self._settings.model_size
        models_dir = self._settings.models_dir
        entry = checkpoints.pick(models_dir, kind, wanted, exact=size is not None)
        if entry is None:
            raise _missing(models_dir, kind, wanted)
        return entry

    def _remembering(self) -> list[Engine | Model]:
        return [self._engine, *(loaded.model for loaded in list(self._loaded.values()))]

    def _use(self, checkpoint: str) -> Model:
        self._loaded.move_to_end(checkpoint)
        self._loaded[checkpoint].used = time.monotonic()
        return self._loaded[checkpoint].model

    # --- memory ------------------------------------------------------------------------------
    #
    # A model counts with all that its weights may come to hold, not with what they hold now: the
    # speaker encoder of a Base checkpoint comes with its first voice, and the codec's encoder with
    # the first codec task, on whichever checkpoint is loaded then. Nothing would make room for
    # them at that moment, as a job is under way with a model that must not go.

    def _bring_in(self, checkpoint: str, folder: Path | None) -> None:
        """Load a model, others having gone before it comes: two may be more than there is room."""
        expected = self._expected(checkpoint, folder)
        self._require_room(checkpoint, expected.least)
        self._make_room()
        while self._loaded and self._too_much(self._held() + expected.likely, one_more=True):
            self._drop_oldest()
        model = self._read(checkpoint, folder)
        self._took[checkpoint] = model.reserved
        while self._loaded and self._too_much(self._held() + model.reserved):
            self._drop_oldest()
        try:
            self._require_room(checkpoint, model.reserved)
        except ModelTooLarge:
            model.unload()
            raise
        self._loaded[checkpoint] = _Loaded(model, time.monotonic(), _served(folder))

    def _read(self, checkpoint: str, folder: Path | None) -> Model:
        """Load a model. Beside the weights it takes room to speak in, which nobody can tell
        beforehand: where that is short, others go."""
        while True:
            try:
                return self._engine.load(
                    checkpoint, folder, lambda stage: self._tell(checkpoint, stage)
                )
            except EngineFailed as error:
                if isinstance(error, EnginePoisoned) or not self._loaded:
                    raise
                log.info("%s does not fit beside what is loaded: %s", checkpoint, error.message)
            # Only here is the error gone, and with it what was half loaded.
            self._drop_oldest()

    def _expected(self, checkpoint: str, folder: Path | None) -> Expectation:
        if checkpoint in self._took:
            return Expectation.known(self._took[checkpoint])
        if folder is None:
            return Expectation.known(0)
        return Expectation.read(folder, self._engine.describe().precision)

    def _require_room(self, checkpoint: str, nbytes: int) -> None:
        """Raises ModelTooLarge for what does not fit even alone."""
        if self._too_much(nbytes):
            raise ModelTooLarge(
                f"Checkpoint {checkpoint!r} takes {nbytes / 1e9:.2f} GB, and "
                f"VRAM_BUDGET_GB={self._settings.vram_budget_gb:g} is all that models may take."
            )

    def _too_much(self, nbytes: int, *, one_more: bool = False) -> bool:
        full = one_more and len(self._loaded) >= self._settings.max_loaded_models
        budget = self._settings.vram_budget_gb * 1e9
        return full or bool(budget and nbytes > budget)

    def _held(self) -> int:
        return sum(loaded.model.reserved for loaded in self._loaded.values())

    def _drop_oldest(self) -> None:
        self.unload(next(iter(self._loaded)))


def _served(folder: Path | None) -> set[str]:
    identity = identify(folder) if folder else None
    return {catalogue.need(identity.kind, identity.size)} if identity else set()


def _missing(models_dir: Path, kind: CheckpointKind, size: Size) -> CheckpointMissing:
    released = catalogue.default_for(kind, size)
    return CheckpointMissing(
        f"No usable checkpoint of kind {kind} and size {released.size} lies in {models_dir}.",
        hint=f"`qtts models pull {released.id}` downloads it.",
    )
