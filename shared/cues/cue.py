"""A cue: words that are shown or heard for a time."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Cue:
    """What is written to subtitle files."""

    start: float
    """Seconds."""
    end: float
    text: str
    speaker: str = ""
    """Empty where nobody is named."""
    moments: tuple[tuple[int, float], ...] = ()
    """Places in the text, which is in one line then, and the seconds at which each is heard;
    only WebVTT can show them."""


@dataclass(frozen=True)
class Segment:
    """What one speaker says in a cue."""

    text: str
    """What is said; without tags, sounds and the speaker's name."""
    speaker: str = ""
    """Empty where nobody is named."""
    direction: str = ""
    """How it is said, as a parenthesis before it has it: `quietly`."""


@dataclass(frozen=True)
class LoadedCue:
    """A cue of a subtitle file, with times in whole milliseconds, as such files have them."""

    number: int
    """From 1, in the order of the file."""
    start: int
    end: int
    """Never before the start."""
    text: str
    """As it stands in the file, tags and all."""
    id: str = ""
    """Its index or identifier, where it has one."""
    row: int = 0
    """Line of the file at which it begins, from 1."""
    speaker: str = ""
    """Whom a field of its own names (ASS)."""
    unspoken: str = ""
    """Why it cannot be spoken, one sentence: its times are unreadable, it is a comment."""


@dataclass(frozen=True)
class Loaded:
    """A subtitle file."""

    cues: list[LoadedCue]
    """All of them, by their start; equal starts in the order of the file."""
    warnings: list[str] = field(default_factory=list[str])
    strays: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])
    """Text that belongs to no cue: line of the file, and the text."""
