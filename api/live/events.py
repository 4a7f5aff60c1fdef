"""What is heard of a session."""

from dataclasses import dataclass

from shared.errors import SpeechError
from shared.jobs import EngineInfo
from shared.stores.recipe import Segment


@dataclass(frozen=True)
class Began:
    """The first sound of an utterance (what was said between two commits) is about to come."""

    utterance: int
    """Counted from 1."""
    job: str
    """Id of its first job."""
    engine: EngineInfo


@dataclass(frozen=True)
class Sound:
    """A piece of sound, s16le at 24 kHz, mono."""

    utterance: int
    data: bytes


@dataclass(frozen=True)
class Said:
    """A sentence has been heard whole; its segments count seconds from the utterance's start."""

    utterance: int
    job: str
    text: str
    segments: list[Segment]
    characters: int
    """How much of what came it takes up, the blanks around it included."""


@dataclass(frozen=True)
class Warned:
    """Something the listener should know that stops nothing."""

    utterance: int
    message: str


@dataclass(frozen=True)
class Ended:
    """An utterance has been heard to its end, or was broken off."""

    utterance: int
    characters: int
    """Of the sentences that were heard whole, as `Said` counts them."""
    cancelled: bool = False
    error: SpeechError | None = None
    """Why it stopped; the session goes on with the next."""
    partial: bool = False
    """True where it stopped in the middle of its sound."""


@dataclass(frozen=True)
class Idled:
    """Nothing came for so many seconds; what had come was spoken, and nothing follows."""

    seconds: float


Told = Began | Sound | Said | Warned | Ended
"""What concerns an utterance."""
Event = Told | Idled


def placed(segment: Segment, start: float = 0.0, speed: float = 1.0) -> Segment:
    """A segment of sound that is played at a speed and begins at `start`, in seconds."""

    def at(time: float) -> float:
        return start + time / speed

    words = segment.words and [
        word.model_copy(update={"start": at(word.start), "end": at(word.end)})
        for word in segment.words
    ]
    return segment.model_copy(
        update={"start": at(segment.start), "end": at(segment.end), "words": words}
    )
