"""What an engine is: something that loads checkpoints and turns utterances into frames of audio.

Nothing here imports torch, so performers and tests may import it freely.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.readings import CacheStats, ModelReport
from shared.requests.sampling import Sampling
from worker.engine.reference import Reference

FRAME_RATE = 12.5
"""Codec frames per second of the 12 Hz checkpoints."""
FRAME_SAMPLES = round(SAMPLE_RATE / FRAME_RATE)
"""Samples that one codec frame stands for: 1,920."""
CODEBOOKS = 16
"""Codes per frame."""
CODES = 2048
"""Codes that a codebook has."""
Codes = NDArray[np.uint16]
"""Sound as the codec writes it, [frames, CODEBOOKS]."""

CheckpointKind = Literal["custom_voice", "voice_design", "base"]
FinishReason = Literal["stop", "length", "loop", "silence", "cancelled"]
Watch = Callable[[], None]
"""Called by an engine wherever it can stop, at least once a frame: it raises when the job was
cancelled, passed its deadline or lost its lease, and tells the watchdog that work goes on."""


@dataclass(frozen=True)
class Utterance:
    """One piece of text spoken in one go: one row of a batch."""

    text: str
    language: str
    """Canonical (`shared.languages`), or `auto`."""
    seed: int
    speaker: str | None = None
    """A preset speaker (CustomVoice)."""
    description: str | None = None
    """A voice in words (VoiceDesign)."""
    prompt: Any = None
    """A voice prompt made by `Model.prompt` (Base)."""
    instruct: str | None = None
    sampling: Sampling = field(default_factory=Sampling)
    streaming_text: bool = False
    """Feed the text beside the frames, a word at a time: sound begins a little sooner, and clones
    hurry (QwenLM/Qwen3-TTS#239)."""
    live: bool = True
    """Somebody may be listening: no more is spoken beside it than leaves it in real time."""
    max_seconds: float = 30.0
    """Bound set by the text; speech that is longer is a runaway."""
    owner: str = ""
    """The job that the row belongs to."""


@dataclass(frozen=True)
class Frames:
    """Audio of one row as it is ready; the last of a row carries how it ended."""

    row: int
    audio: Samples
    finish_reason: FinishReason | None = None
    notes: tuple[str, ...] = ()
    """Remarks for the listener, one sentence each (an instruct that was ignored, a retry)."""


@dataclass(frozen=True)
class EngineDescription:
    """What spoke: enough to tell whether a second attempt can make the same audio."""

    name: str
    version: str
    device: str
    precision: str
    preview: bool
    """True when the speech does not come from Qwen3-TTS."""

    @property
    def fingerprint(self) -> str:
        """Equal fingerprints make equal audio from equal requests and seeds."""
        return f"{self.name}/{self.version}/{self.device}/{self.precision}"


class Model(Protocol):
    """One loaded checkpoint."""

    checkpoint: str
    """Its id, or the engine's name where there are no checkpoints."""
    revision: str
    nbytes: int
    """Memory held by weights."""
    speakers: tuple[str, ...]

    @property
    def report(self) -> ModelReport:
        """What loading took, and how it runs at present; from any thread, at any time."""
        ...

    """What loading it took, and how it runs."""

    def generate(self, utterances: Sequence[Utterance], watch: Watch) -> Iterator[Frames]:
        """Speak a batch; frames of different rows may interleave, those of one row are in order.

        Equal utterances in equal batches give equal samples. Raises JobFailed subclasses.
        """
        ...

    def caches(self) -> Mapping[str, CacheStats]:
        """Its own by name: `prompts`, `instructs`, `codes`. Asked from any thread, at any time."""
        ...

    def clear_caches(self) -> None:
        """Empty them; not called while it speaks."""
        ...

    def prompt(self, reference: Reference) -> Any:
        """The voice of a reference, for `Utterance.prompt` with this very checkpoint (Base).

        Raises CheckpointUnfit, or EngineUnavailable where the engine cannot clone.
        """
        ...

    def encode(self, samples: Samples) -> Codes:
        """Sound in the codec's codes, the last frame filled up with silence."""
        ...

    def decode(self, codes: Codes, watch: Watch) -> Iterator[Samples]:
        """The sound of codes, FRAME_SAMPLES of it a frame. Raises InvalidRequest."""
        ...

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        ...


class Engine(Protocol):
    """A way to run checkpoints."""

    needs_checkpoint: bool

    def describe(self) -> EngineDescription: ...

    def load(self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]) -> Model:
        """Load the checkpoint `checkpoint` from `folder` (None where there are no checkpoints).

        Raises CheckpointMissing, CheckpointDamaged or EngineUnavailable.
        """
        ...

    def caches(self) -> Mapping[str, CacheStats]:
        """The caches that outlive a model, as `Model.caches`; equal names are added up."""
        ...

    def clear_caches(self) -> None:
        """Empty those; not called while a model speaks."""
        ...
