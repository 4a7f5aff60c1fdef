"""Voices to test with."""

from datetime import UTC, datetime
from typing import Any

from shared.audio import clip
from shared.jobs import EngineInfo
from shared.stores.voice_record import REFERENCE, Voice, VoiceClip
from shared.voices.library import Library
from tests.shared.audio.sending import tone

SOUND = clip.dumps(tone(4))
"""What a cloned voice is made from: four seconds."""
WORDS = "This is how I sound when I read to you."
ENGINE = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="none",
    preview=True,
    checkpoint="espeak-ng",
    revision="",
)


def voice(name: str, **changes: Any) -> Voice:
    """A cloned voice."""
    fields: dict[str, Any] = {
        "name": name,
        "kind": "cloned",
        "created": datetime(2026, 3, 1, tzinfo=UTC),
        "clips": (VoiceClip(),),
        "consent": "She agreed.",
    }
    return Voice(**fields | changes)


def add(library: Library, name: str, *, transcript: str = WORDS, **changes: Any) -> str:
    """Put a cloned voice into the library; returns its id."""
    files = {REFERENCE: SOUND} | ({"reference.txt": transcript.encode()} if transcript else {})
    return library.create(voice(name, **changes), files)
