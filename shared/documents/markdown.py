"""Markdown as a book: headings, lists, quotes and tables as prose, code and pictures left out."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.token import Token

from shared import languages
from shared.documents import outline, plain, titles
from shared.documents.book import MARKER, Book, LeftOut, Paragraph

_COMMENT = ("<!--", "-->")
_TAG = re.compile(
    r"</?(?:a|abbr|b|big|blockquote|br|center|cite|code|dd|del|details|div|dl|dt|em|figcaption"
    r"|figure|font|hr|i|img|ins|kbd|li|mark|ol|q|small|span|strong|summary|sup|table|tbody|td|tfoot"
    r"|th|thead|tr|u|ul)(?:\s[^<>]{0,1000})?/?>",
    re.IGNORECASE,
)
"""HTML that says nothing about speech; what SSML has too is left to those who read the text."""
_FACTS = re.compile(r"\A---[ \t]*\n((?:[^\n]*\n){1,60}?)(?:---|\.\.\.)[ \t]*\n")
_FACT = re.compile(r"^(title|author|lang|language)[ \t]*:[ \t]*(\S.*?)[ \t]*$", re.MULTILINE)
_NOTE_MARK = "\ue000"
"""Stands for the bracket before a footnote's number, lest the note be taken for a link's address:
a character that no text has."""
_NUMBERED = re.compile(r"\[(?=\^[^\]\s]{1,60}\])")
_NOTE = re.compile(_NOTE_MARK + r"\^[^\]\s]{1,60}\]")
_NOTE_ITSELF = re.compile(_NOTE.pattern + ":")
_QUOTES = "\"'"
_BOX = re.compile(r"^([ \t>]{0,20}(?:[-*+]|\d{1,9}[.)])[ \t]+)\[[ xX]\](?=[ \t])", re.MULTILINE)
"""Of a task in a list: `- [x] done`."""

_CODE = "It is code."
_PICTURE = "It is a picture."
_BREAK = "It is a break: a pause is left here."
_FOOTNOTE = "It is a footnote."
_IS_COMMENT = "It is a comment."
_REFERENCE = "It is the address of a link."
_HEADER = "It says what the document is, and is no part of its text."

_PARSER = MarkdownIt("commonmark", {"html": False}).enable("table").disable(["code", "text_join"])
"""Tags stay text, for those of speech are among them; indented text is prose; and what was escaped
stays apart, so that each piece of text is found again in the source."""


def book(text: str) -> Book:
    """The book in a Markdown text; places are in `text`."""
    header = _FACTS.match(text)
    facts = _facts(header[1]) if header else {}
    start = header.end() if header else 0
    comments = list(_comments(text, start))
    parsed = _blanked(text, start, comments)
    env: dict[str, Any] = {}
    tokens = _PARSER.parse(parsed, env)
    found = _Finder(text, parsed)
    left_out = [LeftOut(header[0].strip(), _HEADER, 0, header.end())] if header else []
    left_out += [LeftOut(text[a:b], _IS_COMMENT, a, b) for a, b in comments]
    for link in (*env.get("references", {}).values(), *env.get("duplicate_refs", ())):
        found.leave(link["map"], _REFERENCE)
    paragraphs = list(_paragraphs(tokens, found))
    is_prose = not any(paragraph.level for paragraph in paragraphs) and _is_plain(tokens)
    if is_prose and not left_out:
        return plain.book(text)
    arranged = outline.arrange(paragraphs, facts.get("title", ""))
    return Book(
        arranged.chapters,
        title=arranged.title,
        author=facts.get("author", ""),
        language=spoken(facts.get("lang", facts.get("language", ""))),
        text=text,
        left_out=sorted(
            left_out + found.left_out + arranged.left_out, key=lambda it: it.start or 0
        ),
    )


def spoken(language: str) -> str:
    """A language that a document names, canonical; empty for one that is not spoken here."""
    code = language.strip().lower().replace("_", "-").split("-")[0]
    return languages.NAMES.get(code, code if code in languages.CODES else "")


def _is_plain(tokens: Sequence[Token]) -> bool:
    """Whether nothing but paragraphs is in it: then it may as well be plain text."""
    return all(token.type.startswith("paragraph_") or token.type == "inline" for token in tokens)


def _facts(header: str) -> dict[str, str]:
    return {name: value.strip(_QUOTES) for name, value in _FACT.findall(header)}


def _comments(text: str, start: int) -> Iterator[tuple[int, int]]:
    opening, closing = _COMMENT
    while (start := text.find(opening, start)) >= 0 and (end := text.find(closing, start)) >= 0:
        yield start, end + len(closing)
        start = end + len(closing)


def _blanked(text: str, header: int, comments: Sequence[tuple[int, int]]) -> str:
    """The text with blanks for what is no text, so that every character keeps its place."""

    parts: list[str] = []
    at = header
    for start, end in comments:
        parts += (text[at:start], _blank(text[start:end]))
        at = end
    body = _TAG.sub(lambda tag: _blank(tag[0]), "".join((*parts, text[at:])))
    body = _BOX.sub(lambda box: box[1] + _blank(box[0][len(box[1]) :]), body)
    return _blank(text[:header]) + _NUMBERED.sub(_NOTE_MARK, body)


def _blank(text: str) -> str:
    return re.sub(r"[^\n]", " ", text)


def _paragraphs(tokens: Sequence[Token], found: "_Finder") -> Iterator[Paragraph]:
    level = 0
    row: list[Paragraph] | None = None
    for token in tokens:
        match token.type:
            case "heading_open":
                level = int(token.tag[1:])
            case "tr_open":
                row = []
            case "tr_close":
                yield from _joined(row or [])
                row = None
            case "inline" if _NOTE_ITSELF.match(token.content):
                found.leave(token.map, _FOOTNOTE)
            case "inline":
                paragraph = found.paragraph(token, level)
                level = 0
                if row is None:
                    yield from _prose(paragraph)
                else:
                    row.append(paragraph)
            case "fence" | "code_block":
                found.leave(token.map, _CODE)
            case "hr":
                found.leave(token.map, _BREAK)
            case _:
                pass


def _prose(paragraph: Paragraph) -> Iterator[Paragraph]:
    if not paragraph.text.strip():
        return
    title = titles.marked(paragraph.text)
    if title is None:
        yield paragraph
    else:
        at = paragraph.text.index(title)
        yield Paragraph(title, ((0, paragraph.span(at, at)[0]),), MARKER)


def _joined(cells: Sequence[Paragraph]) -> Iterator[Paragraph]:
    """A row of a table as one paragraph."""
    full = [cell for cell in cells if cell.text.strip()]
    starts = accumulate((len(cell.text) + 2 for cell in full), initial=0)
    places = [
        (start + here, there)
        for start, cell in zip(starts, full, strict=False)
        for here, there in cell.places
    ]
    if full:
        yield Paragraph(", ".join(cell.text for cell in full), tuple(places))


class _Finder:
    """Finds the pieces of a parsed text again in its source."""

    def __init__(self, source: str, parsed: str) -> None:
        """`parsed` is the source with some of its characters replaced one by one."""
        self.left_out: list[LeftOut] = []
        self._source = source
        self._parsed = parsed
        self._lines = [0, *(found.end() for found in re.finditer("\n", source)), len(source)]
        self._at = 0

    def leave(self, lines: Sequence[int] | None, why: str) -> None:
        """Lines from and to, the last not included, that are not read."""
        start, end = self._range(lines)
        self._leave(start, end, why)

    def paragraph(self, token: Token, level: int) -> Paragraph:
        """The text of a block; pictures and footnotes in it are left out."""
        start, end = self._range(token.map)
        # The cells of a row stand in one line, one after the other.
        self._at = max(start, min(self._at, end))
        parts: list[str] = []
        places: list[tuple[int, int]] = []
        length = 0
        for text, at in self._pieces(token.children or [], end):
            for piece, offset in _without_notes(text):
                parts.append(piece)
                places.append((length, at + offset))
                length += len(piece)
        return Paragraph("".join(parts), tuple(places) or ((0, start),), level)

    def _pieces(self, children: Sequence[Token], end: int) -> Iterator[tuple[str, int]]:
        for child in children:
            match child.type:
                case "text" | "code_inline":
                    if child.content:
                        yield child.content, self._find(child.content, end)
                case "text_special":
                    yield child.content, self._find(child.markup or child.content, end)
                case "softbreak" | "hardbreak":
                    yield "\n", self._find("\n", end)
                case "link_close":
                    self._pass_address(end)
                case "image":
                    start = self._find("![", end)
                    self._at = start + 2 + len(child.content)
                    self._pass_address(end)
                    self._leave(start, self._at, _PICTURE)
                case _:
                    pass

    def _find(self, piece: str, end: int) -> int:
        at = self._parsed.find(piece, self._at, end)
        if at < 0:
            return self._at
        self._at = at + len(piece)
        return at

    def _pass_address(self, end: int) -> None:
        """Go on behind `](address "title")`, `][name]` or `>`."""
        closing = re.compile(r"[*_`]*(?:\](?:\((?:[^()\n]|\([^()\n]*\))*\)|\[[^\]\n]*\])?|>)")
        if found := closing.match(self._parsed, self._at, end):
            self._at = found.end()

    def _leave(self, start: int, end: int, why: str) -> None:
        self.left_out.append(LeftOut(self._source[start:end].strip(), why, start, end))

    def _range(self, lines: Sequence[int] | None) -> tuple[int, int]:
        if not lines:
            # Cells have none of their own: they come after what was found last.
            return self._at, self._lines[bisect_right(self._lines, self._at)]
        first, last = lines
        return self._lines[first], self._lines[min(last, len(self._lines) - 1)]


def _without_notes(text: str) -> Iterator[tuple[str, int]]:
    """The parts of a piece of text around the numbers of footnotes, and where each begins."""
    at = 0
    for note in _NOTE.finditer(text):
        yield text[at : note.start()], at
        at = note.end()
    yield text[at:], at
