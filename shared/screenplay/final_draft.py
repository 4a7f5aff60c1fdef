"""Final Draft's FDX: paragraphs of a type each, in XML."""

from dataclasses import dataclass, field
from xml.sax import SAXParseException
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml import DefusedXmlException
from defusedxml import sax as defused_sax  # pyright: ignore[reportMissingModuleSource]

from shared.errors import UnreadableDocument
from shared.screenplay.elements import Element, Script, Span, Words
from shared.screenplay.gathering import Kind, Paragraph, gather

_DEEPEST = 100
"""Elements within each other; Final Draft itself needs ten."""
_KINDS: dict[str, Kind | str] = {
    "scene heading": Kind.HEADING,
    "character": Kind.CUE,
    "parenthetical": Kind.DIRECTION,
    "dialogue": Kind.SAID,
    "lyrics": Kind.SAID,
    "singing": Kind.SAID,
    "transition": "It is a transition.",
    "cast list": "It is a list of the cast.",
    "new act": "It is the beginning of an act.",
    "end of act": "It is the end of an act.",
}
"""By the type of a paragraph; all others, such as Action, General and Shot, are seen or shown."""
_TITLE_PAGE = "It stands on the title page."
_APART = {
    "TitlePage": _TITLE_PAGE,
    "HeaderAndFooter": "It is the head or foot of a page.",
    "ScriptNote": "It is a note.",
    "Summary": "It is a synopsis.",
}
"""By the element that it is in."""


def read(data: bytes) -> Script:
    """The script of a file. Raises UnreadableDocument, naming the line where it can."""
    handler = _Handler()
    try:
        defused_sax.parseString(data, handler)
    except SAXParseException as error:
        raise UnreadableDocument(
            f"Line {error.getLineNumber()} of the FDX file: {error.getMessage()}.",
            param="source",
            hint="Save it again in Final Draft, and send that.",
        ) from error
    except DefusedXmlException as error:
        raise UnreadableDocument(
            "The FDX file declares entities, which no script needs; it is not read.",
            param="source",
        ) from error
    if not handler.is_script:
        raise UnreadableDocument("The XML file is no Final Draft script.", param="source")
    return Script(handler.elements(), title=handler.title)


@dataclass
class _Open:
    """A paragraph that has not ended."""

    kind: Kind | str
    line: int
    texts: list[str] = field(default_factory=list[str])


class _Handler(ContentHandler):
    """Collects the paragraphs of a script."""

    def __init__(self) -> None:
        super().__init__()
        self.is_script = False
        self.title = ""
        self._locator: Locator | None = None
        self._within: list[str] = []
        self._open: list[_Open] = []
        self._paragraphs: list[Paragraph] = []
        self._dual_cues = 0
        """Names so far in the dual dialogue that is open."""

    def elements(self) -> list[Element]:
        return gather(self._paragraphs)

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        self.is_script = self.is_script or (name == "FinalDraft" and not self._within)
        self._within.append(name)
        if len(self._within) > _DEEPEST:
            raise UnreadableDocument(
                f"Line {self._line} of the FDX file: more than {_DEEPEST} elements lie within "
                "each other.",
                param="source",
            )
        if name == "DualDialogue":
            self._dual_cues = 0
        elif name == "Paragraph":
            self._open.append(_Open(self._kind(attrs.get("Type") or ""), self._line))

    def characters(self, content: str) -> None:
        if self._open and "Text" in self._within[-2:]:
            self._open[-1].texts.append(content)

    def endElement(self, name: str) -> None:
        self._within.pop()
        if name == "Paragraph":
            self._close(self._open.pop())

    @property
    def _line(self) -> int:
        return (self._locator.getLineNumber() if self._locator else None) or 1

    def _kind(self, type_name: str) -> Kind | str:
        apart = next((why for name, why in _APART.items() if name in self._within), None)
        return apart or _KINDS.get(type_name.strip().lower(), Kind.ACTION)

    def _close(self, paragraph: _Open) -> None:
        text = " ".join("".join(paragraph.texts).split())
        if not text:
            return
        if paragraph.kind == _TITLE_PAGE:
            self.title = self.title or text
        dual = False
        if paragraph.kind is Kind.CUE and "DualDialogue" in self._within:
            self._dual_cues += 1
            dual = self._dual_cues > 1
        words = Words((Span(text, paragraph.line),))
        self._paragraphs.append(Paragraph(paragraph.kind, words, dual))
