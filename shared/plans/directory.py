"""The voices that a plan may give lines to: a copy of the library's names, fit for a child."""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.errors import UnknownVoice
from shared.stores.voice_record import VoiceKind
from shared.voices import naming
from shared.voices.library import Library


@dataclass(frozen=True)
class Known:
    """A voice of the library."""

    id: str
    name: str
    kind: VoiceKind
    language: str
    """Canonical; empty where it is not known."""


@dataclass(frozen=True)
class Directory:
    """All voices by id; equal libraries give equal directories in equal order."""

    voices: Mapping[str, Known]

    @classmethod
    def of(cls, library: Library) -> "Directory":
        """Raises StoreUnavailable."""
        found, _ = library.readable()
        return cls(
            {
                voice_id: Known(voice_id, voice.name, voice.kind, voice.language or "")
                for voice_id, voice in sorted(found.items())
            }
        )

    def find(self, word: str) -> Known:
        """A voice by its id or its name, in any case. Raises UnknownVoice."""
        if word in self.voices:
            return self.voices[word]
        wanted = naming.folded(word.strip())
        for voice in self.voices.values():
            if wanted in (naming.folded(voice.name), naming.folded(voice.id)):
                return voice
        raise UnknownVoice(f"There is no voice {word[:80]!r} in the library.", param="voice")
