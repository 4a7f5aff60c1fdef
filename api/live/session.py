"""One conversation: text goes in as it comes, sound comes out in its order.

Sentences are cut from the text as they end, and each becomes a job of its own, the next submitted
while one is heard: the GPU is never held by somebody who is still thinking, and between two
sentences of one client others are served.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any

from api.admission import Sender
from api.deps import Context
from shared.errors import SpeechError
from shared.jobs import EngineInfo
from shared.stores.recipe import Segment


@dataclass(frozen=True)
class Manner:
    """How a session speaks: a task and its request without the text."""

    task: str
    fields: dict[str, Any]


@dataclass(frozen=True)
class Began:
    """The first sound of an utterance (what was said between two commits) is about to come."""

    utterance: int
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


@dataclass(frozen=True)
class Ended:
    """An utterance has been heard to its end, or was broken off."""

    utterance: int
    characters: int
    cancelled: bool = False
    error: SpeechError | None = None
    """Why it stopped; the session goes on with the next."""


Event = Began | Sound | Said | Ended


class Session:
    """One client's text and sound; `close` it, whatever happens."""

    def __init__(self, here: Context, sender: Sender, manner: Manner) -> None:
        raise NotImplementedError

    def change(self, manner: Manner) -> None:
        """Speak so from the next sentence on. Raises InvalidRequest for what cannot be asked."""
        raise NotImplementedError

    async def append(self, text: str) -> None:
        """More text; waits while too much of it is unspoken, so that a client that is too fast is
        not read any further."""
        raise NotImplementedError

    async def flush(self) -> None:
        """What has no end yet is spoken now; the utterance goes on."""
        raise NotImplementedError

    async def commit(self) -> int:
        """What has no end yet is spoken now, and the utterance ends with it: its number."""
        raise NotImplementedError

    async def clear(self) -> None:
        """Forget the text of which nothing has been submitted."""
        raise NotImplementedError

    async def cancel(self) -> None:
        """Stop what is spoken, and forget what waits; `Ended(cancelled=True)` follows."""
        raise NotImplementedError

    async def finish(self) -> None:
        """No more text comes: `commit`, and `events` ends after it."""
        raise NotImplementedError

    def events(self) -> AsyncGenerator[Event]:
        """Everything to be heard, in order; the reader's pace bounds what is kept."""
        raise NotImplementedError

    async def close(self) -> None:
        """Let go: whatever has not been heard is cancelled."""
        raise NotImplementedError
