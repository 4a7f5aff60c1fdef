"""What an engine is: something that loads checkpoints and turns utterances into frames of audio.

Nothing here imports torch, so performers and tests may import it freely.
"""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from shared.audio.codes import Codes
from shared.audio.pcm import Samples
from shared.readings import CacheStats, ModelReport
from shared.requests.declared import CheckpointKind
from shared.requests.sampling import Sampling
from worker.engine.reference import Reference

PromptMode = Literal["in_context", "speaker_only"]
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
    prompt: "Prompt | None" = None
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
class WordTime:
    """A word of an utterance, and when it is heard."""

    first: int
    """Its first character in the text of the utterance."""
    after: int
    """The one after its last."""
    start: float
    """Seconds from the beginning of the row."""
    end: float


@dataclass(frozen=True)
class Frames:
    """Audio of one row as it is ready; the last of a row carries how it ended."""

    row: int
    audio: Samples
    finish_reason: FinishReason | None = None
    notes: tuple[str, ...] = ()
    """Remarks for the listener, one sentence each (an instruct that was ignored, a retry)."""
    tokens: int = 0
    """Of text and directions, as the checkpoint's tokenizer cuts them; told with the last frames of
    a row. 0 where nothing is cut into tokens."""
    words: tuple[WordTime, ...] = ()
    """When its words are heard, told with the last frames of a row by an engine that knows."""


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


class Prompt(Protocol):
    """A voice as one checkpoint knows it."""

    @property
    def mode(self) -> PromptMode: ...

    @property
    def digest(self) -> str:
        """Equal for prompts that make equal speech."""
        ...

    def alone(self) -> "Prompt":
        """The sound of the voice without what it has said: `speaker_only`."""
        ...

    @property
    def source(self) -> str:
        """What `dumps` was told that it was made from; empty before."""
        ...

    def dumps(self, source: str = "") -> bytes:
        """As the file that `Model.open_prompt` reads; empty where the engine keeps none."""
        ...


class Model(Protocol):
    """One loaded checkpoint."""

    kind: CheckpointKind | None
    """None where one model speaks everything."""
    codec: str
    """The codec whose codes it writes and reads, by name."""

    checkpoint: str
    """Its id, or the engine's name where there are no checkpoints."""
    revision: str
    speakers: tuple[str, ...]

    @property
    def nbytes(self) -> int:
        """Memory held by weights at present."""
        ...

    @property
    def reserved(self) -> int:
        """Memory that weights may come to hold: parts that are read on demand count too."""
        ...

    @property
    def report(self) -> ModelReport:
        """What loading took, and how it runs at present; from any thread, at any time."""
        ...

    def generate(self, utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
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

    def prompt(self, reference: Reference) -> Prompt:
        """The voice of a reference, for `Utterance.prompt` with this very checkpoint (Base).

        Raises CheckpointUnfit, NothingToSay for a transcript without words, and InvalidRequest.
        """
        ...

    def open_prompt(self, data: bytes, name: str) -> Prompt:
        """A prompt from its file, which errors call `name`.

        Raises RecordDamaged, and CheckpointUnfit for what another checkpoint has made.
        """
        ...

    def mix(self, prompts: Sequence[Prompt], weights: Sequence[float]) -> Prompt:
        """A voice between several, `speaker_only`. Raises CheckpointUnfit and InvalidRequest."""
        ...

    def likeness(self, prompt: Prompt, samples: Samples) -> float | None:
        """How alike the voice in `samples` is to that of `prompt`: the cosine of their speaker
        embeddings. None for less sound than a voice can be told by, or where nothing can hear.

        It may be asked between two frames of `generate`. Raises CheckpointUnfit for a prompt that
        another checkpoint has made.
        """
        ...

    def encode(self, samples: Samples, watch: Watch) -> Codes:
        """Sound in the codec's codes, the last frame filled up with silence.

        Raises UnreadableAudio.
        """
        ...

    def decode(self, codes: Codes, watch: Watch) -> Iterator[Samples]:
        """The sound of codes, FRAME_SAMPLES of it a frame. Raises InvalidRequest."""
        ...

    def unload(self) -> None:
        """Give the memory back; the object is not used afterwards."""
        ...


class Aligner(Protocol):
    """Hears when words are said."""

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        """When the words of `text` are heard in `samples` (mono, 24 kHz); `language` is canonical.

        Raises EngineUnavailable, CheckpointDamaged, EngineFailed and EnginePoisoned.
        """
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
