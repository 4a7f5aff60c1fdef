"""What the child is asked to do for one utterance, and what the listener should know about it."""

import re
from dataclasses import dataclass
from typing import Any

from shared import languages
from worker.engine.preview import manner, voices
from worker.engine.protocol import Utterance

VOLUME = 70
"""Of 100, so that louder voices have room: above 100 espeak-ng clips."""
RATES = range(80, 451)
SCALE = range(100)

TAKEN_FOR_ENGLISH = (
    "The preview engine took the language for English; name the language to be sure."
)
KANJI_UNREAD = (
    "The preview engine cannot read kanji: it says “Chinese letter” in their place. "
    "Japanese written in kana is read as it should be."
)
_KANJI = re.compile(r"[㐀-䶿一-鿿豈-﫿々]")


@dataclass(frozen=True)
class Score:
    """A request to the child, with notes for the listener."""

    request: dict[str, Any]
    notes: tuple[str, ...]


def arrange(utterance: Utterance) -> Score:
    """Language, voice and manner of an utterance, in espeak-ng's terms."""
    language, language_notes = _language(utterance)
    voice, voice_notes = voices.cast(utterance)
    change, manner_notes = _manner(utterance)
    variant = voice.whispering if change.whisper else voice.variant
    request = {
        "text": utterance.text,
        "voice": f"{voices.LANGUAGES[language]}+{variant}",
        "parameters": {
            "rate": _clamp(voice.rate * change.rate, RATES),
            "volume": _clamp(VOLUME * change.volume, range(101)),
            "pitch": _clamp(voice.pitch + change.pitch, SCALE),
            "range": _clamp(50 + change.range, SCALE),
        },
    }
    return Score(request, language_notes + voice_notes + manner_notes)


def _language(utterance: Utterance) -> tuple[str, tuple[str, ...]]:
    language, notes = utterance.language, ()
    if language == languages.AUTO:
        language = languages.guess(utterance.text)
        notes = (TAKEN_FOR_ENGLISH,) if language == "english" else ()
    if language == "japanese" and _KANJI.search(utterance.text):
        notes = (*notes, KANJI_UNREAD)
    return language, notes


def _manner(utterance: Utterance) -> tuple[manner.Manner, tuple[str, ...]]:
    """A description colours the voice; an instruct that changes nothing deserves a note."""
    described = manner.read(utterance.description or "")
    if not (utterance.instruct or "").strip():
        return described, ()
    told = manner.read(utterance.instruct or "")
    return described + told, (manner.NOT_UNDERSTOOD,) if told == manner.PLAIN else ()


def _clamp(value: float, bounds: range) -> int:
    return min(max(round(value), bounds.start), bounds.stop - 1)
