"""Chapters out of a row of paragraphs: by markers, by headings, or by lines like `Chapter 12`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from shared.documents import titles
from shared.documents.book import MARKER, BookChapter, LeftOut, Paragraph

_CONTENTS = 3
"""So many titles with nothing between them are the contents."""
_TITLE = "The title of the document is not announced: it goes into the tags."
_IN_CONTENTS = "It looks like a table of contents."


@dataclass(frozen=True)
class Outline:
    """A document in chapters."""

    chapters: list[BookChapter]
    title: str = ""
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])


def arrange(paragraphs: Sequence[Paragraph], title: str = "") -> Outline:
    """The chapters of a document; one without a title where nothing says that there are more.

    `title` is that of the document, where it is known; else a single topmost heading over others is
    taken for it.
    """
    marked = _with_headings(paragraphs)
    levels = _levels(marked)
    left_out: list[LeftOut] = []
    if title_at := _title(marked, levels):
        levels = _levels([it for it in marked if it is not title_at])
        title = title or title_at.text
        left_out.append(left(title_at, _TITLE))
    kept: list[BookChapter] = []
    for run in _runs(_cut([it for it in marked if it is not title_at], levels, title)):
        if len(run) < _CONTENTS:
            kept += run
        else:
            left_out += [left(it.heading, _IN_CONTENTS) for it in run if it.heading]
    return Outline(kept, title, left_out)


def left(paragraph: Paragraph, why: str) -> LeftOut:
    """A paragraph that is not read."""
    start, end = paragraph.whole
    return LeftOut(paragraph.text, why, start, end)


def _with_headings(paragraphs: Sequence[Paragraph]) -> list[Paragraph]:
    """Headings that are whole paragraphs made prose; lines like titles, where there are no others,
    made headings."""
    mended = [replace(it, level=0) if len(it.text) > titles.LONGEST else it for it in paragraphs]
    if any(it.level for it in mended):
        return mended
    return [replace(it, level=1) if titles.begins_chapter(it.text) else it for it in mended]


def _levels(paragraphs: Sequence[Paragraph]) -> set[int]:
    """The levels of heading at which a chapter begins."""
    if any(it.level == MARKER for it in paragraphs):
        return {MARKER}
    used = sorted({it.level for it in paragraphs if it.level})
    if len(used) > 1 and _has_parts(paragraphs, used[0], used[1]):
        return set(used[:2])
    return set(used[:1])


def _has_parts(paragraphs: Sequence[Paragraph], top: int, below: int) -> bool:
    """Whether most topmost headings stand right over one of the next level: `Part One`, `One`."""
    headings = sum(it.level == top for it in paragraphs)
    over = sum(a.level == top and b.level == below for a, b in pairwise(paragraphs))
    return headings > 1 and 2 * over > headings


def _title(paragraphs: Sequence[Paragraph], levels: set[int]) -> Paragraph | None:
    """The one topmost heading of a document that has others below it."""
    headings = [it for it in paragraphs if it.level > 0]
    if len(headings) < 2 or MARKER in levels:
        return None
    first, *others = headings
    return first if all(first.level < it.level for it in others) else None


def _cut(paragraphs: Sequence[Paragraph], levels: set[int], title: str) -> Iterator[BookChapter]:
    opening: list[Paragraph] = []
    current: BookChapter | None = None
    for it in paragraphs:
        if it.level in levels:
            if current or opening:
                yield current or _opening(opening, title)
            opening = []
            current = BookChapter(it.text, [], it, titles.is_front(it.text))
        else:
            (current.paragraphs if current else opening).append(it)
    if current or opening:
        yield current or BookChapter("", opening)


def _opening(paragraphs: list[Paragraph], title: str) -> BookChapter:
    """What stands before the first chapter: a title page, or the text itself."""
    return BookChapter(
        title, paragraphs, front=titles.is_title_page([it.text for it in paragraphs])
    )


def _runs(chapters: Iterator[BookChapter]) -> Iterator[list[BookChapter]]:
    """Chapters one by one, and those together that have nothing between their titles.

    The last of a document are no contents, for nothing comes after them.
    """
    empty: list[BookChapter] = []
    for chapter in chapters:
        if chapter.heading and not chapter.paragraphs:
            empty.append(chapter)
        else:
            yield empty
            yield [chapter]
            empty = []
    yield from ([chapter] for chapter in empty)
