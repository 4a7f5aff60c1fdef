"""Dialogue as people type it: `NAME: line`, in plain text or Markdown."""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from shared.screenplay.directions import direction, name_of
from shared.screenplay.elements import (
    Action,
    Aside,
    Element,
    Heading,
    Part,
    Script,
    Span,
    Speech,
    Words,
    lines_of,
)
from shared.screenplay.gathering import joined
from shared.voices import naming

_LEAD = r"\s*(?:>\s*)*(?:[-*+]\s+|\d+[.)]\s+)?"
"""Of a quotation or list in Markdown."""
_DIRECTIONS = r"(?:\s*[(（][^()（）]{1,200}[)）])*"
_NAME = rf"(?P<name>[^:：\[\]()（）<>{{}}|*]{{1,80}}{_DIRECTIONS})"
_BESIDE = rf"(?P<beside>{_DIRECTIONS})"
_COLON = r"\s*[:：]\s*"
_SURE = (
    re.compile(rf"{_LEAD}(?P<mark>\*\*|__|\*|_){_NAME}[:：](?P=mark){_BESIDE}\s*"),
    re.compile(rf"{_LEAD}(?P<mark>\*\*|__|\*|_){_NAME}(?P=mark){_BESIDE}{_COLON}"),
    re.compile(rf"{_LEAD}\[{_NAME}\]{_BESIDE}{_COLON}"),
)
"""`**Name:**`, `**Name**:`, `[Name]:`, each with directions or not."""
_PLAIN = re.compile(
    rf"{_LEAD}(?P<name>(?=[^\W_])[^:：\[\]()（）<>{{}}|*!?;；！？。…“”„«»]{{1,60}}?)"
    rf"{_BESIDE}\s*[:：](?!//)\s*"
)
_BRACKETED = re.compile(rf"{_LEAD}\[{_NAME}\]{_BESIDE}\s+(?=\S)")
"""`[Name] text`, which may also be mark-up."""
_CLOCK = re.compile(r"\d[:：]\d")
_HEADING = re.compile(r" {0,3}#{1,6}\s+(?P<a>.*?)[\s#]*|(?P<b>(?:INT|EXT|EST|I/E)[. /].*)")
_LONGEST_HEADING = 300
_RULE = re.compile(r"\s*(?:[-*_=~]\s*){3,}|\s*<!--.*?-->\s*")
_IN_BRACKETS = re.compile(r"\s*[*_]*[(（](?P<inside>[^()（）]*)[)）][*_]*\s*")
_STAGE = re.compile(
    r"\s*\[(?!(?:pause|break|silent|silence)\s+[\d.,])"
    r"(?P<inside>[^\W\d_a-z][^\[\]:]*|[^\W\d_][^\s\[\]:=]*\s[^\[\]:=]*)\]\s*"
)
"""What is seen or heard: `[Enter ANA]`, `[door slams]`; one small word is mark-up, `[laugh]`."""
_COUNTED = re.compile(r"\s+(?:\d{1,4}|[ivxlc]{1,8})$")
_MOST_WORDS = 3
"""Of a name that occurs only once."""
_TITLE = "title titel titre título titolo название 标题 タイトル"
_AUTHOR = "author authors by autor auteur autore автор 作者"
_SCENE = "scene setting act szene scène escena scena cena сцена"
_NOBODY = (
    "note notes nb ps todo warning tip hint date time place location characters cast source url "
    "http https ftp see example credit draft hinweis anmerkung achtung remarque nota примечание "
    "注意 注 備考"
)
_PARTICLE = "of the de du des da do dos das del della di la le el los las von van der den y e et"
_TITLES = frozenset(_TITLE.split())
_AUTHORS = frozenset(_AUTHOR.split())
_SCENES = frozenset(_SCENE.split())
_NO_NAMES = frozenset(_NOBODY.split()) | _TITLES | _AUTHORS | _SCENES
"""Words before a colon that are nobody, unless the cast has them."""
_PARTICLES = frozenset(_PARTICLE.split())
"""Small words within names."""


_TITLE_PAGE = "It stands on the title page."
_SEPARATOR = "It is a separating line or a comment."


@dataclass(frozen=True)
class _Cue:
    """A name and what stands beside it, at the beginning of a line."""

    name: str
    beside: tuple[Part, ...]
    said: int
    """Where what is said begins."""
    form: re.Pattern[str]

    @property
    def same(self) -> str:
        """What spellings of the name have in common."""
        return naming.folded(self.name)

    @property
    def label(self) -> str:
        """The name without a number after it: `scene` of `Scene 2`."""
        return _COUNTED.sub("", self.same)

    @property
    def lower(self) -> bool:
        """Whether it begins as no name does in languages that have upper case."""
        return self.name[:1].islower()


def read(text: str, cast: Collection[str] = ()) -> Script:
    """The script of a text. `cast` are names that are known to be characters, in any case.

    A line that begins with no name goes on with what was said, until an empty one ends it.
    """
    lines = lines_of(text)
    cues = [_cue(line) for line in lines]
    names = _names([cue for cue in cues if cue], {naming.folded(name) for name in cast})
    gathering = _Gathering()
    for line, cue in zip(lines, cues, strict=True):
        if cue and cue.same in names:
            gathering.begin(line, cue)
        else:
            gathering.add(line, cue)
    gathering.end()
    return Script(gathering.elements, gathering.title, gathering.author)


def _cue(line: Span) -> _Cue | None:
    for form in (*_SURE, _PLAIN, _BRACKETED):
        if found := form.match(line.text):
            break
    else:
        return None
    name, beside = name_of(Words.of([line.cut(*found.span("name"))]))
    is_clock = form is _PLAIN and _CLOCK.match(line.text, found.end("name") - 1)
    if is_clock or not any(character.isalpha() for character in name):
        return None
    beside += name_of(Words.of([line.cut(*found.span("beside"))]))[1]
    return _Cue(name, tuple(beside), found.end(), form)


def _names(cues: Sequence[_Cue], cast: Collection[str]) -> set[str]:
    """Those of the names that are characters: `Time was` and `Note` stand before a colon too."""
    often = Counter(cue.same for cue in cues)
    bracketed = sum(cue.form is _BRACKETED and not cue.lower for cue in cues) > 1

    def is_character(cue: _Cue) -> bool:
        if cue.same in cast or cue.form in _SURE:
            return True
        if cue.form is _BRACKETED:
            return bracketed and not cue.lower
        if cue.label in _NO_NAMES:
            return False
        return often[cue.same] > 1 or _looks_like_a_name(cue.name)

    names = {cue.same for cue in cues if is_character(cue)}
    if names:
        return names
    small = {cue.same for cue in cues if cue.lower and " " not in cue.name} - _NO_NAMES
    return small if len(small) > 1 else set()


def _looks_like_a_name(name: str) -> bool:
    """Not `She said`, nor half a sentence."""
    words = name.split()
    small = any(word[0].islower() and word not in _PARTICLES for word in words)
    return len(words) <= _MOST_WORDS and not small and not words[0][0].islower()


class _Gathering:
    """The elements so far, and what goes on."""

    def __init__(self) -> None:
        self.elements: list[Element] = []
        self.title = ""
        self.author = ""
        self._speech: Speech | None = None
        self._said: list[Part] = []
        self._action: list[Span] = []

    def begin(self, line: Span, cue: _Cue) -> None:
        """A speech."""
        self.end()
        self._speech = Speech(cue.name, line.cut(0, len(line.text)))
        self._said = [*cue.beside]
        self._said.append(Words.of([line.cut(cue.said, len(line.text))]))

    def add(self, line: Span, cue: _Cue | None) -> None:
        """A line that begins no speech; `cue` is what looks like a name in it."""
        if not line.text.strip():
            self.end()
        elif apart := self._apart(line, cue):
            self.end()
            self.elements.append(apart)
        elif self._speech and (brackets := _IN_BRACKETS.fullmatch(line.text)):
            self._said += direction(Words.of([line.cut(*brackets.span("inside"))]))
        elif self._speech:
            self._said.append(Words.of([line]))
        else:
            self._action.append(line)

    def end(self) -> None:
        """Of the speech or paragraph."""
        if self._speech:
            self.elements.append(replace(self._speech, parts=joined(self._said)))
        if self._action:
            self.elements.append(Action(Words.of(self._action)))
        self._speech, self._said, self._action = None, [], []

    def _apart(self, line: Span, cue: _Cue | None) -> Element | None:
        """What stands by itself on its line."""
        if _RULE.fullmatch(line.text):
            return Aside(Words.of([line]), _SEPARATOR)
        if found := len(line.text) <= _LONGEST_HEADING and _HEADING.fullmatch(line.text):
            return Heading(Words.of([line.cut(*found.span("a" if found["a"] else "b"))]))
        if found := _STAGE.fullmatch(line.text) or (
            None if self._speech else _IN_BRACKETS.fullmatch(line.text)
        ):
            return Action(Words.of([line.cut(*found.span("inside"))]))
        return self._labelled(line, cue) if cue else None

    def _labelled(self, line: Span, cue: _Cue) -> Element | None:
        """`Scene: the market`, and what stands above all: `Title: The Blue Door`."""
        value = line.cut(cue.said, len(line.text))
        if cue.label in _SCENES and (not self._speech or cue.label != cue.same):
            return Heading(Words.of([value if value.text and cue.label == cue.same else line]))
        if all(isinstance(element, Aside) for element in self.elements) and not self._speech:
            if cue.same in _TITLES:
                self.title = value.text
                return Aside(Words.of([line]), _TITLE_PAGE)
            if cue.same in _AUTHORS:
                self.author = value.text
                return Aside(Words.of([line]), _TITLE_PAGE)
        return None
