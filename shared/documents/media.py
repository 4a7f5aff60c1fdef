"""What a file is, told from what is in it first, and from its name where that leaves it open."""

import io
import re
import zipfile
from pathlib import PurePosixPath
from typing import Literal, get_args

from shared import zips
from shared.documents import decoding
from shared.errors import NothingToSay, UnreadableDocument

Media = Literal[
    "text",
    "markdown",
    "epub",
    "docx",
    "fountain",
    "fdx",
    "csv",
    "json",
    "yaml",
    "srt",
    "vtt",
    "ass",
]
MEDIA: tuple[Media, ...] = get_args(Media)
MOST_ENTRIES = 20_000
"""Of an EPUB or Word file; illustrated books have a few thousand."""

_ENDINGS: dict[str, Media] = {
    "txt": "text",
    "text": "text",
    "md": "markdown",
    "markdown": "markdown",
    "mdown": "markdown",
    "epub": "epub",
    "docx": "docx",
    "docm": "docx",
    "fountain": "fountain",
    "spmd": "fountain",
    "fdx": "fdx",
    "csv": "csv",
    "tsv": "csv",
    "json": "json",
    "yaml": "yaml",
    "yml": "yaml",
    "srt": "srt",
    "vtt": "vtt",
    "ass": "ass",
    "ssa": "ass",
}
ENDINGS = tuple(_ENDINGS)
"""What the names of documents end in, without the dot."""
_ZIPPED = frozenset[Media]({"epub", "docx"})
_ZIP = (b"PK\3\4", b"PK\5\6", b"PK\7\x08")
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_HEAD = 8_192
"""Characters of a text, or bytes, by which it is told."""
_TELLING: tuple[tuple[Media, re.Pattern[str]], ...] = (
    ("vtt", re.compile(r"WEBVTT\b")),
    ("ass", re.compile(r"\[Script Info\]", re.IGNORECASE)),
    ("fdx", re.compile(r"(?:<\?xml[^>]*>\s*)?(?:(?><!--.*?-->)\s*)*<FinalDraft\b", re.DOTALL)),
    ("srt", re.compile(r"^[ \t]*-?\d+:\d+:\d+[,.]\d+\s*-->\s*-?\d+:\d+:\d+", re.MULTILINE)),
    ("json", re.compile(r"(?:\{\s*\"[^\"\n]*\"\s*:|\[\s*\{\s*\")")),
    ("fountain", re.compile(r"^(?:INT|EXT|EST|INT\.?/EXT|I/E)[. ].*\S", re.MULTILINE)),
    (
        "markdown",
        re.compile(r"^ {0,3}#{1,6}[ \t]+\S|^<<CHAPTER\w*:|^```|\]\(https?:", re.MULTILINE),
    ),
)
"""What a text begins with, or has near its beginning; the surest first. A comment is atomic and
blanks are matched once, or a file of comments or blanks would be tried in every way there is."""
_SURE: tuple[Media, ...] = ("vtt", "ass", "fdx")
"""Told from the text whatever its name is."""
_PAGE = re.compile(r"\s*(?:(?><!--.*?-->)\s*)*<(?:!doctype html|html)\b", re.IGNORECASE | re.DOTALL)
_XML = re.compile(r"\s*<\?xml\b")
_SPEECH = re.compile(r"<speak\b")

_BOOKS = "Convert it to EPUB, DOCX, Markdown or plain text, and send that."
_FORMS = "Send plain text, Markdown, EPUB, DOCX, Fountain, FDX, CSV, JSON, YAML, SRT, VTT or ASS."
_FOREIGN: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (re.compile(rb"%PDF-"), "a PDF, whose text has no reliable order"),
    (re.compile(rb"\{\\rtf"), "an RTF document"),
    (re.compile(rb".{60}BOOKMOBI", re.DOTALL), "a Kindle book"),
    (re.compile(rb"AT&TFORM"), "a DjVu document"),
)
"""Documents of other kinds, which may well be text."""
_BINARY: tuple[tuple[re.Pattern[bytes], str], ...] = (
    (
        re.compile(rb"\x89PNG|\xff\xd8\xff|GIF8|BM|II\*\0|MM\0\*|RIFF.{4}WEBP", re.DOTALL),
        "a picture",
    ),
    (
        re.compile(
            rb"ID3|fLaC|OggS|RIFF.{4}WAVE|FORM.{4}AIF|\xff[\xe2-\xff]|.{4}ftyp|\x1aE\xdf\xa3",
            re.DOTALL,
        ),
        "sound or video",
    ),
    (re.compile(rb"MZ|\x7fELF|\xca\xfe\xba\xbe|[\xcf\xce]\xfa\xed\xfe"), "a program"),
    (re.compile(rb"\x1f\x8b|7z\xbc\xaf|Rar!|BZh|\xfd7zXZ|\x28\xb5\x2f\xfd"), "an archive"),
    (re.compile(rb"SQLite format 3"), "a database"),
)
"""Said of what is no text: some of these are also how a sentence may begin."""


def media_of(data: bytes, name: str) -> Media:
    """What a document is; `text` where nothing tells. It is not said to be readable."""
    if data.startswith(_ZIP):
        return _zipped(data) or _by_name(name) or "text"
    head = _head(data)
    for media, pattern in _TELLING:
        if media in _SURE and pattern.match(head):
            return media
    named = _by_name(name)
    if named and named not in _ZIPPED:
        return named
    for media, pattern in _TELLING:
        if pattern.search(head):
            return media
    return "text"


def require_document(data: bytes, name: str) -> Media:
    """What a document is. Raises UnreadableDocument for what is none, NothingToSay if empty."""
    if not data.strip():
        raise NothingToSay(
            "The document is empty.", param="source", hint="Send one with text in it."
        )
    _require_no_other(data)
    media = media_of(data, name)
    if data.startswith(_ZIP):
        _require_zipped(data)
    else:
        _require_text(data, media)
    return media


def ending(name: str) -> str:
    """The ending of a file's name, in lower case and without its dot."""
    return PurePosixPath(name.strip().lower()).suffix.removeprefix(".")


def _by_name(name: str) -> Media | None:
    return _ENDINGS.get(ending(name))


def _head(data: bytes) -> str:
    """The beginning of a text, as far as it is readable; without a mark of its encoding and blanks
    before it."""
    start = data[: 4 * _HEAD]
    for mark, encoding in ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be")):
        if start.startswith(mark):
            return start[2:].decode(encoding, "replace").lstrip()[:_HEAD]
    text = start.decode("utf-8-sig", "replace").lstrip()[:_HEAD]
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _zipped(data: bytes) -> Media | None:
    """What the entries of a zip tell; None for any other zip."""
    try:
        with zips.opened(io.BytesIO(data), MOST_ENTRIES) as packed:
            return _by_entries(packed)
    except zips.TooManyEntries as error:
        raise UnreadableDocument(
            f"The file holds more than {MOST_ENTRIES:,} files, or says so.", param="source"
        ) from error
    except zips.FAULTS as error:
        raise UnreadableDocument(
            "The file is a damaged zip, EPUB or Word document.",
            param="source",
            hint="Open it with the program that it is from, save it again, and send that.",
        ) from error


def _by_entries(packed: zipfile.ZipFile) -> Media | None:
    names = set(packed.namelist())
    if "META-INF/container.xml" in names or "OEBPS/content.opf" in names:
        return "epub"
    if "[Content_Types].xml" in names and any(name.startswith("word/") for name in names):
        return "docx"
    if "mimetype" in names:
        with packed.open("mimetype") as entry:
            return "epub" if entry.read(64).strip() == b"application/epub+zip" else None
    return None


# --- what is no document ---


def _require_no_other(data: bytes) -> None:
    head = data[:_HEAD]
    if head.startswith(_OLE):
        raise _ole(data)
    for pattern, what in _FOREIGN:
        if pattern.match(head):
            raise UnreadableDocument(f"This is {what}.", param="source", hint=_BOOKS)


def _ole(data: bytes) -> UnreadableDocument:
    if _ENCRYPTED in data:
        return UnreadableDocument(
            "The document is encrypted: it asks for a password.",
            param="source",
            hint="Take the password off in the program that it is from, and send it again.",
        )
    return UnreadableDocument(
        "This is an old Word or Office file (.doc, .xls, .ppt).",
        param="source",
        hint="Save it as DOCX, or as CSV if it is a table, and send that.",
    )


def _require_zipped(data: bytes) -> None:
    if _zipped(data) is None:
        raise UnreadableDocument(
            "The file is a zip, but neither an EPUB nor a Word document (.docx).",
            param="source",
            hint=_BOOKS,
        )


def _require_text(data: bytes, media: Media) -> None:
    try:
        text = decoding.text_of(data)
    except UnreadableDocument as error:
        what = next((what for pattern, what in _BINARY if pattern.match(data[:_HEAD])), None)
        if what:
            raise UnreadableDocument(
                f"This is {what}, no document.", param="source", hint=_FORMS
            ) from error
        raise
    if _PAGE.match(text[:_HEAD]):
        raise UnreadableDocument("This is a web page (HTML).", param="source", hint=_BOOKS)
    if media != "fdx" and _XML.match(text[:_HEAD]) and not _SPEECH.search(text[:_HEAD]):
        raise UnreadableDocument(
            "This is XML of a kind that is not known.", param="source", hint=_FORMS
        )
