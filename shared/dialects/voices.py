"""The word by which a foreign client names a voice, as a task and the fields that ask for it."""

from dataclasses import dataclass, field
from typing import Any

from shared import speakers
from shared.errors import UnknownSpeaker, UnknownVoice
from shared.voices.library import Library

ALIASES: dict[str, str] = {
    "alloy": "serena",
    "ash": "ryan",
    "ballad": "aiden",
    "cedar": "ryan",
    "coral": "vivian",
    "echo": "aiden",
    "fable": "eric",
    "marin": "serena",
    "nova": "vivian",
    "onyx": "uncle_fu",
    "sage": "sohee",
    "shimmer": "ono_anna",
    "verse": "dylan",
}
"""The names of OpenAI's voices, each spoken by one of the nine speakers."""


@dataclass(frozen=True)
class Chosen:
    """A task, and the fields of its request that name the voice."""

    task: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])


def choose(library: Library, word: str, param: str = "voice") -> Chosen:
    """A voice of the library by id or name, the preset speakers among them, or else an alias.

    Raises UnknownVoice.
    """
    try:
        found = library.find(word.strip())  # SillyTavern leaves the blanks of a list
    except UnknownVoice as unknown:
        try:
            return Chosen("custom_voice", {"speaker": speaker(word)})
        except UnknownSpeaker:
            unknown.param = param
            raise unknown from None
    if found in speakers.SPEAKERS:
        return Chosen("custom_voice", {"speaker": found})
    return Chosen("voice_clone", {"voice": found})


def speaker(word: str) -> str:
    """The speaker that a name or an alias stands for. Raises UnknownSpeaker."""
    return ALIASES.get(word.strip().lower()) or speakers.canonical(word)
