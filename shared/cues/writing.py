"""Subtitles as SRT and WebVTT."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

from shared.cues.cue import Cue

WIDTH = 42
"""Letters of a line of subtitles; an ideograph takes the room of two."""
_ARROW = re.compile(r"-+->")
"""What players take for the times of a cue, even inside its text."""
_ENTITIES = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
_NEVER_FIRST = frozenset("。、，．！？：；）」』】〉》”’…ー々っゃゅょッャュョ")
"""No Chinese or Japanese line begins with these."""


def to_srt(cues: Iterable[Cue]) -> str:
    """SRT, with the speaker before the text: `ANNA: It was enough.`; empty cues are left out."""
    blocks = (
        f"{number}\n{_times(cue, ',')}\n{_broken(_named(cue))}\n"
        for number, cue in enumerate(_shown(cues), 1)
    )
    return "\n".join(blocks)


def to_vtt(cues: Iterable[Cue]) -> str:
    """WebVTT, with the speaker as its voice: `<v ANNA>It was enough.`; empty cues are left out."""
    blocks = (f"{_times(cue, '.')}\n{_voice(cue)}\n" for cue in _shown(cues))
    return "\n".join(("WEBVTT\n", *blocks))


def _shown(cues: Iterable[Cue]) -> Iterator[Cue]:
    return (cue for cue in cues if cue.text.strip())


def _named(cue: Cue) -> str:
    return _ARROW.sub("→", named(cue.speaker, cue.text))


def named(speaker: str, text: str) -> str:
    """The text with its speaker before it, where there is one."""
    return f"{in_one_line(speaker)}: {text}" if speaker.strip() else text


def _voice(cue: Cue) -> str:
    speaker = in_one_line(cue.speaker).translate(_ENTITIES)
    return (f"<v {speaker}>" if speaker else "") + _marked(cue)


def _marked(cue: Cue) -> str:
    """The lines of a cue, with a time before each word that begins within it."""
    start, end = _span(cue)
    moments = {place: round(moment * 1000) for place, moment in cue.moments}
    text, place = in_one_line(cue.text), 0
    parts: list[str] = []
    for letter in _broken(cue.text):
        if letter == "\n":
            # A line ends at a blank, or between ideographs, where there is none.
            place += text[place] == " "
        else:
            if start < (moment := moments.get(place, 0)) < end:
                parts.append(f"<{_time(moment, '.')}>")
                start = moment
            place += 1
        parts.append(letter.translate(_ENTITIES))
    return "".join(parts)


def _times(cue: Cue, point: str) -> str:
    start, end = _span(cue)
    return f"{_time(start, point)} --> {_time(end, point)}"


def _span(cue: Cue) -> tuple[int, int]:
    """Milliseconds."""
    start = max(0, round(cue.start * 1000))
    return start, max(start, round(cue.end * 1000))


def _time(milliseconds: int, point: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}:{second:02}{point}{rest:03}"


# --- lines ------------------------------------------------------------------------------------


def _broken(text: str) -> str:
    return "\n".join(lines(text))


def lines(text: str) -> list[str]:
    """The text on one line, or on two of about equal width; on more only where they would be wider
    than a line may be."""
    text = in_one_line(text)
    wide = width(text)
    if wide <= WIDTH:
        return [text]
    first = wide / 2 if wide <= 2 * WIDTH else WIDTH
    found = [""]
    for part in unbreakable(text):
        halved = len(found) == 1 and width(found[0]) >= first
        if found[-1] and (halved or width((found[-1] + part).rstrip()) > WIDTH):
            found.append("")
        found[-1] += part
    return [line.rstrip() for line in found]


def unbreakable(text: str) -> Iterator[str]:
    """Words with the blank after them; ideographs one by one, with the signs that close them."""
    part = ""
    for letter in text:
        ended = part.endswith(" ") or (
            part and (_is_wide(letter) or _is_wide(part[-1])) and letter not in _NEVER_FIRST
        )
        if ended and letter != " ":
            yield part
            part = ""
        part += letter
    yield part


def in_one_line(text: str) -> str:
    """With one blank wherever there were blanks or line breaks."""
    return " ".join(text.split())


def width(text: str) -> int:
    """Letters, an ideograph counting as two."""
    return sum(2 if _is_wide(letter) else 1 for letter in text)


def _is_wide(letter: str) -> bool:
    return unicodedata.east_asian_width(letter) in "WF"
