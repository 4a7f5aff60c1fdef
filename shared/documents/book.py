"""A document as it is read aloud: chapters of paragraphs, each knowing its place in the source."""

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from math import inf

MARKER = -1
"""Level of a line that somebody put there to say that a chapter begins."""
_BETWEEN = "\n\n"


@dataclass(frozen=True)
class Paragraph:
    """What stands by itself: a paragraph, an item of a list, a row of a table, a heading."""

    text: str
    """Without the mark-up of the document; that of speech is still in it."""
    places: tuple[tuple[int, int], ...] = ((0, 0),)
    """Ascending: from this character of `text` on, this character of the source and those after."""
    level: int = 0
    """Of a heading, 1 to 6, or `MARKER`; 0: prose."""

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where `text[start:end]` stands in the source, mark-up within it included."""
        return self._at(start), self._at(max(start, end - 1)) + (end > start)

    @property
    def whole(self) -> tuple[int, int]:
        """Where all of it stands in the source."""
        return self.span(0, len(self.text))

    def _at(self, offset: int) -> int:
        here, there = self.places[max(0, bisect_right(self.places, (offset, inf)) - 1)]
        return there + offset - here


@dataclass(frozen=True)
class LeftOut:
    """Something in a document that is never read."""

    text: str
    why: str
    start: int | None = None
    """In the text of the document, where it has no files inside."""
    end: int | None = None
    id: str = ""
    """The file inside the document, or what it calls it."""


@dataclass(frozen=True)
class BookChapter:
    """A chapter, or what stands before the first."""

    title: str
    paragraphs: list[Paragraph]
    heading: Paragraph | None = None
    """Where the title stands."""
    front: bool = False
    """Whether it belongs to the book and not to the text: imprint, contents, dedication."""
    id: str = ""
    """The file inside the document that it begins in."""


@dataclass(frozen=True)
class Book:
    """A document, read as a book."""

    chapters: list[BookChapter]
    title: str = ""
    author: str = ""
    language: str = ""
    """Canonical; empty where the document does not say, or says one that nobody speaks."""
    text: str | None = None
    """The source that places are in; None where each chapter has its own."""
    cover: bytes | None = None
    """JPEG or PNG."""
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    warnings: list[str] = field(default_factory=list[str])


def placed(chapter: BookChapter) -> BookChapter:
    """The chapter with its places counted in its own text: its paragraphs, blank lines between."""
    at = 0
    moved: list[Paragraph] = []
    for paragraph in chapter.paragraphs:
        moved.append(replace(paragraph, places=((0, at),)))
        at += len(paragraph.text) + len(_BETWEEN)
    return replace(chapter, paragraphs=moved)


def length(paragraphs: Iterable[Paragraph]) -> int:
    """Characters of all of them."""
    return sum(len(paragraph.text) for paragraph in paragraphs)
