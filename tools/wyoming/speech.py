"""A text on its way in, its sound on its way out."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.event import Event
from wyoming.tts import SynthesizeVoice

from shared.audio.pcm import SAMPLE_BYTES, SAMPLE_RATE
from shared.client import AsyncClient, faults
from shared.client.live import Failed, Over, Ready
from shared.errors import InputTimeout

Write = Callable[[Event], Awaitable[None]]

_NOBODY = "ryan"
"""Who speaks for a client that names nobody."""
_RATE, _WIDTH, _CHANNELS = SAMPLE_RATE, SAMPLE_BYTES, 1


async def speak(
    client: AsyncClient, voice: SynthesizeVoice | None, pieces: AsyncIterator[str], write: Write
) -> None:
    """Speak pieces of a text as they come; whoever cancels this cancels what is not heard yet.

    Raises what the service says, ServiceUnreachable, InputTimeout where no piece comes for too
    long, and what `pieces` and `write` raise.
    """
    request: dict[str, Any] = {}
    if voice and voice.language:
        request["language"] = voice.language
    async with client.live(request, voice=(voice and voice.name) or _NOBODY) as speaking:
        speaking.feed(pieces)
        async for message in speaking:
            match message:
                case bytes():
                    await write(AudioChunk(_RATE, _WIDTH, _CHANNELS, message).event())
                case Ready():
                    await write(AudioStart(_RATE, _WIDTH, _CHANNELS).event())
                case Failed(error=error):
                    raise faults.from_body(error)
                case Over(reason="idle"):
                    raise InputTimeout("No text came for too long.")
                case _:
                    pass
    await write(AudioStop().event())
