"""The engine that speaks with the qwen-tts package."""

from collections.abc import Callable, Mapping
from pathlib import Path

from shared.errors import CheckpointMissing
from shared.readings import CacheStats, ModelReport
from worker.engine import device as devices
from worker.engine import manifest, package
from worker.engine.faults import explained
from worker.engine.footprint import measured
from worker.engine.precision import Setting, choose, policy
from worker.engine.protocol import EngineDescription
from worker.engine.stock import loading
from worker.engine.stock.model import StockModel

GRAPHS = "eager: the package launches every kernel by itself"


class StockEngine:
    """Loads checkpoints of Qwen3-TTS from local folders; the oracle that others are held to."""

    needs_checkpoint = True

    def __init__(
        self, device: str = "auto", precision: Setting = "auto", attempts: int = 3
    ) -> None:
        """Raises EngineUnavailable when `device` is not there."""
        self._device = devices.resolve(device)
        self._card = devices.card(self._device)
        self._precision: Setting = precision
        self._attempts = attempts

    def describe(self) -> EngineDescription:
        return EngineDescription(
            name="stock",
            version=package.versions(),
            device=self._card.name if self._card else "cpu",
            precision=policy(self._precision, self._card),
            preview=False,
        )

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> StockModel:
        """Load a checkpoint; nothing is ever fetched.

        Raises CheckpointMissing, CheckpointDamaged or CheckpointUnfit, each naming the file.
        """
        if folder is None:
            raise CheckpointMissing("The stock engine needs a checkpoint, and none was chosen.")
        found = manifest.read(checkpoint, folder)
        precision = choose(self._precision, self._card, found.label)
        with explained(self._device), measured(self._device) as cost:
            tts = loading.load(found, self._device, precision, self._card, progress)
        report = ModelReport(cost.seconds, cost.peak_bytes, 1, precision.name, graphs=GRAPHS)
        return StockModel(found, tts, self._device, self._attempts, report)

    def caches(self) -> Mapping[str, CacheStats]:
        """The package remembers nothing."""
        return {}

    def clear_caches(self) -> None:
        """There is nothing to forget."""
