"""What a performer is: a generator of sound, taking a request and a studio."""

import importlib
import pkgutil
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, Literal

from shared.audio import pcm
from shared.audio.pcm import Samples
from shared.jobs import EngineInfo
from shared.requests.declared import CheckpointKind, Declared, Size
from shared.settings import Settings
from shared.states import JobState
from shared.stores import disk
from shared.stores.outputs import Growing, OutputStore
from shared.stores.recipe import Candidate, LineCount, Segment, VoiceFact
from shared.stores.uploads import UploadStore
from shared.voices.library import Library
from worker.engine.cache import Cache
from worker.engine.protocol import Aligner, Model, WordTime
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
class Kept:
    """Sound that was made before, and that an earlier attempt may have streamed already."""

    samples: int
    load: Callable[[], Samples]
    """That many samples; called only where they were not streamed yet."""


@dataclass(frozen=True)
class Line:
    """From here on, this piece of the text is heard."""

    text: str
    said: str = ""
    """As it is spoken; empty where its words are not to be timed."""
    language: str = ""
    """Canonical; of what is spoken."""


@dataclass(frozen=True)
class Ended:
    """How an utterance ended (`stop`, `length`, …)."""

    reason: str
    tokens: int = 0
    """Of its text and directions; 0 where nothing is cut into tokens."""
    frames: int = 0
    """Of the codec that it took, 12.5 a second."""


@dataclass(frozen=True)
class Worded:
    """When the words of the last line are heard, from its beginning on, by an engine that knows."""

    words: tuple[WordTime, ...]


@dataclass(frozen=True)
class Remark:
    """A warning for the listener: one sentence."""

    text: str


@dataclass(frozen=True)
class Artifact:
    """A further file of the result; the runner puts it into the run folder."""

    role: str
    path: Path


@dataclass(frozen=True)
class Voiced:
    """Who speaks from here on: a cloned voice."""

    fact: VoiceFact


@dataclass(frozen=True)
class Likeness:
    """How alike the voice of the last utterance is to its reference, up to 1."""

    similarity: float


@dataclass(frozen=True)
class Taken:
    """A take of a designed voice is finished, and lies in a file of the result."""

    candidate: Candidate
    path: Path


@dataclass(frozen=True)
class Locked:
    """A candidate has become a voice of the library, under this id."""

    voice_id: str


@dataclass(frozen=True)
class Stage:
    """What the job is at, in the words of `Progress.stage`; told at once, with its progress."""

    name: Literal["speaking", "finishing"]


@dataclass(frozen=True)
class Mastered:
    """The finished recording of a pipeline, which is another than what was streamed."""

    audio: str
    """Name of its file, which is an artifact."""
    sample_rate: int
    samples: int
    """In each channel."""
    segments: list[Segment]
    lines: LineCount


Piece = (
    Audio
    | Kept
    | Line
    | Ended
    | Worded
    | Remark
    | Artifact
    | Voiced
    | Likeness
    | Taken
    | Locked
    | Stage
    | Mastered
)


class SteppedAside(Exception):
    """A pipeline stops between two lines, and goes on later: to wait (QUEUED) or rest (PAUSED)."""

    def __init__(self, state: JobState) -> None:
        super().__init__(state.value)
        self.state = state


def _nobody() -> bool:
    return False


def _uncounted(_done: int, _total: int) -> None:
    pass


def _go_on() -> JobState:
    return JobState.RUNNING


# --- what performers may use -----------------------------------------------------------------


@dataclass
class Studio:
    """One job's way to the engine, to the voices and to its files; nothing in it imports torch."""

    cache: Cache
    settings: Settings
    library: Library
    uploads: UploadStore
    growing: Growing
    pulse: Pulse
    seed: int
    owner: str
    describe: Callable[[Model], EngineInfo]
    """What a result says of a model."""
    outputs: OutputStore
    aligner: Aligner
    _progress: Callable[[float], None]
    count: Callable[[int, int], None] = _uncounted
    """Says of a pipeline how many of its lines are settled, and how many it has."""
    live: bool = True
    """Whether somebody is likely to be listening: nothing may slow the first sentence down."""
    engine: str = ""
    """Fingerprint of the engine, whatever checkpoint it runs."""
    listened: Callable[[], bool] = _nobody
    """Whether somebody listens at this moment."""
    between: Callable[[], JobState] = _go_on
    """What becomes of the job between two lines: it goes on (RUNNING), waits or rests."""
    used: Model | None = None
    """The model that the performer asked for last."""
    earlier: list[EngineInfo] = field(default_factory=list[EngineInfo])
    """What was said of those before it, which may be unloaded by now."""
    loading_seconds: float = 0.0
    """Time spent on getting models and on timing words, which is not time spent on speaking."""
    typical: bool = True
    """Whether the time that it takes tells how fast the engine speaks; a performer that makes what
    is not heard, or makes it more than once, says no."""

    def model(self, kind: CheckpointKind, size: Size | None = None) -> Model:
        """The checkpoint for a kind of task, loaded if need be; one asked for before may have to
        make room for it, and is not used any more."""
        return self._get(lambda: self.cache.get(kind, size))

    def require(self, kind: CheckpointKind, size: Size | None = None) -> None:
        """Raises what `model` would for a checkpoint that is not here; nothing is loaded."""
        self.cache.require(kind, size)

    def identity(self, kind: CheckpointKind, size: Size | None = None) -> str:
        """Which checkpoint `model` would give, as `id@revision`. Raises CheckpointMissing."""
        return self.cache.identity(kind, size)

    def codec_model(self) -> Model:
        """A model for its codec alone: one that is loaded, else any at hand."""
        return self._get(self.cache.any)

    def keep(self, name: str, data: bytes) -> Path:
        """Write a file that can be yielded, whole or not at all.

        Raises Superseded or StoreUnavailable.
        """
        path = self.growing.stage() / name
        with self.growing.writing():
            disk.write(path, data)
        return path

    def engines(self) -> list[EngineInfo]:
        """All that took part, in order."""
        if not self.used:
            return self.earlier
        last = self.describe(self.used)
        return [*(engine for engine in self.earlier if engine != last), last]

    def progress(self, fraction: float) -> None:
        """How much of the work is done, 0 to 1."""
        self._progress(min(1.0, max(0.0, fraction)))

    def _get(self, get: Callable[[], Model]) -> Model:
        before = self.describe(self.used) if self.used else None
        # Nothing here may hold on to a model that makes room.
        self.used = None
        begun = time.monotonic()
        with self.pulse.patient(LOADING):
            self.used = get()
        self.loading_seconds += time.monotonic() - begun
        changed = before and before.checkpoint != self.used.checkpoint
        if before and changed and before not in self.earlier:
            self.earlier.append(before)
        return self.used


Performer = Callable[[Any, Studio], Generator[Piece]]
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
