"""The line that gives a cue its time, in all the ways in which it is written."""

import re

_TIME = r"(-?)(?:(\d+)\s?:\s?)?(\d{1,3})\s?:\s?(\d{1,3})(?:\s?[.,]\s?(\d{1,9}))?(?![:\d])"
_ARROW = r"(?:-+\s?>+|[–—]\s?>|→)"
_LINE = re.compile(rf"\s*{_TIME}\s*{_ARROW}\s*{_TIME}(?:\s.*)?")
_MEANT = re.compile(r"\s*-?\d[\d:.,;\s]*-->|.*-->\s*-?\d[\d:.,;]*\s*$")

Times = tuple[int, int]
"""Start and end in milliseconds, as they are written: either may be negative."""


def times(line: str) -> Times | None:
    """What a line says of time; None for a line of text, be there an arrow in it."""
    match = _LINE.fullmatch(line)
    if match is None:
        return None
    start, end = match.groups()[:5], match.groups()[5:]
    if not _is_exact(start) or not _is_exact(end):
        return None
    return _milliseconds(*start), _milliseconds(*end)


def is_meant(line: str) -> bool:
    """Whether a line is about time, although nobody can read it: `00:00:0A,5 --> 00:00:02`."""
    return _MEANT.match(line) is not None


def clock(milliseconds: int) -> str:
    """As a person reads it: `1:02:03.500`."""
    minutes, rest = divmod(milliseconds, 60_000)
    hour, minute = divmod(minutes, 60)
    return f"{hour}:{minute:02}:{rest // 1000:02}.{rest % 1000:03}"


def _is_exact(time: tuple[str | None, ...]) -> bool:
    """`10:30 -> 11:00` is what an actor says; times have hours or fractions."""
    return time[1] is not None or time[4] is not None


def _milliseconds(
    sign: str | None, hour: str | None, minute: str | None, second: str | None, part: str | None
) -> int:
    whole = (int((hour or "0")[:6]) * 60 + int(minute or 0)) * 60 + int(second or 0)
    milliseconds = whole * 1000 + int((part or "0")[:3].ljust(3, "0"))
    return -milliseconds if sign else milliseconds
