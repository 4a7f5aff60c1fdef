"""From takes to files: one assembler for each pipeline, and what they have in common."""

import importlib
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import shared.assembly
from shared.audio import flac, seams
from shared.audio.pcm import Samples
from shared.errors import RecordDamaged
from shared.plans.plan import Plan
from shared.requests.pipeline import Pipeline
from shared.stores import disk


@dataclass(frozen=True)
class Sound:
    """A take that is to be heard."""

    path: Path
    """FLAC, mono, at `pcm.SAMPLE_RATE`, as the engine made it."""
    text: str
    """As it is written: subtitles show it."""
    speed: float = 1.0
    """How fast it is to be heard, as a share of its pace."""
    seed: int = 0
    """That it was drawn with."""
    faults: tuple[str, ...] = ()
    """What is wrong with it, one sentence each."""

    def heard(self) -> Samples:
        """Trimmed, at its speed, faded: as it stands beside others. Raises RecordDamaged."""
        return seams.dress(self.taken(), self.speed)

    def taken(self) -> Samples:
        """As the engine made it. Raises RecordDamaged and StoreUnavailable."""
        missing = RecordDamaged(f"A take is missing: {self.path.name}.")
        with disk.explained(self.path.parent, missing):
            return flac.loads(self.path.read_bytes())


@dataclass(frozen=True)
class Materials:
    """Everything that an assembly needs; what is not in it, it may not depend on."""

    request: Pipeline
    plan: Plan
    sounds: Mapping[int, Sound]
    """By line number; a line that failed has none."""
    folder: Path
    """Where the files are written, by names that `outputs.is_name` allows."""
    run: str
    """Id of the output."""
    cover: bytes | None = None
    """A picture, JPEG or PNG."""
    engine: str = ""
    """What spoke, in words, for manifests: engine and checkpoint."""
    watch: Callable[[], None] = lambda: None
    """Called often: it raises when the work is to stop."""
    tell: Callable[[float], None] = lambda _: None
    """How much is done, 0 to 1."""


@dataclass(frozen=True)
class Placed:
    """Where a line is heard in the main recording; seconds."""

    number: int
    start: float
    end: float


@dataclass(frozen=True)
class Assembled:
    """What was made."""

    audio: str
    """Name of the main recording, `audio.<extension>`."""
    sample_rate: int
    samples: int
    """Of the main recording, in each of its channels."""
    placed: list[Placed]
    files: list[Path]
    """All files that were written, the main recording among them."""
    warnings: list[str] = field(default_factory=list[str])


Assembler = Callable[[Materials], Assembled]
"""Equal materials make equal files. Raises StoreUnavailable, and what `watch` raises."""
ASSEMBLERS: dict[str, Assembler] = {}


def assembles(contract: type[Pipeline]) -> Callable[[Assembler], Assembler]:
    """Mark a function as the assembler of a contract."""

    def register(assembler: Assembler) -> Assembler:
        ASSEMBLERS[contract.name] = assembler
        return assembler

    return register


def assemble(materials: Materials) -> Assembled:
    """The finished recording of a pipeline."""
    for module in pkgutil.iter_modules(shared.assembly.__path__):
        importlib.import_module(f"{shared.assembly.__name__}.{module.name}")
    return ASSEMBLERS[materials.request.name](materials)
