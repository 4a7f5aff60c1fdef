"""The part of SSML 1.1 that is followed (https://www.w3.org/TR/speech-synthesis11/).

`speak`, `break`, `prosody rate`, `say-as`, `sub`, `lang`, `p`, `s`; `emphasis` is left to the
model, and `sub` without an alias is that of HTML, `H<sub>2</sub>O`, which changes nothing. Every
other tag is left out with a remark. What is not written like a tag, `a < b` for example, is text.
"""

import html
import re
from dataclasses import dataclass, field

from shared.text.clean import clean
from shared.text.manner import Manner
from shared.text.marks import COMMENTS, UNBALANCED, UNCLEAR, UNKNOWN, Aside, Marks, seconds

TAG = (
    r"<!--[^<>]{0,1000}-->|<\?[^<>]{0,500}\?>"
    r"|<(?P<close>/?)(?P<tag>[A-Za-z][A-Za-z0-9:.-]{0,39})"
    r"(?P<attributes>(?:\s{1,20}[A-Za-z][\w:.-]{0,39}\s{0,3}=\s{0,3}"
    r"(?:\"[^\"<>]{0,500}\"|'[^'<>]{0,500}')){0,16})\s{0,20}(?P<empty>/?)>"
)
"""Without underscores in names, so that no special token of the model is a tag."""
ENTITY = re.compile(r"&(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9A-Fa-f]{1,6});")
DEEPEST = 32
"""Elements within elements; deeper ones have no effect."""

_ATTRIBUTE = re.compile(r"([\w:.-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)')")
_TOO_DEEP = f"Elements within more than {DEEPEST} others have no effect:"
_NOT_FOLLOWED = "Attributes that no voice here can follow:"
_STRENGTHS = {
    "none": 0.0,
    "x-weak": 0.1,
    "weak": 0.25,
    "medium": 0.5,
    "strong": 1.0,
    "x-strong": 1.5,
}
"""Seconds; the standard leaves them to whoever speaks."""
_RATES = {
    "x-slow": "0.6",
    "slow": "0.8",
    "medium": "1",
    "default": "1",
    "fast": "1.25",
    "x-fast": "1.6",
}
_UNHEARD = ("pitch", "volume", "contour", "range", "duration")
_WAYS = {
    *("cardinal", "number", "ordinal", "fraction", "date", "time", "currency", "unit", "measure"),
    *("digits", "telephone", "characters", "spell-out", "verbatim", "address"),
}
_PARAGRAPH = "\n\n"


@dataclass
class _Open:
    """An element that has begun."""

    name: str
    written: str
    place: int
    before: Manner
    aside: tuple[str, str] | None = None


@dataclass
class Elements:
    """Reads tag after tag into `marks`."""

    marks: Marks
    _open: list[_Open] = field(default_factory=list[_Open])

    def read(self, match: re.Match[str], start: int, end: int) -> str:
        """What is left of a tag that stood in `source[start:end]`: nothing, or an empty line."""
        name = (match["tag"] or "").lower()
        if not name:
            if match[0].startswith("<!--"):
                self.marks.remarks.add(COMMENTS, match[0], start)
            return ""
        if name not in _ELEMENTS:
            self.marks.remarks.add(UNKNOWN, match[0], start)
            return ""
        if match["close"]:
            self._end(name, match[0], start, end)
        else:
            self._begin(name, match, start, end)
        if name == "s":
            self.marks.cuts.append(end)
        return _PARAGRAPH if name == "p" else ""

    def finish(self) -> None:
        """The text has ended."""
        for element in self._open:
            self.marks.remarks.add(UNBALANCED, element.written, element.place)

    def _begin(self, name: str, match: re.Match[str], start: int, end: int) -> None:
        attributes = _attributes(match["attributes"])
        if name == "break":
            self._break(attributes, match[0], end)
            return
        if match["empty"]:
            return
        if len(self._open) >= DEEPEST:
            self.marks.remarks.add(_TOO_DEEP, match[0], start)
            return
        element = _Open(name, match[0], end, self.marks.manner)
        self._open.append(element)
        if name == "prosody":
            self._prosody(attributes, match[0], end)
        elif name == "lang" or (name in ("p", "s", "speak") and "xml:lang" in attributes):
            self.marks.set_language(end, attributes.get("xml:lang", ""), match[0])
        elif name == "sub" and "alias" in attributes:
            element.aside = ("sub", clean(html.unescape(attributes["alias"]))[0])
        elif name == "say-as":
            element.aside = self._way(attributes, match[0], start)

    def _end(self, name: str, written: str, start: int, end: int) -> None:
        depth = next(
            (n for n in reversed(range(len(self._open))) if self._open[n].name == name), None
        )
        if depth is None:
            if name != "break":
                self.marks.remarks.add(UNBALANCED, written, start)
            return
        for lost in self._open[depth + 1 :]:
            self.marks.remarks.add(UNBALANCED, lost.written, lost.place)
        element = self._open[depth]
        del self._open[depth:]
        if name in ("prosody", "lang", "p", "s", "speak"):
            self.marks.turn(end, element.before)
        inside = any(outer.aside for outer in self._open)
        if element.aside and not inside and element.place < start:
            self.marks.asides.append(Aside(element.place, start, *element.aside))

    def _break(self, attributes: dict[str, str], written: str, place: int) -> None:
        if "time" in attributes:
            length = seconds(attributes["time"])
        else:
            length = _STRENGTHS.get(attributes.get("strength", "medium"))
        if length is None:
            self.marks.remarks.add(UNCLEAR, written, place)
        else:
            self.marks.pause(place, length, written)

    def _prosody(self, attributes: dict[str, str], written: str, place: int) -> None:
        if attributes.keys() & set(_UNHEARD):
            self.marks.remarks.add(_NOT_FOLLOWED, written, place)
        if "rate" in attributes:
            rate = attributes["rate"].strip().lower()
            self.marks.set_speed(place, _RATES.get(rate, rate), written)

    def _way(self, attributes: dict[str, str], written: str, place: int) -> tuple[str, str] | None:
        way = attributes.get("interpret-as", "").strip().lower()
        if way in _WAYS:
            return way, ""
        self.marks.remarks.add(UNCLEAR, written, place)
        return None


_ELEMENTS = frozenset(["speak", "break", "prosody", "say-as", "sub", "lang", "p", "s", "emphasis"])


def unescaped(entity: re.Match[str]) -> str:
    """The character that an entity stands for; nothing for one that cannot be spoken."""
    character = html.unescape(entity[0])
    return character if len(character) == 1 and character.isprintable() else ""


def _attributes(text: str) -> dict[str, str]:
    return {name.lower(): double or single for name, double, single in _ATTRIBUTE.findall(text)}
