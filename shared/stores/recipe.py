"""`metadata.json`: what was made and from what, enough to make the same audio again."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.audio.pcm import SAMPLE_RATE
from shared.jobs import EngineInfo
from shared.plans.table import is_sound
from shared.stores.voice_record import VoiceKind
from shared.version import __version__


class FileFact(BaseModel):
    """A file of the run."""

    bytes: int
    sha256: str
    media_type: str


class Word(BaseModel):
    """A word and when it is heard."""

    start: float
    """Seconds."""
    end: float
    text: str
    """As it is written, with the signs that touch it; several words where they are read as one."""


class Segment(BaseModel):
    """A piece of the text and where it is heard."""

    start: float
    """Seconds."""
    end: float
    text: str
    similarity: float | None = None
    """How alike its voice is to the reference, up to 1; None where that was not measured."""
    line: int | None = None
    """Number of the line in its plan, of a pipeline."""
    speaker: str = ""
    """The character who says it; empty for a narrator, and in tasks."""
    words: list[Word] | None = None
    """In order; None where nobody asked for them, or nothing could tell."""


class LineCount(BaseModel):
    """What became of the lines of a plan; `lines.json` tells it of each."""

    planned: int
    spoken: int
    failed: int
    skipped: int
    """Parts of the document that are no lines."""
    retaken: int
    """Spoken more than once, as the first take did not pass."""
    taken_over: int
    """Taken from an earlier job or output."""


class TokenCount(BaseModel):
    """What the model read and spoke; pauses are in neither."""

    text: int = 0
    """Tokens of texts and directions; 0 of an engine that has no tokenizer."""
    audio: int = 0
    """Frames of the codec, 12.5 a second."""


class CacheUse(BaseModel):
    """How often a cache was asked, and what came of it."""

    hits: int
    misses: int


class VoiceFact(BaseModel):
    """The cloned voice that spoke."""

    id: str = ""
    """In the library; empty for one that came with the request."""
    name: str = ""
    kind: VoiceKind | Literal["reference", "codes", "candidate"]
    mode: Literal["in_context", "speaker_only"]
    digest: str
    """Of its prompt: equal digests are equal voices."""
    emotion: str = ""
    """The mood of the recording that was taken."""


class Candidate(BaseModel):
    """A take of a designed voice."""

    number: int
    seed: int
    """`voice_design` with this seed and one candidate makes it again, but for the last digits,
    which a batch decides."""
    file: str
    duration_seconds: float
    text: str
    """What it says."""
    language: str
    description: str


class Timings(BaseModel):
    """How long it took; seconds."""

    queued: float
    """From submission to the beginning of the last attempt."""
    first_audio: float
    """From the beginning of the last attempt to its first samples."""
    generation: float
    """From the beginning of the last attempt to its last samples."""
    real_time_factor: float
    """Generation time per second of audio; under 1 is faster than real time."""


class Recipe(BaseModel):
    """A finished run; `version` grows when the meaning of a field changes."""

    model_config = ConfigDict(extra="ignore")

    version: Literal[1] = 1
    id: str
    task: str
    created_at: float
    """Unix seconds, as all times here."""
    started_at: float
    finished_at: float
    attempts: int
    request: dict[str, Any]
    seed: int
    engine: EngineInfo
    service: str = __version__
    """Version of this service."""
    sample_rate: int
    """Of the finished recording."""
    samples: int
    """That were streamed: listeners count by them."""
    duration_seconds: float
    """Of the finished recording."""
    audio: str = ""
    """Name of the file in the format asked for."""
    audio_samples: int = 0
    """Of the finished recording of a pipeline, in each channel; of a task, what was streamed is
    the recording."""
    stream: str = ""
    """Name of the file that was streamed, of a pipeline, whose recording is mastered at the end;
    empty for a task."""
    lines: LineCount | None = None
    """Of a pipeline."""
    files: dict[str, FileFact] = {}
    segments: list[Segment]
    voice: VoiceFact | None = None
    candidates: list[Candidate] = []
    similarity: float | None = None
    """Of the whole to the reference: the mean over the segments, by their lengths."""
    locked_as: str = ""
    """Id of the voice that this job put into the library."""
    engines: list[EngineInfo] = []
    """Every checkpoint that took part, in order; `engine` is the last."""
    finish_reasons: dict[str, int]
    """How the utterances ended, counted."""
    tokens: TokenCount = TokenCount()
    caches: dict[str, CacheUse] | None = None
    """Of the last attempt, by name, those that were asked: `codes` that need no generation,
    `prompts` of voices that need no preparation. None: nobody noted it."""
    warnings: list[str]
    timings: Timings
    take: int = 0
    """Which beginning of the audio this is; a listener's cursor of another one does not count."""
    again_of: str = ""
    """The job whose recipe this one repeats."""

    @property
    def stream_rate(self) -> int:
        """Hz of what was streamed."""
        return SAMPLE_RATE if self.stream else self.sample_rate

    def result(self) -> dict[str, Any]:
        """The `result` of the job: what a client wants to know, without the request.

        The files of the lines are left out, as there may be thousands.
        """
        told = {name: it for name, it in self.files.items() if not is_sound(name)}
        return self.model_copy(update={"files": told}).model_dump(
            mode="json",
            include={
                "duration_seconds",
                "sample_rate",
                "samples",
                "audio",
                "audio_samples",
                "stream",
                "lines",
                "files",
                "segments",
                "voice",
                "candidates",
                "similarity",
                "locked_as",
                "engines",
                "finish_reasons",
                "tokens",
                "caches",
                "timings",
                "again_of",
            },
        )
