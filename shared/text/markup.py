"""Mark-up taken out of a text: square brackets, and SSML beside them.

What looks like a tag is one: `[word]` of two letters or more, `[word:value]` without blanks in the
value, `[/word]`. Other brackets are prose: `[from his mother]`, `[T]he`, `[1]`.
Tags that are not known are left out with a remark, and never read aloud.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from shared.text import ssml
from shared.text.manner import Manner
from shared.text.marks import UNBALANCED, UNCLEAR, UNKNOWN, Marks, seconds
from shared.text.remarks import Remarks
from shared.text.tracked import Edit, Tracked

_SQUARE = (
    r"\[(?P<off>/?)[ \t]{0,3}(?P<name>[^\W\d_][\w-]{0,39})"
    r"(?:[ \t]{0,3}(?P<sign>[:= \t])[ \t]{0,3}(?P<value>[^\s\[\]][^\n\[\]]{0,99}))?[ \t]{0,3}\]"
)
_TAG = re.compile(f"{_SQUARE}|{ssml.TAG}")
_CLOSES = ",.;:!?…)]}”»，。；：！？、"
_PAUSES = {"pause": 1.0, "break": 0.5, "silent": 1.0, "silence": 1.0}
"""Seconds where none are given."""


@dataclass(frozen=True)
class Unmarked:
    """A text without its mark-up, and what that said."""

    text: Tracked
    marks: Marks


def take_out(text: Tracked, remarks: Remarks) -> Unmarked:
    """What cannot be followed goes into `remarks`."""
    brackets = _Brackets(Marks(remarks))
    edits = [*brackets.edits(text)]
    brackets.finish()
    # Nobody wants to hear `&amp;`, whether there was an SSML document around it or not.
    plain = text.edited(edits).replaced(ssml.ENTITY, ssml.unescaped)
    return Unmarked(plain, brackets.marks)


_SET: dict[str, Callable[[Marks, int, str, str], bool]] = {
    "emotion": Marks.set_emotion,
    "speed": Marks.set_speed,
    "lang": Marks.set_language,
    "language": Marks.set_language,
}


class _Brackets:
    def __init__(self, marks: Marks) -> None:
        self.marks = marks
        self.elements = ssml.Elements(marks)
        self._last: dict[str, tuple[str, int]] = {}
        """Of each name, the tag that is still open."""

    def edits(self, text: Tracked) -> Iterator[Edit]:
        kept = 0
        for match in _TAG.finditer(text.text):
            start, end = text.starts[match.start()], text.ends[match.end() - 1]
            if match["name"] is None:
                left = self.elements.read(match, start, end)
            elif self._read(match, start, end):
                left = ""
            else:
                continue
            first = match.start()
            follows = text.text[match.end() : match.end() + 1]
            if not left and first > kept and text.text[first - 1] == " " and follows in _CLOSES:
                first -= bool(follows)
            yield Edit(first, match.end(), left)
            kept = match.end()

    def finish(self) -> None:
        self.elements.finish()
        for name, (written, place) in self._last.items():
            if name != "voice":
                self.marks.remarks.add(UNBALANCED, written, place)

    def _read(self, match: re.Match[str], start: int, end: int) -> bool:
        """False for what is prose."""
        name, sign, value = match["name"].lower(), match["sign"], (match["value"] or "").strip()
        if match["off"]:
            self._close(name, match[0], start, end)
        elif name in _PAUSES:
            return self._pause(name, sign, value, match[0], end)
        elif (name == "voice" or name in _SET) and value and sign in (":", "="):
            self._open(name, value, match[0], end)
        elif self._is_prose(name, sign, value):
            return False
        else:
            known = name == "voice" or name in _SET
            self.marks.remarks.add(UNCLEAR if known else UNKNOWN, match[0], start)
        return True

    def _is_prose(self, name: str, sign: str | None, value: str) -> bool:
        if sign is None:
            return len(name) == 1
        return sign not in (":", "=") or any(character.isspace() for character in value)

    def _pause(self, name: str, sign: str | None, value: str, written: str, place: int) -> bool:
        length = seconds(value) if value else _PAUSES[name]
        if length is not None:
            self.marks.pause(place, length, written)
            return True
        if sign not in (":", "="):
            return False
        self.marks.remarks.add(UNCLEAR, written, place)
        return True

    def _open(self, name: str, value: str, written: str, place: int) -> None:
        if name == "voice":
            self.marks.turn(place, replace(self.marks.manner, voice=value))
        elif not _SET[name](self.marks, place, value, written):
            return
        self._last[name] = (written, place)

    def _close(self, name: str, written: str, start: int, end: int) -> None:
        if name != "voice" and name not in _SET:
            self.marks.remarks.add(UNKNOWN, written, start)
        elif not self._last.pop(name, None):
            self.marks.remarks.add(UNBALANCED, written, start)
        else:
            self.marks.turn(end, _without(self.marks.manner, name))


def _without(manner: Manner, name: str) -> Manner:
    match name:
        case "voice":
            return replace(manner, voice=None)
        case "emotion":
            return replace(manner, emotion=None, instruct=None)
        case "speed":
            return replace(manner, speed=None)
        case _:
            return replace(manner, language=None)
