"""The plan of a narration: chapters, the lines of each, and who reads them."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

from shared import languages
from shared.documents import decoding, dialogue, docx, epub, markdown, media, plain
from shared.documents.book import Book, BookChapter, Paragraph
from shared.errors import InvalidRequest, UnknownVoice, UnreadableDocument
from shared.plans.casting import Casting, sample_of
from shared.plans.directory import Directory
from shared.plans.plan import LONGEST_PAUSE, Chapter, Line, Part, Plan, Skipped, Where
from shared.plans.planning import Document, language_of, plans, require_room, seed_of
from shared.plans.utterance import directed, require_short
from shared.requests.narration import Narration
from shared.requests.role import Role
from shared.text import passages
from shared.text.clean import has_speech
from shared.text.passages import Passage
from shared.text.plain import Plain
from shared.text.sentences import Boundary

FIRST = 3.0
"""Seconds of the first line, so that there is soon something to hear."""
_MOST_WARNINGS = 50

NARRATOR = "Narrator"
DIALOGUE = "Dialogue"
_QUOTED = "//dialogue"
"""Stands for the voice of the dialogue in the text that is read: no voice can have such a name."""
_VOICE = re.compile(r"\[\s*(/?)\s*voice\b[^\[\]\n]{0,120}\]", re.IGNORECASE)
_MARK_UP_ALONE = re.compile(r"(?:\s*(?:\[[^\[\]]{1,120}\]|<[^<>]{1,200}>))+\s*")
_LOST = "\ufffd"

_FRONT = "It stands before the text: imprint, contents, dedication or the like."
_NOT_ASKED = "It is not among the chapters that are asked for."
_NOT_ANNOUNCED = "Titles of chapters are not announced."
_NO_SPEECH = "Nothing in it can be spoken: a pause is left here."
_READS = "A narration reads plain text, Markdown, EPUB and DOCX."
_ELSEWHERE = {
    "fountain": "The pipeline `script` reads it.",
    "fdx": "The pipeline `script` reads it.",
    "srt": "The pipeline `subtitles` reads it.",
    "vtt": "The pipeline `subtitles` reads it.",
    "ass": "The pipeline `subtitles` reads it.",
    "csv": "The pipelines `npc_pack` and `script` read it.",
    "json": "The pipelines `npc_pack` and `script` read it.",
    "yaml": "The pipeline `npc_pack` reads it.",
}


@plans(Narration)
def plan(request: Narration, document: Document, directory: Directory) -> Plan:
    """The plan of a document that is read aloud. Raises InvalidRequest."""
    book = book_of(document)
    return _Planner(request, book, directory).plan()


def book_of(document: Document) -> Book:
    """The book in a document. Raises InvalidRequest."""
    found = media.require_document(document.data, document.name)
    match found:
        case "epub":
            return epub.book(document.data)
        case "docx":
            return docx.book(document.data)
        case "markdown":
            return markdown.book(decoding.text_of(document.data))
        case _ if found == "text" or not document.name:
            return plain.book(decoding.text_of(document.data))
        case _:
            raise UnreadableDocument(
                f"A narration cannot read {found.upper()}.",
                param="source",
                hint=f"{_READS} {_ELSEWHERE[found]}",
            )


def cover_of(document: Document) -> bytes | None:
    """The cover of an EPUB, JPEG or PNG, `epub.LARGEST_COVER` bytes at most; None of all others.

    Raises InvalidRequest.
    """
    if media.media_of(document.data, document.name) != "epub":
        return None
    return epub.cover(document.data)


@dataclass(frozen=True)
class _Numbered:
    """A chapter that is there to be read."""

    number: int
    chapter: BookChapter


class _Planner:
    def __init__(self, request: Narration, book: Book, directory: Directory) -> None:
        self._request = request
        self._book = book
        self._directory = directory
        self._language = self._spoken()
        self._newlines = [found.start() for found in re.finditer("\n", book.text or "")]
        self._casting = _casting(request, directory, self._language)
        self._narrator = self._casting.role(NARRATOR)
        self._dialogue = self._casting.role(DIALOGUE) if request.dialogue is not None else None
        self._voices: dict[str, str | None] = {}
        self._lines: list[Line] = []
        self._names: list[str] = []
        """Who speaks each line."""
        self._chapters: list[Chapter] = []
        self._skipped: list[Skipped] = []
        self._warnings: dict[str, None] = dict.fromkeys(book.warnings)
        self._opening = 0.0
        self._explicit = 0
        """Number of the last line whose pause is one that mark-up asks for."""

    def plan(self) -> Plan:
        self._skip_what_was_left_out()
        for numbered in self._asked():
            self._read(numbered)
        self._warn_of_damage()
        lines = self._ended()
        return Plan(
            task=Narration.name,
            language=self._language,
            title=self._request.book_title or self._book.title,
            author=self._request.author or self._book.author,
            lines=lines,
            chapters=self._chapters,
            cast=list(self._parts(lines)),
            skipped=self._skipped,
            warnings=_limited([*self._warnings, *self._casting.warnings]),
            opening=self._opening,
        )

    # --- what is read ---

    def _spoken(self) -> str:
        if self._request.language == languages.AUTO and self._book.language:
            return self._book.language
        chapters = self._book.chapters
        body = [it for it in chapters if not it.front] or chapters
        texts = (paragraph.text for chapter in body for paragraph in chapter.paragraphs)
        return language_of(self._request, texts)

    def _asked(self) -> list[_Numbered]:
        """The chapters that are read, with their numbers; all others are accounted for."""
        body = self._body()
        if self._request.chapters == "none":
            joined = [replace(it, title="", heading=None) for it in map(_with_title, body)]
            there = [_Numbered(1, chapter) for chapter in joined]
        else:
            there = [_Numbered(at, chapter) for at, chapter in enumerate(body, start=1)]
        only = self._request.only
        if only is None:
            return there
        _require_known(only, there)
        for it in there:
            if it.number not in only:
                self._skip_chapter(it.chapter, _NOT_ASKED)
        return [it for it in there if it.number in only]

    def _body(self) -> list[BookChapter]:
        chapters = self._book.chapters
        # A book of which all looks like front matter is read as it stands.
        if not self._request.skip_front_matter or all(it.front for it in chapters):
            return chapters
        for chapter in chapters:
            if chapter.front:
                self._skip_chapter(chapter, _FRONT)
        return [chapter for chapter in chapters if not chapter.front]

    def _read(self, numbered: _Numbered) -> None:
        number, chapter = numbered.number, numbered.chapter
        first = len(self._lines)
        self._announce(number, chapter)
        if chapter.paragraphs:
            self._read_text(number, chapter)
        if len(self._lines) == first:
            return
        if not self._chapters or self._chapters[-1].number != number:
            title = Plain.of(chapter.title).words
            self._chapters.append(Chapter(number=number, title=title))
        ends = Boundary.CHAPTER if self._request.chapters == "auto" else Boundary.PARAGRAPH
        self._end_with(ends)

    def _announce(self, number: int, chapter: BookChapter) -> None:
        if not chapter.title or not has_speech(chapter.title):
            return
        where = self._where(chapter, chapter.heading.whole if chapter.heading else None)
        if not self._request.announce:
            self._skip(where, chapter.title, _NOT_ANNOUNCED)
            return
        reading = self._reading(chapter.title, where.line)
        self._warn_of(reading, chapter)
        for passage in reading.passages:
            self._say(passage, number, where)
        self._end_with(Boundary.PARAGRAPH)

    def _read_text(self, number: int, chapter: BookChapter) -> None:
        joined = self._joined(chapter)
        reading = self._reading(joined.text, joined.first)
        self._pause(reading.opening)
        self._warn_of(reading, chapter)
        for passage in reading.passages:
            span = joined.span(passage.start, passage.end)
            self._say(passage, number, self._where(chapter, span))
        self._skip_silent(chapter, joined, reading.passages)

    def _reading(self, text: str, line: int | None) -> passages.Reading:
        request = self._request
        return passages.read(
            text,
            self._language,
            lexicon=request.lexicon,
            normalise=request.normalise,
            first=None if self._lines else FIRST,
            line=line if self._book.text is not None else None,
        )

    def _joined(self, chapter: BookChapter) -> "_Joined":
        """The text of a chapter, with mark-up of ours around what somebody says."""
        texts = [paragraph.text for paragraph in chapter.paragraphs]
        spoken: list[list[dialogue.Span]] = [[] for _ in texts]
        if self._dialogue is not None:
            spoken = dialogue.spans(texts, self._language)
        joined = _Joined()
        given = False
        for paragraph, said in zip(chapter.paragraphs, spoken, strict=True):
            joined.begin(self._line_of(paragraph.whole[0]))
            at = 0
            for start, end in said:
                given = _gives_voice(paragraph.text[at:start], given)
                joined.add(paragraph, at, start)
                if given or _VOICE.search(paragraph.text, start, end):
                    joined.add(paragraph, start, end)
                else:
                    joined.mark(f"[voice:{_QUOTED}]")
                    joined.add(paragraph, start, end)
                    joined.mark("[/voice]")
                given = _gives_voice(paragraph.text[start:end], given)
                at = end
            given = _gives_voice(paragraph.text[at:], given)
            joined.add(paragraph, at, len(paragraph.text))
        return joined

    # --- lines ---

    def _say(self, passage: Passage, chapter: int, where: Where) -> None:
        require_room(len(self._lines) + 1)
        require_short(passage.said, self._request, f"Line {len(self._lines) + 1} of the plan")
        name, role = self._role(passage, where)
        who = role.voice or role.description or ""
        self._names.append(name)
        self._lines.append(
            Line(
                number=len(self._lines) + 1,
                text=passage.text,
                said=passage.said,
                role=role,
                language=passage.manner.language or self._language,
                seed=seed_of(self._request.seed or 0, passage.said, who),
                seconds=passage.seconds,
                boundary=passage.boundary,
                pause_after=self._request.pauses.after(passage.boundary)
                if passage.pause is None
                else passage.pause,
                chapter=chapter,
                where=where,
            )
        )
        if passage.pause is not None:
            self._explicit = len(self._lines)

    def _role(self, passage: Passage, where: Where) -> tuple[str, Role]:
        manner = passage.manner
        quoted = self._dialogue if manner.voice == _QUOTED else None
        name, role = (DIALOGUE, quoted) if quoted else (NARRATOR, self._narrator)
        voice = None if quoted or not manner.voice else self._voice(manner.voice, where)
        manner = replace(manner, voice=voice)
        return "" if voice else name, directed(role, manner, self._directory)

    def _voice(self, word: str, where: Where) -> str | None:
        if word not in self._voices:
            try:
                self._voices[word] = self._directory.find(word).id
            except UnknownVoice:
                self._voices[word] = None
                place = f" (line {where.line})" if where.line else ""
                self._warn(f"There is no voice {word[:80]!r}{place}: the narrator reads on.")
        return self._voices[word]

    def _end_with(self, boundary: Boundary) -> None:
        """What ends after the last line; a pause that mark-up asks for there stays."""
        if self._lines:
            last = self._lines[-1]
            update: dict[str, object] = {"boundary": boundary}
            if last.number != self._explicit:
                update["pause_after"] = self._request.pauses.after(boundary)
            self._lines[-1] = last.model_copy(update=update)

    def _ended(self) -> list[Line]:
        self._end_with(Boundary.END)
        return self._lines

    def _pause(self, seconds: float) -> None:
        """Silence before the next line, in place of what the line before it would have."""
        if not seconds:
            return
        if not self._lines:
            self._opening = min(self._opening + seconds, LONGEST_PAUSE)
            return
        last = self._lines[-1]
        longer = max(last.pause_after, seconds)
        self._lines[-1] = last.model_copy(update={"pause_after": longer})
        self._explicit = last.number

    def _parts(self, lines: Sequence[Line]) -> Iterator[Part]:
        for name, role, given in (
            (NARRATOR, self._narrator, self._request.narrator),
            (DIALOGUE, self._dialogue, self._request.dialogue),
        ):
            own = [it for it, who in zip(lines, self._names, strict=True) if who == name]
            if role is None or not own:
                continue
            yield Part(
                name=name,
                role=role,
                automatic=not (given and given.chosen),
                lines=len(own),
                seconds=sum(line.seconds for line in own),
                sample=sample_of(own),
            )

    # --- what is not read ---

    def _skip(self, where: Where, text: str, why: str) -> None:
        self._skipped.append(Skipped.of(where, text, why))

    def _skip_what_was_left_out(self) -> None:
        for it in self._book.left_out:
            line = self._line_of(it.start) if it.start is not None else None
            where = Where(line=line, start=it.start, end=it.end, id=it.id)
            self._skip(where, it.text, it.why)

    def _skip_chapter(self, chapter: BookChapter, why: str) -> None:
        whole = [*([chapter.heading] if chapter.heading else []), *chapter.paragraphs]
        span = (whole[0].whole[0], whole[-1].whole[1]) if whole else None
        shown = (it.text for it in whole[:20])
        self._skip(self._where(chapter, span), "\n".join(shown), why)

    def _skip_silent(
        self, chapter: BookChapter, joined: "_Joined", read: Sequence[Passage]
    ) -> None:
        """Account for the paragraphs of which nothing is read."""
        starts = sorted(passage.start for passage in read)
        ends = [*joined.begins[1:], len(joined.text)]
        for paragraph, begin, end in zip(chapter.paragraphs, joined.begins, ends, strict=True):
            heard = bisect_right(starts, end - 1) > bisect_right(starts, begin - 1)
            if not heard and not _MARK_UP_ALONE.fullmatch(paragraph.text):
                self._skip(self._where(chapter, paragraph.whole), paragraph.text, _NO_SPEECH)

    # --- places and warnings ---

    def _where(self, chapter: BookChapter, span: tuple[int, int] | None) -> Where:
        start, end = span or (None, None)
        line = self._line_of(start) if start is not None else None
        return Where(line=line, start=start, end=end, id=chapter.id)

    def _line_of(self, offset: int) -> int | None:
        """The line of the document, from 1; None where it has files inside."""
        if self._book.text is None:
            return None
        return bisect_right(self._newlines, offset - 1) + 1

    def _warn_of(self, reading: passages.Reading, chapter: BookChapter) -> None:
        """What is remarked on a text; of a book without lines, with the chapter."""
        named = self._book.text is None and chapter.title
        for remark in reading.remarks:
            self._warn(f"{chapter.title}: {remark}" if named else remark)

    def _warn(self, warning: str) -> None:
        self._warnings.setdefault(warning)

    def _warn_of_damage(self) -> None:
        lost = (self._book.text or "").count(_LOST)
        if lost:
            line = self._line_of((self._book.text or "").index(_LOST))
            self._warn(
                f"{lost} characters of the document are damaged, the first in line {line}: save "
                "it as UTF-8."
            )


@dataclass
class _Joined:
    """The text of a chapter as it is read, and where each character of it comes from."""

    parts: list[str] = field(default_factory=list[str])
    begins: list[int] = field(default_factory=list[int])
    """Where each paragraph begins."""
    _heres: list[int] = field(default_factory=list[int])
    _sources: list[tuple[Paragraph, int, int]] = field(
        default_factory=list[tuple[Paragraph, int, int]]
    )
    first: int = 1
    """Line of the document that it begins in."""
    _length: int = 0
    _line: int = 1

    @property
    def text(self) -> str:
        return "".join(self.parts)

    def begin(self, line: int | None) -> None:
        """A new paragraph; in the line of the document that it is in, as far as that can be."""
        if self.begins:
            self._append("\n" * max(2, (line or 0) - self._line))
        else:
            self.first = self._line = line or 1
        self.begins.append(self._length)

    def add(self, paragraph: Paragraph, start: int, end: int) -> None:
        if start < end:
            self._heres.append(self._length)
            self._sources.append((paragraph, start, end))
            self._append(paragraph.text[start:end])

    def mark(self, mark: str) -> None:
        self._append(mark)

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Where a stretch of it stands in the source."""
        first = max(0, bisect_right(self._heres, start) - 1)
        last = max(first, bisect_right(self._heres, max(start, end - 1)) - 1)
        paragraph, at, stop = self._sources[first]
        begin = paragraph.span(min(at + start - self._heres[first], stop - 1), stop)[0]
        paragraph, at, stop = self._sources[last]
        until = min(at + end - self._heres[last], stop)
        return begin, paragraph.span(at, max(until, at + 1))[1]

    def _append(self, text: str) -> None:
        self.parts.append(text)
        self._length += len(text)
        self._line += text.count("\n")


def _casting(request: Narration, directory: Directory, language: str) -> Casting:
    given = {NARRATOR: request.narrator}
    if request.dialogue is not None:
        given[DIALOGUE] = request.dialogue
    return Casting(given, directory, language)


def _with_title(chapter: BookChapter) -> BookChapter:
    """The chapter with its title as its first paragraph."""
    if chapter.heading is None:
        return chapter
    return replace(chapter, paragraphs=[chapter.heading, *chapter.paragraphs])


def _require_known(only: Iterable[int], there: Sequence[_Numbered]) -> None:
    known = {it.number for it in there}
    if unknown := sorted(set(only) - known):
        last = max(known, default=0)
        known_words = f"1 to {last}" if last > 1 else "1 alone" if last else "none"
        raise InvalidRequest(
            f"The document has no chapter {', '.join(map(str, unknown[:10]))}; there are "
            f"{known_words}.",
            param="only",
            hint="Ask for a plan without `only`: it lists the chapters.",
        )


def _gives_voice(text: str, given: bool) -> bool:
    """Whether the document itself says who speaks, after this text."""
    for tag in _VOICE.finditer(text):
        given = not tag[1]
    return given


def _limited(warnings: Sequence[str]) -> list[str]:
    if len(warnings) <= _MOST_WARNINGS:
        return list(warnings)
    more = len(warnings) - _MOST_WARNINGS + 1
    return [*warnings[: _MOST_WARNINGS - 1], f"There are {more} more warnings."]
