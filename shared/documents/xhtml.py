"""The paragraphs of one page of an EPUB."""

import html
import re
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element

from shared.documents import decoding, markup
from shared.documents.book import LeftOut, Paragraph

_EPUB = "{http://www.idpf.org/2007/ops}type"


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


_BLOCKS = words(
    "address article aside blockquote body caption center dd details div dl dt fieldset "
    "figcaption figure footer form h1 h2 h3 h4 h5 h6 header hgroup li main menu nav ol p pre "
    "section summary table tbody tfoot thead tr ul"
)
_CELLS = frozenset({"td", "th"})
_UNSAID = words("head script style template rt rp")
"""No text of the page; `rt` says how a word is read, which the word itself says too."""
_SHOWN = words("noscript svg math audio video object iframe canvas select textarea button")
"""What is looked at, or worked with."""
_NOTES = frozenset({"footnote", "footnotes", "endnote", "endnotes", "rearnote", "rearnotes"})
_MARKS = frozenset({"noteref", "pagebreak", "backlink"})
_SELF_CLOSED = re.compile(
    r"<(a|b|i|em|p|div|span|script|style|title|iframe|textarea)(\s[^<>]*)?/>", re.IGNORECASE
)
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]{1,31});")
_KEPT = frozenset({"amp", "lt", "gt", "quot", "apos"})
_DECLARED = re.compile(r"\A\s*<\?xml[^>]*\?>|<!DOCTYPE[^>\[]*(?:\[[^\]]*\])?\s*>", re.IGNORECASE)
_BLANKS = re.compile(r"[^\S\n\xa0\u3000]+|[^\S\n\xa0\u3000]*\n[^\S\xa0\u3000]*")
_LINE_BREAK = "\ue001"
"""Stands for `<br>` until the blanks of the source, which mean nothing, are gone."""

_PICTURE = "It is a picture."
_FOOTNOTE = "It is a footnote."
_HIDDEN = "It is hidden in the book."
_LOOKED_AT = "It is a drawing, a formula or the like."


@dataclass
class Page:
    """What is on a page, in order."""

    paragraphs: list[Paragraph] = field(default_factory=list[Paragraph])
    """Their places say nothing yet."""
    ids: dict[str, int] = field(default_factory=dict[str, int])
    """What links point to → number of the paragraph that comes then."""
    types: frozenset[str] = frozenset()
    """What the page says it is: the words of `epub:type` and `role` on its body or sole section."""
    left_out: list[LeftOut] = field(default_factory=list[LeftOut])
    broken: bool = False
    """Whether it was no proper XHTML."""


def read(data: bytes, name: str) -> Page:
    """The text of a page. Raises UnreadableDocument for what is no text."""
    root, broken = _tree(decoding.text_of(data))
    page = Page(broken=broken)
    if root is not None:
        body = next(root.iter("body"), root)
        page.types = _types_of_page(body)
        _Walk(page, name).over(body)
    return page


def tree(data: bytes) -> Element | None:
    """The elements of a page, without namespaces. Raises UnreadableDocument for what is no text."""
    return _tree(decoding.text_of(data))[0]


def _tree(text: str) -> tuple[Element | None, bool]:
    """The page as XML, where that fails as the HTML that browsers make of it."""
    text = _DECLARED.sub("", text, count=2)
    try:
        root = markup.tree(_ENTITY.sub(_character, text).encode())
    except markup.Malformed:
        return markup.page(_SELF_CLOSED.sub(r"<\1\2></\1>", text)), True
    for element in root.iter():
        element.tag = markup.local(element.tag)
    return root, False


def _character(entity: re.Match[str]) -> str:
    if entity[1] in _KEPT:
        return entity[0]
    return html.escape(html.unescape(entity[0]), quote=False)


def _types_of_page(body: Element) -> frozenset[str]:
    found = types(body)
    inner = body
    for _ in range(3):
        if len(inner) != 1:
            break
        inner = inner[0]
        found |= types(inner)
    return found


def types(element: Element) -> frozenset[str]:
    """What an element says it is: the words of `epub:type` and `role`."""
    words = f"{element.get(_EPUB) or element.get('epub:type') or ''} {element.get('role') or ''}"
    return frozenset(word.removeprefix("doc-") for word in words.lower().split())


class _Walk:
    def __init__(self, page: Page, name: str) -> None:
        self._page = page
        self._name = name
        self._parts: list[str] = []
        self._level = 0

    def over(self, root: Element) -> None:
        """Every element, in order, without recursion."""
        self._open(root)
        stack = [(root, iter(root))]
        while stack:
            element, children = stack[-1]
            child = next(children, None)
            if child is None:
                stack.pop()
                self._close(element)
                if stack:
                    self._parts.append(element.tail or "")
            elif not self._enters(child):
                self._note_id(child)
                self._parts.append(child.tail or "")
            else:
                self._open(child)
                stack.append((child, iter(child)))
        self._end()

    def _enters(self, element: Element) -> bool:
        """Whether its text is read; what is not is accounted for."""
        said = types(element)
        if said & _NOTES:
            return self._leave(element, _FOOTNOTE)
        if element.tag in ("img", "image"):
            shown = element.get("alt") or element.get("src") or ""
            self._page.left_out.append(LeftOut(shown, _PICTURE, id=self._name))
            return False
        if element.tag == "br":
            self._parts.append(_LINE_BREAK)
            return False
        if element.tag == "hr":
            self._end()
            return False
        if element.get("hidden") is not None:
            return self._leave(element, _HIDDEN)
        if element.tag in _SHOWN:
            return self._leave(element, _LOOKED_AT)
        return element.tag not in _UNSAID and not said & _MARKS

    def _leave(self, element: Element, why: str) -> bool:
        text = " ".join("".join(element.itertext()).split())
        if text:
            self._page.left_out.append(LeftOut(text, why, id=self._name))
        return False

    def _open(self, element: Element) -> None:
        tag = element.tag
        if tag in _BLOCKS:
            self._end()
        self._note_id(element)
        if len(tag) == 2 and tag[0] == "h" and tag[1] in "123456":
            self._level = int(tag[1])
        self._parts.append(element.text or "")

    def _close(self, element: Element) -> None:
        if element.tag in _BLOCKS:
            self._end()
        elif element.tag in _CELLS:
            self._parts.append(", ")

    def _note_id(self, element: Element) -> None:
        for name in (element.get("id"), element.get("name")):
            if name:
                self._page.ids.setdefault(name, len(self._page.paragraphs))

    def _end(self) -> None:
        text = _BLANKS.sub(" ", "".join(self._parts)).strip(" ,").replace(_LINE_BREAK, "\n")
        if text.strip():
            self._page.paragraphs.append(Paragraph(text.strip(), level=self._level))
        self._parts, self._level = [], 0
