"""What mark-up says of a text, whichever way it is written: pauses, manners, readings, cuts."""

import re
from dataclasses import dataclass, field, replace
from typing import Literal

from shared import emotions, languages
from shared.errors import UnknownEmotion, UnknownLanguage
from shared.text.clean import clean
from shared.text.manner import PLAIN, Manner
from shared.text.remarks import Remarks

LONGEST_PAUSE = 60.0
"""Seconds that mark-up can ask for at one place."""
SPEEDS = (0.5, 2.0)

COMMENTS = "Comments were left out:"
UNKNOWN = "Mark-up that is not known was left out:"
UNBALANCED = "Mark-up that closes nothing, or that nothing closes:"
UNCLEAR = "Mark-up with a value that makes no sense was left out:"
LIMITED = f"A pause is {LONGEST_PAUSE:.0f} s at most, and a speed lies between 0.5 and 2:"
DIRECTED = "Moods that are not known were passed on as directions:"

_DURATION = re.compile(r"\+?(\d{1,6}(?:[.,]\d{0,6})?|[.,]\d{1,6})\s?(ms|s|sec|secs|seconds?)?")
_SPEED = re.compile(r"([+-]?)(\d{1,4}(?:[.,]\d{0,6})?|[.,]\d{1,6})\s?([%x]?)")

Trait = Literal["voice", "emotion", "instruct", "speed", "language"]


@dataclass(frozen=True)
class Aside:
    """`source[start:end]` is read in a way of its own."""

    start: int
    end: int
    way: str
    """`sub` or what `interpret-as` says: `digits`, `date`, …"""
    alias: str = ""
    """What is read in place of what is written, for `sub`."""


@dataclass
class Marks:
    """All that mark-up says; places are those of the source, in order."""

    remarks: Remarks
    turns: list[tuple[int, Manner]] = field(default_factory=list[tuple[int, Manner]])
    """From here on, that manner."""
    pauses: list[tuple[int, float]] = field(default_factory=list[tuple[int, float]])
    cuts: list[int] = field(default_factory=list[int])
    """Where a sentence ends, whatever its punctuation."""
    asides: list[Aside] = field(default_factory=list[Aside])

    @property
    def manner(self) -> Manner:
        """The present one."""
        return self.turns[-1][1] if self.turns else PLAIN

    def turn(self, place: int, manner: Manner) -> None:
        """Speak so from here on."""
        if manner != self.manner:
            self.turns.append((place, manner))

    def pause(self, place: int, seconds: float, written: str) -> None:
        """Silence here, within what is allowed."""
        if seconds > LONGEST_PAUSE:
            self.remarks.add(LIMITED, written, place)
        self.pauses.append((place, min(seconds, LONGEST_PAUSE)))

    def set_speed(self, place: int, value: str, written: str) -> bool:
        """Speak at `1.2`, `120%` or `+20%` of the natural pace. False if it makes no sense."""
        speed = share(value)
        if speed is None:
            self.remarks.add(UNCLEAR, written, place)
            return False
        slowest, fastest = SPEEDS
        if not slowest <= speed <= fastest:
            self.remarks.add(LIMITED, written, place)
        limited = min(max(speed, slowest), fastest)
        self.turn(place, replace(self.manner, speed=limited))
        return True

    def set_emotion(self, place: int, value: str, written: str) -> bool:
        """Speak in a mood; one that is not known becomes a direction."""
        try:
            self.turn(place, replace(self.manner, emotion=emotions.canonical(value), instruct=None))
        except UnknownEmotion:
            self.remarks.add(DIRECTED, written, place)
            self.turn(place, replace(self.manner, emotion=None, instruct=clean(value)[0] or None))
        return True

    def set_language(self, place: int, value: str, written: str) -> bool:
        """Speak another language. False if there is none of that name."""
        try:
            language = languages.canonical(value)
        except UnknownLanguage:
            language = languages.AUTO
        if language == languages.AUTO:
            self.remarks.add(UNCLEAR, written, place)
            return False
        self.turn(place, replace(self.manner, language=language))
        return True


def seconds(value: str) -> float | None:
    """`1.5`, `1.5s` and `500ms` in seconds; None for anything else."""
    found = _DURATION.fullmatch(value.strip().lower())
    if not found:
        return None
    number = float(found[1].replace(",", "."))
    return number / 1000 if found[2] == "ms" else number


def share(value: str) -> float | None:
    """`1.2`, `1.2x`, `120%` and `+20%` as a share of the natural pace; None for anything else."""
    found = _SPEED.fullmatch(value.strip().lower())
    if not found:
        return None
    sign, digits, unit = found.groups()
    number = float(digits.replace(",", ".")) / (100 if unit == "%" else 1)
    if sign:
        return 1 + number if sign == "+" else 1 - number
    return number
