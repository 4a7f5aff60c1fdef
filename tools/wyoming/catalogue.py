"""What the service tells a Wyoming client of itself: the voices, each in every language."""

from wyoming.info import Attribution, Info, TtsProgram, TtsVoice

from shared import languages
from shared.client import AsyncClient
from shared.version import __version__

_AUTHORS = Attribution("Qwen team", "https://github.com/QwenLM/Qwen3-TTS")
_MOST = 1_000
"""Voices that are told of: as many as the service lists at once."""


async def describe(client: AsyncClient) -> Info:
    """The voices that can be chosen now. Raises what the service says, or ServiceUnreachable."""
    found = await client.voices(limit=_MOST)
    voices = [_voice(voice.id, voice.name) for voice in found.items]
    program = TtsProgram(
        name="qwen3-tts",
        description="Qwen3-TTS platform",
        attribution=_AUTHORS,
        installed=True,
        version=__version__,
        voices=voices,
        supports_synthesize_streaming=True,
    )
    return Info(tts=[program])


def _voice(voice_id: str, name: str) -> TtsVoice:
    return TtsVoice(
        name=voice_id,
        description=name,
        attribution=_AUTHORS,
        installed=True,
        version=__version__,
        languages=sorted(languages.CODES.values()),
    )
