"""A script as it is read from a document: headings, action, speeches, and what nobody says."""

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import accumulate

from shared.plans.plan import Where


@dataclass(frozen=True)
class Span:
    """A text that stands in one piece in the document."""

    text: str
    line: int
    """Line of the document, row or item, from 1."""
    start: int | None = None
    """First character in the document, where that is known."""

    def cut(self, start: int, end: int) -> "Span":
        """Some of it, without the blanks around."""
        text = self.text[start:end]
        start += len(text) - len(text.lstrip())
        return Span(text.strip(), self.line, None if self.start is None else self.start + start)


@dataclass(frozen=True)
class Words:
    """A text that may stand on several lines; it is read as one."""

    spans: tuple[Span, ...]

    @classmethod
    def of(cls, spans: Sequence[Span]) -> "Words":
        """Spans without what is blank."""
        whole = (span.cut(0, len(span.text)) for span in spans)
        return cls(tuple(span for span in whole if span.text))

    @cached_property
    def text(self) -> str:
        return " ".join(span.text for span in self.spans)

    @cached_property
    def _starts(self) -> list[int]:
        """Where each span begins in the text."""
        return list(accumulate((len(span.text) + 1 for span in self.spans), initial=0))[:-1]

    def cut(self, start: int, end: int) -> "Words":
        """Some of the text, without the blanks around."""
        first = max(bisect_right(self._starts, start) - 1, 0)
        last = bisect_left(self._starts, end)
        pairs = zip(self.spans[first:last], self._starts[first:last], strict=True)
        return Words.of(
            [span.cut(max(start - since, 0), max(end - since, 0)) for span, since in pairs]
        )

    def where(self, start: int = 0, end: int | None = None) -> Where:
        """The place in the document of some of the text."""
        first, since = self._span(start)
        last, before = self._span((len(self.text) if end is None else end) - 1)
        if first.start is None or last.start is None:
            return Where(line=first.line)
        return Where(line=first.line, start=first.start + since, end=last.start + before + 1)

    def _span(self, at: int) -> tuple[Span, int]:
        number = max(bisect_right(self._starts, at) - 1, 0)
        return self.spans[number], max(at - self._starts[number], 0)


@dataclass(frozen=True)
class Direction:
    """How what follows is said: `(to the dough)`, without its brackets."""

    words: Words


@dataclass(frozen=True)
class Beat:
    """A silence: `(beat)`."""


Part = Words | Direction | Beat


@dataclass(frozen=True)
class Heading:
    """Where a scene begins."""

    words: Words


@dataclass(frozen=True)
class Action:
    """What is seen, or said by nobody."""

    words: Words


@dataclass(frozen=True)
class Aside:
    """What is never spoken, and why."""

    words: Words
    why: str
    """One sentence."""


@dataclass(frozen=True)
class Speech:
    """What a character says in one go."""

    character: str
    """The name alone, as it is written first."""
    cue: Span
    """Where the name stands, with whatever stands with it."""
    parts: tuple[Part, ...] = ()
    dual: bool = False
    """It is said together with the speech before it."""
    voice: str | None = None
    """Id or name of the voice that the document asks for."""
    pause_after: float | None = None
    """Seconds that the document asks for."""

    def saying(self, *parts: Part) -> "Speech":
        """The same with more said."""
        return replace(self, parts=(*self.parts, *parts))


Element = Heading | Action | Aside | Speech


@dataclass(frozen=True)
class Script:
    """A script, in the order of the document."""

    elements: list[Element]
    title: str = ""
    author: str = ""
    warnings: list[str] = field(default_factory=list[str])
    unit: str = "Line"
    """What the numbers of places count."""

    @cached_property
    def speeches(self) -> list[Speech]:
        return [element for element in self.elements if isinstance(element, Speech)]


def lines_of(text: str) -> list[Span]:
    """The lines of a document, `\\n` between them; blank ones too."""
    lines: list[Span] = []
    start = 0
    for number, line in enumerate(text.split("\n"), 1):
        lines.append(Span(line, number, start))
        start += len(line) + 1
    return lines
