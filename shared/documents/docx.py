"""Word documents as a book: chapters by the styles of headings, tables row by row, no macros."""

import io
import zipfile
from collections.abc import Iterator, Sequence
from typing import Any, cast
from xml.etree.ElementTree import Element

import docx
from docx.opc.exceptions import OpcError

from shared.documents import markup, outline
from shared.documents.book import Book, LeftOut, Paragraph, placed
from shared.documents.markdown import spoken
from shared.documents.packed import Packed, damaged

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_CHOICE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Choice"
_VALUE = f"{_WORD}val"
_TYPES = "[Content_Types].xml"
_MACROS = b"application/vnd.ms-word.document.macroEnabled.main+xml"
_TEMPLATES = (
    b"application/vnd.openxmlformats-officedocument.wordprocessingml.template.main+xml",
    b"application/vnd.ms-word.template.macroEnabledTemplate.main+xml",
)
_PLAIN = b"application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
_XML = (".xml", ".rels")
_DECLARATIONS = (b"<!DOCTYPE", b"<!ENTITY")
_WIDE = (b"\xff\xfe", b"\xfe\xff")
_HEADING = "heading "
_TITLE_STYLE = "title"
_SUBTITLE_STYLE = "subtitle"
_CONTENTS_STYLE = "toc "
_LEVELS = 6
_SIGNS = {"tab": " ", "br": "\n", "cr": "\n", "noBreakHyphen": "-"}
_UNSAID = frozenset({"pPr", "rPr", "del", "moveFrom", "instrText", "rt"})
"""Properties, what was struck out, the formulas of fields, and how characters are read."""

_IGNORED_MACROS = "The document has macros, which are ignored."
_IGNORED_NOTES = "The document has footnotes, which are not read."
_PICTURE = "It is a picture."
_BOX = "It is in a text box, which stands nowhere in the order of reading."
_CONTENTS = "It is of the table of contents."
_IN_TAGS = "The title of the document is not announced: it goes into the tags."


def book(data: bytes) -> Book:
    """The book in a Word document; nothing in it is run or fetched. Raises UnreadableDocument."""
    packed = Packed(data)
    names = packed.names()
    document = _opened(_harmless(packed, names))
    reader = _Reader(_styles(document))
    body = cast(Element | None, document.element.body)
    if body is None:
        raise damaged("it has no body.")
    reader.over(body)
    properties = document.core_properties
    title = str(properties.title or "").strip()[:300] or reader.title
    arranged = outline.arrange(reader.paragraphs, title)
    return Book(
        [placed(chapter) for chapter in arranged.chapters],
        title=arranged.title,
        author=str(properties.author or "").strip()[:300],
        language=spoken(str(properties.language or "")),
        left_out=[*reader.left_out, *_without_places(arranged.left_out)],
        warnings=list(_warnings(names, reader.noted)),
    )


def _without_places(left_out: Sequence[LeftOut]) -> list[LeftOut]:
    return [LeftOut(it.text, it.why) for it in left_out]


def _warnings(names: Sequence[str], noted: bool) -> Iterator[str]:
    if any(name.lower().endswith("vbaproject.bin") for name in names):
        yield _IGNORED_MACROS
    if noted:
        yield _IGNORED_NOTES


# --- the package ---


def _harmless(packed: Packed, names: Sequence[str]) -> bytes:
    """The document with nothing in it but XML: python-docx unpacks all that it finds, unbounded.

    Pictures, fonts and macros stay as empty files, for others refer to them.
    """
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as copy:
        for name in names:
            if name.endswith("/"):
                continue
            data = packed.read(name) if name.lower().endswith(_XML) else b""
            copy.writestr(zipfile.ZipInfo(name), _checked(name, data or b""))
    return target.getvalue()


def _checked(name: str, data: bytes) -> bytes:
    if data.startswith(_WIDE):
        data = data.decode("utf-16", "replace").encode()
    if any(word in data for word in _DECLARATIONS):
        raise damaged(f"{name[:100]!r} in it declares entities, as no Word document does.")
    if name == _TYPES:
        for kind in (_MACROS, *_TEMPLATES):
            data = data.replace(kind, _PLAIN)
    return data


def _opened(data: bytes) -> Any:
    try:
        return docx.Document(io.BytesIO(data))
    except (OpcError, KeyError, ValueError, AttributeError, SyntaxError) as error:
        # What python-docx and lxml raise over a package with missing or broken parts.
        raise damaged("parts of it are missing or broken.") from error


def _styles(document: Any) -> dict[str, tuple[str, int]]:
    """Id of each style → its name in lower case, and the level of heading that it stands for."""
    based: dict[str, str] = {}
    found: dict[str, tuple[str, int]] = {}
    for style in cast(Element, document.styles.element).iter(f"{_WORD}style"):
        own = style.get(f"{_WORD}styleId", "")
        name = _value(style.find(f"{_WORD}name")).lower()
        based[own] = _value(style.find(f"{_WORD}basedOn"))
        found[own] = (name, _level(name) or _outline(style.find(f"{_WORD}pPr")))
    return {
        own: (name, level or _inherited(own, based, found)) for own, (name, level) in found.items()
    }


def _inherited(own: str, based: dict[str, str], found: dict[str, tuple[str, int]]) -> int:
    for _ in range(10):
        own = based.get(own, "")
        if own in found and found[own][1]:
            return found[own][1]
    return 0


def _level(name: str) -> int:
    digits = name.removeprefix(_HEADING)
    return min(int(digits), _LEVELS) if digits != name and digits in "123456789" else 0


def _outline(properties: Element | None) -> int:
    value = "" if properties is None else _value(properties.find(f"{_WORD}outlineLvl"))
    return min(int(value) + 1, _LEVELS) if value in tuple("012345678") else 0


def _value(element: Element | None) -> str:
    return "" if element is None else element.get(_VALUE, "")


# --- the text ---


class _Reader:
    def __init__(self, styles: dict[str, tuple[str, int]]) -> None:
        self._styles = styles
        self.paragraphs: list[Paragraph] = []
        self.left_out: list[LeftOut] = []
        self.title = ""
        self.noted = False
        """Whether there are footnotes."""

    def over(self, parent: Element) -> None:
        for child in parent:
            match markup.local(child.tag):
                case "p":
                    self._paragraph(child)
                case "tbl":
                    self._table(child)
                case "sdt" | "sdtContent" | "ins" | "customXml" | "moveTo":
                    self.over(child)
                case _:
                    pass

    def _paragraph(self, element: Element) -> None:
        text = self._text(element)
        if not text:
            return
        name, level = self._style(element)
        if name == _TITLE_STYLE and not self.title:
            self.title = text[:300]
            self.left_out.append(LeftOut(text, _IN_TAGS))
        elif name.startswith(_CONTENTS_STYLE):
            self.left_out.append(LeftOut(text, _CONTENTS))
        else:
            self.paragraphs.append(Paragraph(text, level=level))

    def _style(self, element: Element) -> tuple[str, int]:
        properties = element.find(f"{_WORD}pPr")
        if properties is None:
            return "", 0
        name, level = self._styles.get(_value(properties.find(f"{_WORD}pStyle")), ("", 0))
        return name, level or _outline(properties)

    def _table(self, table: Element) -> None:
        for row in table.iter(f"{_WORD}tr"):
            cells = (self._cell(cell) for cell in row if markup.local(cell.tag) == "tc")
            if text := ", ".join(cell for cell in cells if cell):
                self.paragraphs.append(Paragraph(text))

    def _cell(self, cell: Element) -> str:
        own = (self._text(it) for it in cell if markup.local(it.tag) == "p")
        return " ".join(text for text in own if text)

    def _text(self, paragraph: Element) -> str:
        return "".join(self._pieces(paragraph)).strip()

    def _pieces(self, parent: Element) -> Iterator[str]:
        for child in parent:
            match markup.local(child.tag):
                case "t":
                    yield child.text or ""
                case "tab" | "br" | "cr" | "noBreakHyphen" as name:
                    yield _SIGNS[name]
                case "drawing" | "pict" | "object":
                    self._leave(child)
                case "footnoteReference" | "endnoteReference":
                    self.noted = True
                case "AlternateContent":
                    if (choice := child.find(_CHOICE)) is not None:
                        yield from self._pieces(choice)
                case name:
                    if name not in _UNSAID:
                        yield from self._pieces(child)

    def _leave(self, drawing: Element) -> None:
        boxed = " ".join(it.text or "" for it in drawing.iter(f"{_WORD}t")).strip()
        if boxed:
            self.left_out.append(LeftOut(boxed, _BOX))
            return
        named = (it for it in drawing.iter() if markup.local(it.tag) == "docPr")
        shown = next(named, None)
        text = "" if shown is None else shown.get("descr") or shown.get("name") or ""
        self.left_out.append(LeftOut(text, _PICTURE))
