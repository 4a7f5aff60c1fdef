"""What is heard of a job: waited for until there is sound, then piece by piece, then counted."""

import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from typing import Any, cast

from api.speaking import Heard
from shared import events
from shared.audio.codes import FRAME_SAMPLES
from shared.audio.pcm import SAMPLE_BYTES
from shared.jobs import EngineInfo


class Hearing:
    """One job on its way to one listener; closing it before the end cancels the job."""

    def __init__(self, messages: AsyncGenerator[Heard], most: int | None = None) -> None:
        """`messages` come from `api.speaking.hear`; after `most` samples the sound ends."""
        self._messages = messages
        self._most = most
        self._first = b""
        self._cut = False
        self.result: dict[str, Any] | None = None
        """Of the job, once it has been heard to its end."""
        self.engine: EngineInfo | None = None
        self.warnings: list[str] = []
        self.samples = 0
        """Heard so far."""

    async def open(self) -> None:
        """Come back with the first sound. Raises what the job does."""
        async for message in self._messages:
            self._note(message)
            if isinstance(message, bytes):
                self._first = message
                return

    async def sound(self) -> AsyncGenerator[bytes]:
        """Raw sound from the first sample to the last, s16le. Raises what the job does."""
        async with aclosing(self._messages):
            async for piece in self._pieces():
                room = math.inf if self._most is None else self._most - self.samples
                count = len(piece) // SAMPLE_BYTES
                self._cut = count > room
                heard = piece[: int(room) * SAMPLE_BYTES] if self._cut else piece
                self.samples += len(heard) // SAMPLE_BYTES
                yield heard
                if self._cut:
                    return

    async def close(self) -> None:
        """Let it be; before the end, the job is cancelled."""
        await self._messages.aclose()

    @property
    def usage(self) -> dict[str, int]:
        """Tokens of text and directions that went in, frames of the codec that came out.

        Of speech that was cut nobody says what went in, and all that was heard counts.
        """
        told = cast(dict[str, int], (self.result or {}).get("tokens") or {})
        frames = told.get("audio") or math.ceil(self.samples / FRAME_SAMPLES)
        read = told.get("text", 0)
        return {"input_tokens": read, "output_tokens": frames, "total_tokens": read + frames}

    @property
    def finish_reason(self) -> str:
        """`stop`, or what happened to any of its sentences; `length` where it was cut."""
        if self._cut:
            return "length"
        reasons: dict[str, int] = (self.result or {}).get("finish_reasons") or {}
        return next((reason for reason in reasons if reason != "stop"), "stop")

    async def _pieces(self) -> AsyncIterator[bytes]:
        if self._first:
            yield self._first
        async for message in self._messages:
            self._note(message)
            if isinstance(message, bytes):
                yield message

    def _note(self, message: Heard) -> None:
        match message:
            case events.Header(engine=engine):
                self.engine = engine
            case events.Notice(message=warning):
                self.warnings.append(warning)
            case events.End(result=result):
                self.result = result
            case _:
                pass
