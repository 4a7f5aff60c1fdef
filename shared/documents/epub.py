"""EPUB 2 and 3 as a book: the spine in order, titles from its contents, cover and tags."""

import posixpath
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import unquote, urldefrag
from xml.etree.ElementTree import Element

from shared.documents import markup, titles, xhtml
from shared.documents.book import Book, BookChapter, LeftOut, Paragraph, length, placed
from shared.documents.markdown import spoken
from shared.documents.packed import Packed, damaged
from shared.errors import UnreadableDocument

LARGEST_COVER = 10 << 20
"""Bytes."""
MOST_PAGES = 5_000
_LARGEST_INDEX = 4 << 20
"""Bytes of what says where things are."""

_CONTAINER = "META-INF/container.xml"
_ENCRYPTION = "META-INF/encryption.xml"
_RIGHTS = "META-INF/rights.xml"
_FONTS = frozenset(
    {
        "http://www.idpf.org/2008/embedding",
        "http://ns.adobe.com/pdf/enc#RC",
    }
)
"""Ways to scramble fonts, which keep nobody from the text."""
_PAGES = frozenset({"application/xhtml+xml", "text/html", "application/x-dtbook+xml"})
_PICTURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")
_FRONT_TYPES = xhtml.words(
    "cover titlepage title-page halftitlepage copyright-page copyright toc dedication"
    " acknowledgments acknowledgements colophon imprint contributors other-credits seriespage loi"
    " lot loa lov landmarks page-list index bibliography text-title-page"
)
_DEEPEST = 20
"""Levels of the contents."""

_NO_TEXT = "It has no text."
_ASIDE = "The book says that it is no part of its reading order."
_MISSING = "The book names this file, but does not have it."
_NO_PAGE = "It is no page of text."


class _Item(NamedTuple):
    """A file that the book says it has."""

    path: str
    kind: str
    properties: frozenset[str]


class _Entry(NamedTuple):
    """A line of the contents."""

    path: str
    fragment: str
    title: str


def book(data: bytes) -> Book:
    """The book in an EPUB. Raises UnreadableDocument."""
    return _Reader(data).book()


def cover(data: bytes) -> bytes | None:
    """Its cover, JPEG or PNG; None where it has none, or one that is too large.

    Raises UnreadableDocument.
    """
    return _Reader(data).cover()


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._packed = Packed(data)
        self._require_open()
        self._root = self._package()
        self._package_element = self._xml(self._root)
        self._folder = posixpath.dirname(self._root)
        self._items = self._manifest()
        self._left_out: list[LeftOut] = []
        self._warnings: list[str] = []

    def book(self) -> Book:
        spine = self._spine()
        entries = self._contents()
        fronts = self._front_pages()
        chapters = _Chapters(entries, fronts, self._named("title"))
        for item in spine:
            if (page := self._page(item)) is not None:
                chapters.add(item.path, page)
        return Book(
            [placed(chapter) for chapter in chapters.finished()],
            title=self._named("title"),
            author=", ".join(self._all_named("creator")[:5]),
            language=spoken(self._named("language")),
            cover=self.cover(),
            left_out=self._left_out,
            warnings=self._warnings,
        )

    def cover(self) -> bytes | None:
        for item in self._covers():
            try:
                data = self._packed.read(item.path, LARGEST_COVER)
            except UnreadableDocument:
                # A book without its cover is better than none; its text is read all the same.
                self._warnings.append("The cover of the book cannot be read, or is too large.")
                return None
            if data and data.startswith(_PICTURES):
                return data
        return None

    # --- the way to the text ---

    def _require_open(self) -> None:
        locked = self._packed.read(_ENCRYPTION, _LARGEST_INDEX)
        if locked is None:
            return
        methods = {
            element.get("Algorithm", "")
            for element in _found(self._parsed(locked, _ENCRYPTION), "EncryptionMethod")
        }
        if methods - _FONTS or self._packed.read(_RIGHTS, _LARGEST_INDEX) is not None:
            raise UnreadableDocument(
                "The EPUB is protected (DRM): its text is encrypted.",
                param="source",
                hint="Send a copy without protection, from the publisher or written by yourself.",
            )

    def _package(self) -> str:
        """The path of the file that says what the book has."""
        container = self._packed.read(_CONTAINER, _LARGEST_INDEX)
        if container is not None:
            for element in _found(self._parsed(container, _CONTAINER), "rootfile"):
                if path := element.get("full-path"):
                    return posixpath.normpath(unquote(path))
            raise damaged(f"{_CONTAINER} names no package file.")
        raise damaged(f"The EPUB has no {_CONTAINER}.")

    def _manifest(self) -> dict[str, _Item]:
        return {
            element.get("id", ""): _Item(
                self._path(self._folder, element.get("href", "")),
                element.get("media-type", ""),
                frozenset(element.get("properties", "").split()),
            )
            for manifest in _found(self._package_element, "manifest")
            for element in _found(manifest, "item")
        }

    def _spine(self) -> list[_Item]:
        spine = next(_found(self._package_element, "spine"), None)
        references = [] if spine is None else list(_found(spine, "itemref"))
        if not references:
            raise damaged("The EPUB has no spine: nothing says in which order it is read.")
        if len(references) > MOST_PAGES:
            raise damaged(f"It has {len(references):,} pages; {MOST_PAGES:,} are read at most.")
        found: list[_Item] = []
        for reference in references:
            name = reference.get("idref", "")
            item = self._items.get(name)
            if item is None:
                self._left_out.append(LeftOut(name, _MISSING, id=name))
            elif reference.get("linear") == "no":
                self._left_out.append(LeftOut(item.path, _ASIDE, id=item.path))
            elif item.kind not in _PAGES:
                self._left_out.append(LeftOut(item.path, _NO_PAGE, id=item.path))
            else:
                found.append(item)
        return found

    def _page(self, item: _Item) -> xhtml.Page | None:
        data = self._packed.read(item.path)
        if data is None:
            self._left_out.append(LeftOut(item.path, _MISSING, id=item.path))
            self._warnings.append(f"The book names {item.path!r}, but does not have it.")
            return None
        try:
            page = xhtml.read(data, item.path)
        except UnreadableDocument as error:
            raise damaged(f"{item.path!r} in it is no text.") from error
        self._left_out += page.left_out
        if page.broken:
            self._warnings.append(f"{item.path!r} is broken, and was read as well as it can be.")
        if not page.paragraphs:
            self._left_out.append(LeftOut(item.path, _NO_TEXT, id=item.path))
            return None
        return page

    # --- what the book says of itself ---

    def _all_named(self, name: str) -> list[str]:
        metadata = next(_found(self._package_element, "metadata"), None)
        if metadata is None:
            return []
        found = (" ".join("".join(it.itertext()).split()) for it in _found(metadata, name))
        return [text[:300] for text in found if text]

    def _named(self, name: str) -> str:
        return next(iter(self._all_named(name)), "")

    def _covers(self) -> Iterator[_Item]:
        """What may be the cover, the surest first."""
        yield from (item for item in self._items.values() if "cover-image" in item.properties)
        for meta in _found(self._package_element, "meta"):
            if meta.get("name") == "cover" and (item := self._items.get(meta.get("content", ""))):
                yield item
        for name, item in self._items.items():
            if item.kind.startswith("image/") and "cover" in f"{name} {item.path}".lower():
                yield item

    def _contents(self) -> list[_Entry]:
        for item in self._items.values():
            if "nav" in item.properties and (data := self._packed.read(item.path)):
                return list(self._from_nav(item.path, data))
        spine = next(_found(self._package_element, "spine"), None)
        named = self._items.get(spine.get("toc", "")) if spine is not None else None
        ncx = named or next(
            (item for item in self._items.values() if item.kind == "application/x-dtbncx+xml"), None
        )
        data = self._packed.read(ncx.path) if ncx else None
        return list(self._from_ncx(ncx.path, data)) if ncx and data else []

    def _from_nav(self, path: str, data: bytes) -> Iterator[_Entry]:
        root = self._lenient(data)
        navs = [] if root is None else list(_found(root, "nav"))
        chosen = next((nav for nav in navs if "toc" in xhtml.types(nav)), None)
        if chosen is not None:
            yield from self._lines(chosen, posixpath.dirname(path), "", 0)

    def _lines(self, parent: Element, folder: str, above: str, depth: int) -> Iterator[_Entry]:
        """Links of a list; those within a page that the line above is of are no chapters."""
        own = above
        for child in parent:
            name = markup.local(child.tag)
            if name in ("a", "span"):
                entry = self._entry(folder, child.get("href", ""), "".join(child.itertext()))
                if entry and not (depth > 1 and entry.path == above):
                    yield entry
                    own = entry.path
            elif depth < _DEEPEST and name in ("ol", "ul", "li"):
                yield from self._lines(child, folder, own, depth + (name == "li"))

    def _from_ncx(self, path: str, data: bytes) -> Iterator[_Entry]:
        try:
            root = markup.document(data)
        except markup.Malformed:
            self._warnings.append("The contents of the book cannot be read.")
            return
        for navigation in _found(root, "navMap"):
            yield from self._points(navigation, posixpath.dirname(path), "", 0)

    def _points(self, parent: Element, folder: str, above: str, depth: int) -> Iterator[_Entry]:
        for point in parent:
            if markup.local(point.tag) != "navPoint" or depth > _DEEPEST:
                continue
            link = next((it for it in point if markup.local(it.tag) == "content"), None)
            label = next((it for it in point if markup.local(it.tag) == "navLabel"), None)
            title = "" if label is None else "".join(label.itertext())
            entry = self._entry(folder, "" if link is None else link.get("src", ""), title)
            if entry and not (depth and entry.path == above):
                yield entry
            yield from self._points(point, folder, entry.path if entry else above, depth + 1)

    def _entry(self, folder: str, link: str, title: str) -> _Entry | None:
        title = " ".join(title.split())[: titles.LONGEST]
        target, fragment = urldefrag(link)
        if not target or not title:
            return None
        return _Entry(self._path(folder, target), unquote(fragment), title)

    def _front_pages(self) -> frozenset[str]:
        """The pages that the guide (EPUB 2) or the landmarks (EPUB 3) call no text."""
        found = {
            self._path(self._folder, urldefrag(reference.get("href", ""))[0])
            for reference in _found(self._package_element, "reference")
            if reference.get("type", "").lower() in _FRONT_TYPES
        }
        for item in self._items.values():
            if "nav" in item.properties:
                found |= {item.path, *self._landmarks(item.path)}
        return frozenset(found)

    def _landmarks(self, path: str) -> Iterator[str]:
        root = self._lenient(self._packed.read(path) or b"")
        navs = [] if root is None else list(_found(root, "nav"))
        for nav in navs:
            if "landmarks" in xhtml.types(nav):
                for link in _found(nav, "a"):
                    if xhtml.types(link) & _FRONT_TYPES:
                        target = urldefrag(link.get("href", ""))[0]
                        yield self._path(posixpath.dirname(path), target)

    # --- small things ---

    def _path(self, folder: str, link: str) -> str:
        """Where a link leads within the zip; what leads out of it is simply not there."""
        return posixpath.normpath(posixpath.join(folder, unquote(link)))

    def _xml(self, path: str) -> Element:
        data = self._packed.read(path, _LARGEST_INDEX)
        if data is None:
            raise damaged(f"The EPUB has no package file {path[:100]!r}.")
        return self._parsed(data, path)

    def _parsed(self, data: bytes, path: str) -> Element:
        try:
            return markup.document(data)
        except markup.Malformed as error:
            raise damaged(f"{path[:100]!r} in it is no XML that can be read.") from error

    def _lenient(self, data: bytes) -> Element | None:
        return xhtml.tree(data) if data else None


def _found(parent: Element, name: str) -> Iterator[Element]:
    """All elements of that name below, whatever their namespace."""
    return (element for element in parent.iter() if markup.local(element.tag) == name)


@dataclass(frozen=True)
class _Start:
    """Where on a page a chapter begins."""

    paragraph: int
    title: str


class _Chapters:
    """The pages of a book, cut where its contents say, else at each page."""

    def __init__(self, entries: Sequence[_Entry], fronts: frozenset[str], title: str) -> None:
        self._entries: Mapping[str, list[_Entry]] = {}
        for entry in entries:
            self._entries.setdefault(entry.path, []).append(entry)
        self._fronts = fronts
        self._title = title
        self._done: list[BookChapter] = []

    def add(self, path: str, page: xhtml.Page) -> None:
        starts = self._starts(path, page)
        front = self._is_front(path, page, starts)
        ends = [*(start.paragraph for start in starts[1:]), len(page.paragraphs)]
        before = page.paragraphs[: starts[0].paragraph] if starts else page.paragraphs
        if before:
            self._go_on(path, before, front)
        for start, end in zip(starts, ends, strict=True) if starts else ():
            paragraphs = page.paragraphs[start.paragraph : end]
            of_book = front or titles.is_front(start.title)
            self._done.append(_chapter(start.title, paragraphs, of_book, path))

    def finished(self) -> list[BookChapter]:
        return [it for it in self._done if it.paragraphs or it.heading]

    def _starts(self, path: str, page: xhtml.Page) -> list[_Start]:
        found: dict[int, str] = {}
        for entry in self._entries.get(path, ()):
            at = page.ids.get(entry.fragment, 0) if entry.fragment else 0
            found.setdefault(at, entry.title)
        return [_Start(at, found[at]) for at in sorted(found)]

    def _is_front(self, path: str, page: xhtml.Page, starts: Sequence[_Start]) -> bool:
        name = posixpath.splitext(posixpath.basename(path))[0].replace("-", " ").replace("_", " ")
        return (
            path in self._fronts
            or bool(page.types & _FRONT_TYPES)
            or titles.is_front(name.strip("0123456789 "))
            or (bool(starts) and all(titles.is_front(start.title) for start in starts))
            or (not starts and titles.is_front(page.paragraphs[0].text))
        )

    def _go_on(self, path: str, paragraphs: list[Paragraph], front: bool) -> None:
        """What the contents do not name goes on with the chapter before it, if there is one."""
        last = self._done[-1] if self._done else None
        if self._entries and last and last.title and not front and not last.front:
            last.paragraphs.extend(paragraphs)
            return
        title = paragraphs[0].text if paragraphs[0].level else ""
        if len(title) > titles.LONGEST:
            title = ""
        of_book = front or titles.is_front(title) or self._is_title_page(paragraphs)
        self._done.append(_chapter(title, paragraphs, of_book, path))

    def _is_title_page(self, paragraphs: Sequence[Paragraph]) -> bool:
        """Whether a page that the contents do not name comes before all text, and has none."""
        return all(it.front for it in self._done) and titles.is_title_page(
            [it.text for it in paragraphs]
        )


def _chapter(title: str, paragraphs: Sequence[Paragraph], front: bool, path: str) -> BookChapter:
    """A chapter without the headings in which its title stands."""
    rest = list(paragraphs)
    heading: Paragraph | None = None
    while rest and title and rest[0].level and titles.same(title, rest[0].text):
        heading = heading or rest[0]
        if length([rest[0]]) > length([heading]):
            heading = rest[0]
        rest = rest[1:]
    shown = heading.text if heading and len(heading.text) > len(title) else title
    return BookChapter(shown, rest, Paragraph(shown) if shown else None, front, path)
