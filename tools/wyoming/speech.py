"""What one client has asked for: its text on the way in, its sound on the way out."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack, suppress
from typing import Any, Self

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeVoice

from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from shared.client import AsyncClient, AsyncLive, faults
from shared.client.live import Failed

Write = Callable[[Event], Awaitable[None]]

_NOBODY = "ryan"
"""Who speaks for a client that names nobody."""
_RATE, _WIDTH, _CHANNELS = SAMPLE_RATE, SAMPLE_BYTES, 1


class Speech:
    """A text that is spoken while it comes; `close` it, whatever happens."""

    def __init__(self, opened: AsyncExitStack, live: AsyncLive, write: Write) -> None:
        self._opened = opened
        self._live = live
        self._write = write
        self._relaying = asyncio.create_task(self._relay())

    @classmethod
    async def begin(cls, client: AsyncClient, voice: SynthesizeVoice | None, write: Write) -> Self:
        """Raises what the service says, or ServiceUnreachable."""
        request: dict[str, Any] = {}
        if voice and voice.language:
            request["language"] = voice.language
        async with AsyncExitStack() as opening:
            word = (voice and voice.name) or _NOBODY
            live = await opening.enter_async_context(client.live(request, voice=word))
            return cls(opening.pop_all(), live, write)

    async def say(self, text: str) -> None:
        """More text, cut anywhere."""
        await self._live.say(text)

    async def end(self) -> None:
        """No more text comes; returns when all its sound has been sent.

        Raises what became of it, and ConnectionError when the client has gone.
        """
        await self._live.finish()
        await self._relaying

    async def close(self) -> None:
        """What has not been heard is cancelled."""
        self._relaying.cancel()
        with suppress(asyncio.CancelledError, Exception):
            await self._relaying
        await self._opened.aclose()

    async def _relay(self) -> None:
        await self._write(AudioStart(_RATE, _WIDTH, _CHANNELS).event())
        async for message in self._live:
            if isinstance(message, bytes):
                await self._write(AudioChunk(_RATE, _WIDTH, _CHANNELS, message).event())
            elif isinstance(message, Failed):
                raise faults.from_body(message.error)
        await self._write(AudioStop().event())
