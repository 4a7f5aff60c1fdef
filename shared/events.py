"""What the processes tell each other about a job, and what listeners are told."""

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from shared.jobs import EngineInfo
from shared.states import JobState

# --- from the worker to the API, on the job's stream and channel, and on to listeners --------


class Header(BaseModel):
    """The audio is about to begin."""

    type: Literal["header"] = "header"
    id: str
    take: int
    """Which beginning of the audio this is; a cursor of another take does not count."""
    format: str = "pcm_s16le"
    """Format of the binary frames."""
    sample_rate: int
    channels: int = 1
    engine: EngineInfo
    mastered: bool
    """False when the finished file will differ from the stream (pipelines master at the end)."""


class State(BaseModel):
    """The job took a step."""

    type: Literal["state"] = "state"
    state: JobState
    reason: str = ""


class Restart(BaseModel):
    """What was heard so far no longer counts: forget it and begin anew at sample 0."""

    type: Literal["restart"] = "restart"
    take: int
    reason: str


class Notice(BaseModel):
    """Something a listener should know that does not stop the speech."""

    type: Literal["warning"] = "warning"
    message: str


# --- from the API to listeners only ----------------------------------------------------------


class Waiting(BaseModel):
    """How far the job is; also sent while it waits."""

    type: Literal["progress"] = "progress"
    id: str
    state: JobState
    progress: float
    stage: str
    position: int | None
    eta_seconds: float | None
    audio_seconds: float


class Fault(BaseModel):
    """Something went wrong; `end` follows if the job ended by it."""

    type: Literal["error"] = "error"
    error: dict[str, Any]


class End(BaseModel):
    """Nothing follows."""

    type: Literal["end"] = "end"
    id: str
    state: JobState
    samples: int
    """Length of the audio in samples; a listener that began at 0 has received exactly these."""
    result: dict[str, Any] | None
    warnings: list[str]


# --- entries ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a job's stream or channel: a piece of audio or an event."""

    kind: bytes
    """`a` for audio; all else is an event."""
    seq: int
    sample: int
    """Position in the audio: the first sample of a piece, or where an event happened."""
    take: int
    """The beginning of the audio that the position counts from."""
    data: bytes
    """s16le, or an event as JSON. An event only wakes: what is to be told stands in the record."""

    @property
    def audio(self) -> bytes | None:
        """s16le, None for an event."""
        return self.data if self.kind == b"a" else None

    @property
    def finish(self) -> int:
        """First sample after this entry."""
        return self.sample + len(self.audio or b"") // 2


def from_channel(message: bytes) -> Entry:
    """An entry as it is published: `a|e sequence sample take`, a line feed, the data.

    Raises ValueError.
    """
    head, _, data = message.partition(b"\n")
    # A later version may say more.
    kind, seq, sample, take, *_ = head.split(b" ")
    return Entry(kind, int(seq), int(sample), int(take), data)


def from_stream(entry_id: bytes, fields: dict[bytes, bytes]) -> Entry:
    """An entry as the stream keeps it, under the id `sample-sequence`."""
    sample, seq = entry_id.split(b"-")
    return Entry(fields[b"k"], int(seq), int(sample), int(fields[b"t"]), fields[b"d"])
