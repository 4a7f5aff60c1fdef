"""What a performer is: a generator of sound, taking a request and a studio."""

import importlib
import pkgutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from shared.audio import pcm
from shared.requests.declared import Declared
from worker.engine.cache import Cache
from worker.engine.protocol import CheckpointKind, Model, Samples
from worker.pulse import LOADING, Pulse

# --- what performers yield -------------------------------------------------------------------


@dataclass(frozen=True)
class Audio:
    """A piece of sound, mono, at `pcm.SAMPLE_RATE`."""

    samples: Samples

    @classmethod
    def silence(cls, seconds: float) -> "Audio":
        return cls(pcm.silence(seconds))


@dataclass(frozen=True)
class Line:
    """From here on, this piece of the text is heard."""

    text: str


@dataclass(frozen=True)
class Ended:
    """How an utterance ended (`stop`, `length`, …)."""

    reason: str


@dataclass(frozen=True)
class Remark:
    """A warning for the listener: one sentence."""

    text: str


@dataclass(frozen=True)
class Artifact:
    """A further file of the result; the runner puts it into the run folder."""

    role: str
    path: Path


Piece = Audio | Line | Ended | Remark | Artifact


# --- what performers may use -----------------------------------------------------------------


@dataclass
class Studio:
    """One job's way to the engine; nothing in it imports torch."""

    cache: Cache
    pulse: Pulse
    seed: int
    owner: str
    _progress: Callable[[float], None]
    live: bool = True
    """Whether somebody is likely to be listening: nothing may slow the first sentence down."""
    used: Model | None = None
    """The model that the performer asked for last."""
    loading_seconds: float = 0.0
    """Time spent on getting models, which is not time spent on speaking."""

    def model(self, kind: CheckpointKind) -> Model:
        """The checkpoint for a kind of task, loaded if need be."""
        begun = time.monotonic()
        with self.pulse.patient(LOADING):
            self.used = self.cache.get(kind)
        self.loading_seconds += time.monotonic() - begun
        return self.used

    def progress(self, fraction: float) -> None:
        """How much of the work is done, 0 to 1."""
        self._progress(min(1.0, max(0.0, fraction)))


Performer = Callable[[Any, Studio], Iterator[Piece]]
PERFORMERS: dict[str, Performer] = {}


def performs(contract: type[Declared]) -> Callable[[Performer], Performer]:
    """Mark a generator as the performer of a contract."""

    def register(performer: Performer) -> Performer:
        if contract.name in PERFORMERS:
            raise ValueError(f"{contract.name} has two performers.")
        PERFORMERS[contract.name] = performer
        return performer

    return register


def discover(*packages: ModuleType) -> None:
    """Import every module of the packages, so that their performers are known."""
    for package in packages:
        for module in pkgutil.iter_modules(package.__path__):
            importlib.import_module(f"{package.__name__}.{module.name}")
