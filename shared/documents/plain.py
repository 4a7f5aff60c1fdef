"""Plain text as a book: paragraphs by blank lines, or one a line, and titles among them."""

import re
from collections.abc import Iterator

from shared.documents import outline, titles
from shared.documents.book import MARKER, Book, LeftOut, Paragraph

_LINE = re.compile(r"[^\n]+")
_LINE_ABOVE = re.compile(r"^[^\S\n]*+\S[^\n]*+(?=\n[^\S\n]*+\S)", re.MULTILINE)
_BLOCK = re.compile(r"\S[^\n]*+(?:\n[^\S\n]*+\S[^\n]*+)*+")
_HEADING = re.compile(r"(#{1,6})[ \t]+(\S.*?)[ \t#]*")
_FACT = re.compile(r"<<\s*METADATA_(\w+)\s*:\s*([^<>\n]*?)\s*>>", re.IGNORECASE)
_ENDS = re.compile(r"[.!?…。！？:：;；\"'”’»」』)）][\"'”’»」』)）]*\s*$")
_LOOKED_AT = 2_000
"""Lines by which it is told how a text is written."""
_MOSTLY = 0.6
"""Share of lines that end where sentences do, above which each is a paragraph: of lines broken at a
width, one in five or so does."""
_GUTENBERG = re.compile(
    r"^\*{3}\s*(START|END) OF (?:THE|THIS) PROJECT GUTENBERG[^\n]*$", re.MULTILINE
)
_LICENCE = "It is the licence of Project Gutenberg, not the text."
_SETTING = "It says how the document is to be read."


def book(text: str) -> Book:
    """The book in a plain text; places are in `text`."""
    start, end, left_out = _body(text)
    facts: dict[str, str] = {}
    paragraphs: list[Paragraph] = []
    for found in _paragraphs(text, start, end):
        if fact := _FACT.fullmatch(found.text):
            facts[fact[1].lower()] = fact[2]
            left_out.append(outline.left(found, _SETTING))
        else:
            paragraphs.append(found)
    arranged = outline.arrange(paragraphs, facts.get("title", ""))
    return Book(
        arranged.chapters,
        title=arranged.title,
        author=facts.get("author", facts.get("artist", "")),
        text=text,
        left_out=left_out + arranged.left_out,
    )


def _body(text: str) -> tuple[int, int, list[LeftOut]]:
    """Where the text itself begins and ends, without the licence around it."""
    start, end = 0, len(text)
    for mark in _GUTENBERG.finditer(text):
        if mark[1] == "START":
            start = mark.end()
        else:
            end = mark.start()
            break
    around = ((0, start), (end, len(text)))
    left_out = [LeftOut(text[a:b].strip(), _LICENCE, a, b) for a, b in around if text[a:b].strip()]
    return start, max(start, end), left_out


def _paragraphs(text: str, start: int, end: int) -> Iterator[Paragraph]:
    one_a_line = _one_a_line(text, start, end)
    for block in _BLOCK.finditer(text, start, end):
        if one_a_line:
            yield from (_lone(line) for line in _LINE.finditer(text, block.start(), block.end()))
        else:
            yield from _of_block(text, block)


def _one_a_line(text: str, start: int, end: int) -> bool:
    """Told by the lines that have another right below them."""
    seen = finished = 0
    for line in _LINE_ABOVE.finditer(text, start, end):
        seen += 1
        finished += bool(_ENDS.search(line[0][-8:]))
        if seen == _LOOKED_AT:
            break
    return finished > _MOSTLY * seen


def _of_block(text: str, block: re.Match[str]) -> Iterator[Paragraph]:
    """A paragraph, and the titles that stand right above it or by themselves."""
    at = block.start()
    for line in _LINE.finditer(text, block.start(), block.end()):
        if at < line.start() or not _is_title(line[0]):
            if _is_title(line[0]) and not titles.begins_chapter(line[0]):
                yield from _prose(text, at, line.start())
                yield _lone(line)
                at = line.end()
            continue
        yield _lone(line)
        at = min(line.end() + 1, block.end())
    yield from _prose(text, at, block.end())


def _prose(text: str, start: int, end: int) -> Iterator[Paragraph]:
    inner = text[start:end].strip()
    if inner:
        yield Paragraph(inner, ((0, text.index(inner[:1], start)),))


def _lone(line: re.Match[str]) -> Paragraph:
    """A line that is a paragraph or a title by itself."""
    text = line[0].strip()
    at = line.start() + line[0].index(text)
    if (title := titles.marked(text)) is not None:
        return Paragraph(title, ((0, at + text.index(title)),), MARKER)
    if heading := _HEADING.fullmatch(text):
        return Paragraph(heading[2], ((0, at + heading.start(2)),), len(heading[1]))
    return Paragraph(text, ((0, at),))


def _is_title(line: str) -> bool:
    line = line.strip()
    return (
        titles.marked(line) is not None
        or _HEADING.fullmatch(line) is not None
        or titles.begins_chapter(line)
        or _FACT.fullmatch(line) is not None
    )
