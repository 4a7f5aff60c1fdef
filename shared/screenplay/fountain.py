"""Fountain: fountain-py tells what each line is, and the document itself what stands on it.

The parser is given a copy that it cannot go wrong on: no notes, no carets, an `@` before names that
it would not know, no long lines; so line numbers and words are those of the document.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

from fountain import ElementType, FountainElement, FountainParser

from shared.screenplay.elements import (
    Action,
    Aside,
    Element,
    Heading,
    Script,
    Span,
    Speech,
    Words,
    lines_of,
)
from shared.screenplay.gathering import Kind, Paragraph, gather
from shared.voices import naming

_NOTE = "It is a note."
_CUT = "It is commented out."
_TITLE_PAGE = "It stands on the title page."
_NEVER_SPOKEN = {
    ElementType.TRANSITION: "It is a transition.",
    ElementType.SECTION: "It is a section of the outline.",
    ElementType.SYNOPSIS: "It is a synopsis.",
    ElementType.PAGE_BREAK: "It is a page break.",
    ElementType.NOTE: _NOTE,
    ElementType.BONEYARD: _CUT,
    ElementType.TITLE_PAGE: _TITLE_PAGE,
}
_KINDS = {
    ElementType.SCENE_HEADING: Kind.HEADING,
    ElementType.CHARACTER: Kind.CUE,
    ElementType.PARENTHETICAL: Kind.DIRECTION,
    ElementType.DIALOGUE: Kind.SAID,
    ElementType.LYRICS: Kind.SAID,
}
_OPENING = re.compile(r"/\*|\[\[")
_LONGEST_NOTE = 5_000
_MARKS = {
    ElementType.SCENE_HEADING: re.compile(r"\.?\s*(.*?)\s*(?:#[\w.-]+#)?", re.DOTALL),
    ElementType.CHARACTER: re.compile(r"@?(.*?)[\s^]*", re.DOTALL),
    ElementType.LYRICS: re.compile(r"~?(.*)", re.DOTALL),
    ElementType.ACTION: re.compile(r"!?(.*)", re.DOTALL),
    ElementType.CENTERED: re.compile(r">?(.*?)<?", re.DOTALL),
}
"""What stands around the words of a line."""
_HEADING = re.compile(r"(?:INT|EXT|EST|I/E)\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\([^()]*\)|（[^（）]*）")
_FORCED = tuple("@!.>~#=(（[-")
_ENDS_NO_NAME = tuple("!?:.,;…！？：。，；、")
_LONGEST_NAME = 40
_LONGEST_LINE = 200
"""Characters of a line by which it is told what it is."""
_LONGEST_BLOCK = 400
"""Lines after which an empty one is put in: the parser takes the square of the time for a block."""
_EMPTY = "  "
"""Two blanks on a line: what is said goes on after it."""


def read(text: str, cast: Collection[str] = ()) -> Script:
    """The script of a text. `cast` are names that are known to be characters, in any case.

    Those in upper case need not be among them; the names of scripts without upper case must, or
    have an `@` before them.
    """
    lines, hidden, warnings = _shown(text)
    copy = _copied(lines, {naming.folded(name) for name in cast})
    document = FountainParser().parse("\n".join(line.text for line in copy))
    elements = [element for element in document.elements if element.text]
    first = elements[0].line_number if elements else len(copy) + 1
    title_page = [Paragraph(_TITLE_PAGE, Words.of(line.spans)) for line in copy[: first - 1]]
    paragraphs = [_paragraph(element, copy) for element in elements]
    return Script(
        sorted([*gather(title_page), *_paired(gather(paragraphs)), *hidden], key=_line),
        title=_plain(document.metadata.get("title", "")),
        author=_plain(document.metadata.get("author") or document.metadata.get("authors", "")),
        warnings=warnings,
    )


# --- what is hidden ---


@dataclass(frozen=True)
class _Hidden:
    start: int
    end: int
    why: str
    """Empty where it is only the sign that should hide something."""


def _hidden(text: str) -> Iterator[_Hidden]:
    end = 0
    closed = True
    for opening in _OPENING.finditer(text):
        start = opening.start()
        if start < end:
            continue
        if opening[0] == "/*":
            close = text.find("*/", start + 2) if closed else -1
            closed = close >= 0
        else:
            close = _end_of_note(text, start)
        end = close + 2 if close >= 0 else start + 2
        why = "" if close < 0 else _CUT if opening[0] == "/*" else _NOTE
        yield _Hidden(start, end, why)


def _end_of_note(text: str, start: int) -> int:
    """-1 where an empty line comes before."""
    within = text[start : start + _LONGEST_NOTE].split("\n\n", 1)[0]
    close = within.find("]]")
    return close if close < 0 else start + close


def _shown(text: str) -> tuple[list[list[Span]], list[Element], list[str]]:
    """What is left of each line, in pieces; what is hidden; warnings of what is never closed.

    A line of which nothing is left is none, so that it ends no speech.
    """
    lines: list[list[Span]] = [[]]
    touched: set[int] = set()
    asides: list[Element] = []
    warnings: list[str] = []
    done = 0
    for cut in (*_hidden(text), _Hidden(len(text), len(text), "")):
        _extend(lines, _pieces(text, done, cut.start, len(lines)))
        if cut.why:
            inside = _pieces(text, cut.start, cut.end, len(lines))
            asides.append(Aside(Words.of(inside), cut.why))
            touched.update(range(len(lines), len(lines) + len(inside)))
            lines.extend([] for _ in inside[1:])
        elif cut.end > cut.start:
            sign = text[cut.start : cut.end]
            warnings.append(f"Line {len(lines)}: {sign!r} is never closed, so it hides nothing.")
        done = cut.end
    left = [
        spans
        for number, spans in enumerate(lines, 1)
        if number not in touched or any(span.text.strip() for span in spans)
    ]
    return left, asides, warnings


def _pieces(text: str, start: int, end: int, line: int) -> list[Span]:
    """A stretch of the document, cut where its lines end; `line` is the one it begins on."""
    return [
        Span(piece.text, line + piece.line - 1, start + (piece.start or 0))
        for piece in lines_of(text[start:end])
    ]


def _extend(lines: list[list[Span]], pieces: Sequence[Span]) -> None:
    lines[-1].append(pieces[0])
    lines.extend([piece] for piece in pieces[1:])


# --- what the parser is given ---


@dataclass(frozen=True)
class _Line:
    text: str
    """For the parser."""
    spans: tuple[Span, ...] = ()
    """In the document."""
    dual: bool = False


def _copied(lines: Sequence[Sequence[Span]], cast: Collection[str]) -> list[_Line]:
    left = [
        _Line("".join(span.text for span in spans)[:_LONGEST_LINE], tuple(spans)) for spans in lines
    ]
    copy: list[_Line] = []
    since_blank = 0
    for number, line in enumerate(left):
        follows = number + 1 < len(left) and bool(left[number + 1].text.strip())
        copy.append(_cued(line, cast) if follows and not since_blank else line)
        since_blank = since_blank + 1 if line.text.strip() else 0
        if since_blank == _LONGEST_BLOCK:
            copy.append(_Line(_EMPTY))
            since_blank = 1
    return copy


def _cued(line: _Line, cast: Collection[str]) -> _Line:
    """A line that may be a name, written so that the parser knows."""
    text = line.text.strip()
    name = text.rstrip(" \t^")
    dual = name != text.rstrip()
    bare = " ".join(_IN_BRACKETS.sub("", name.removeprefix("@")).split())
    if name.startswith("@") or naming.folded(bare) in cast or _is_name(name, bare):
        name = f"@{name.removeprefix('@')}"
        return replace(line, text=name, dual=dual)
    return line


def _is_name(text: str, bare: str) -> bool:
    return (
        bare.isupper()
        and len(bare) <= _LONGEST_NAME
        and not text.startswith(_FORCED)
        and not bare.endswith(_ENDS_NO_NAME)
        and ":" not in bare
        and not _HEADING.match(text)
    )


# --- what the parser says ---


def _paragraph(element: FountainElement, copy: Sequence[_Line]) -> Paragraph:
    first = element.line_number - 1
    many = element.type is ElementType.ACTION and element.text.count("\n") + 1
    lines = copy[first : first + (many or 1)]
    words = Words.of([span for line in lines for span in line.spans])
    if marks := _MARKS.get(element.type):
        found = marks.fullmatch(words.text)
        words = words.cut(*found.span(1)) if found else words
    kind = _NEVER_SPOKEN.get(element.type) or _KINDS.get(element.type, Kind.ACTION)
    return Paragraph(kind, words, dual=lines[0].dual)


def _paired(elements: Sequence[Element]) -> list[Element]:
    """Where both of two speeches have the caret, which only the second needs, they are the pair."""
    paired: list[Element] = []
    before = False
    speeches = [element for element in elements if isinstance(element, Speech)]
    after = iter([*(speech.dual for speech in speeches[1:]), False])
    for element in elements:
        if isinstance(element, Heading | Action):
            before = False
        if isinstance(element, Speech):
            follows = next(after)
            first = element.dual and not before and follows
            before = element.dual
            element = replace(element, dual=element.dual and not first)  # noqa: PLW2901
        paired.append(element)
    return paired


def _line(element: Element) -> int:
    return element.cue.line if isinstance(element, Speech) else element.words.spans[0].line


def _plain(text: str) -> str:
    """A title without marks of emphasis, on one line."""
    return " ".join(re.sub(r"[*_]+", "", text).split())
