"""`metadata.json`: what was made and from what, enough to make the same audio again."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.jobs import EngineInfo
from shared.stores.voice_record import VoiceKind
from shared.version import __version__


class FileFact(BaseModel):
    """A file of the run."""

    bytes: int
    sha256: str
    media_type: str


class Segment(BaseModel):
    """A piece of the text and where it is heard."""

    start: float
    """Seconds."""
    end: float
    text: str
    similarity: float | None = None
    """How alike its voice is to the reference, up to 1; None where that was not measured."""


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
    samples: int
    duration_seconds: float
    audio: str = ""
    """Name of the file in the format asked for."""
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
    warnings: list[str]
    timings: Timings
    take: int = 0
    """Which beginning of the audio this is; a listener's cursor of another one does not count."""
    again_of: str = ""
    """The job whose recipe this one repeats."""

    def result(self) -> dict[str, Any]:
        """The `result` of the job: what a client wants to know, without the request."""
        return self.model_dump(
            mode="json",
            include={
                "duration_seconds",
                "sample_rate",
                "samples",
                "audio",
                "files",
                "segments",
                "voice",
                "candidates",
                "similarity",
                "locked_as",
                "engines",
                "finish_reasons",
                "timings",
                "again_of",
            },
        )
