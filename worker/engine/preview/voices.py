"""Which espeak-ng voice speaks: the nine speakers, the ten languages, and stand-ins."""

import hashlib
import re
from dataclasses import dataclass

from worker.engine.protocol import Utterance

LANGUAGES = {
    "chinese": "cmn",
    "english": "en-us",
    "japanese": "ja",
    "korean": "ko",
    "german": "de",
    "french": "fr",
    "russian": "ru",
    "portuguese": "pt-br",
    "spanish": "es",
    "italian": "it",
}
"""espeak-ng's names of the languages."""


@dataclass(frozen=True)
class Voice:
    """A speaker: a variant of espeak-ng (`f1`-`f5`, `m1`-`m8`), tuned."""

    variant: str
    pitch: int
    """0 to 99; 50 is the variant's own."""
    rate: int
    """Words per minute."""

    @property
    def whispering(self) -> str:
        """The variant that whispers in its place; pitch and rate keep speakers apart."""
        return "whisperf" if self.variant.startswith("f") else "whisper"


SPEAKERS = {
    "vivian": Voice("f2", 65, 172),
    "serena": Voice("f5", 35, 155),
    "uncle_fu": Voice("m1", 20, 150),
    "dylan": Voice("m3", 60, 170),
    "eric": Voice("m7", 55, 178),
    "ryan": Voice("m6", 45, 180),
    "aiden": Voice("m2", 70, 168),
    "ono_anna": Voice("f3", 80, 174),
    "sohee": Voice("f4", 50, 160),
}

FEMALE = ("f1", "f2", "f3", "f4", "f5")
MALE = ("m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8")
_FEMALE_WORDS = re.compile(r"\b(?:female|wom[ae]n|girl|lady|mother|grandmother)|女|妈|奶奶")
_MALE_WORDS = re.compile(r"\b(?:male|m[ae]n\b|boy|gentlem[ae]n|father|grandfather)|男|爸|爷爷")

STAND_IN_DESIGNED = (
    "The preview engine cannot design voices: a stand-in speaks, the same for every use of this "
    "description."
)
STAND_IN_CLONED = (
    "The preview engine cannot clone voices: a stand-in speaks, the same for every use of this "
    "recording."
)


def cast(utterance: Utterance) -> tuple[Voice, tuple[str, ...]]:
    """Who speaks an utterance, with a note where it is not who was asked for."""
    if utterance.speaker is not None:
        return SPEAKERS.get(utterance.speaker) or stand_in(utterance.speaker), ()
    if utterance.description is not None:
        return stand_in(utterance.description), (STAND_IN_DESIGNED,)
    if utterance.prompt is not None:
        return stand_in(utterance.prompt.digest), (STAND_IN_CLONED,)
    return stand_in(""), ()


def stand_in(key: str) -> Voice:
    """A voice that is the same for equal keys, female or male where `key` says so."""
    digest = hashlib.sha256(key.encode(errors="surrogatepass")).digest()
    variants = _variants(key.lower())
    return Voice(
        variant=variants[digest[0] % len(variants)],
        pitch=25 + digest[1] % 51,
        rate=150 + digest[2] % 31,
    )


def _variants(words: str) -> tuple[str, ...]:
    if _FEMALE_WORDS.search(words):
        return FEMALE
    return MALE if _MALE_WORDS.search(words) else FEMALE + MALE
