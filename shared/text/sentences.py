"""Long text cut into pieces of a length that a model speaks well, each knowing what follows it."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice, pairwise
from typing import cast

import sentencex

from shared import languages
from shared.text import duration
from shared.text.clean import has_speech


class Boundary(StrEnum):
    """What follows a piece of text."""

    COMMA = "comma"
    """The rest of a sentence that was too long to be spoken in one go."""
    SENTENCE = "sentence"
    PARAGRAPH = "paragraph"
    CHAPTER = "chapter"
    """Nothing in a text says so: whoever knows the document puts it there."""
    END = "end"


PAUSES: dict[Boundary, float] = {
    Boundary.COMMA: 0.1,
    Boundary.SENTENCE: 0.25,
    Boundary.PARAGRAPH: 0.6,
    Boundary.CHAPTER: 2.0,
    Boundary.END: 0.0,
}
"""Seconds of silence at each boundary, unless someone asks otherwise."""


@dataclass(frozen=True)
class Sentence:
    """A sentence and the blanks around it: `text == source[start:end]`, with no gaps between."""

    text: str
    start: int
    end: int
    boundary: Boundary


@dataclass(frozen=True)
class Piece:
    """What is spoken in one go: `text == source[start:end]`, without blanks around it."""

    text: str
    start: int
    end: int
    seconds: float
    """Estimated."""
    boundary: Boundary


# --- sentences: sentencex, and what it gets wrong repaired ------------------------------------

_PARAGRAPH = re.compile(r"(?<=\S)[^\S\n]*\n[^\S\n]*\n\s*")
_UPPER = r"[^\W\d_a-zß-öø-ÿœа-яё]"
_OPENING = "\"'“„«‘「『(¿¡"
_MISSED = re.compile(
    rf"(?<=…)\s+(?=[{_OPENING}]*{_UPPER})"
    rf"|(?<=\bNo\.)\s+(?=[{_OPENING}]*{_UPPER})"
    rf"|(?<=[.!?]\))\s+(?=[{_OPENING}]*{_UPPER})"
    rf"|(?<=[.!?…])\s+(?=[—–](?:\s|[{_OPENING}]|{_UPPER}))"
)
"""Blanks that sentencex does not end a sentence at, although one ends there."""
_BEFORE_FIRST_LETTER = "-–—\"'“„«‘ "
_CLOSING = re.compile(r"[\])}’”»」』）】,;:，；：、]|[\"'](?:\s|$)")
_QUOTED_TAIL = ("」", "』", "”", "’")
_OPENS_QUOTE = ("「", "『", "“", "‘", '"')
_SHORT = 30
"""Characters of a Chinese quotation that is likely to be followed by who said it."""
_BLOCK = 20_000
"""Characters that sentencex gets at most: for quotations that nobody closes, its time grows with
the square of the length."""
_BLOCK_END = re.compile(r"[.!?]\s+|[。！？]|\n")
_BLANK = re.compile(r"\s")
_TAIL = 24
GERMAN_COUNTED = (
    r"(?:Jahrhundert|Jahrtausend|Jahrestag|Mal|Stock|Kapitel|Geburtstag|Platz|Klasse|Tag|Woche"
    r"|Weltkrieg|Lebensjahr|Etage|Stunde|Minute|Runde|Akt|Szene|Band|Teil)"
)
"""Starts of nouns that an ordinal stands before more often than the end of a sentence."""
_ORDINAL = re.compile(r"(?<!\S)\d{1,4}\.\s*$")
_WITH_ARTICLE = re.compile(r"\b[Dd](?:er|ie|as|en|em|es)\s\d{1,4}\.\s*$")
_COUNTED = re.compile(GERMAN_COUNTED)
_LAST_WORD = re.compile(r"[^\s'’(«“„\"]+$")
_ABBREVIATIONS: dict[str, frozenset[str]] = {
    language: frozenset(f"{word}." for word in words.split())
    for language, words in {
        "english": "Vol vol Fig fig Nos Ch ch pp Capt Lt Sgt Rev Hon Mt Ft approx",
        "german": "Fa Abb Abs Art Aufl Bd Bf Fr Hr Hrn Inh Jh Kap Nr Pos Str Tel Ziff geb verh",
        "french": "M MM Mme Mmes Mlle Dr Me Mgr Pr St Ste av bd boul chap fig p pp vol éd tél",
        "russian": "ул д руб коп тыс млн млрд стр рис им просп пер кв тел проф св",
        "portuguese": "Av Sr Sra Srs Dr Dra Prof Profa Exmo Exma Pág pág pp Eng Gen Cap Fig fig",
        "spanish": "D Da Dña Sr Sra Sres Dr Dra Prof Av Avda Ud Uds Vd Vds pág págs núm vol art",
        "italian": "sig Sig sigg dott Dott avv prof Prof ing geom rag pag pagg fig cap vol p pp",
    }.items()
}
"""What is never the end of a sentence; sentencex knows many others."""


def split(text: str, language: str) -> list[Sentence]:
    """The sentences of `text`; their texts, joined, are `text`. `language` may be `auto`."""
    language = _spoken(language, text)
    sentences: list[Sentence] = []
    start = 0
    for paragraph in _cut_at(_PARAGRAPH, text):
        for sentence in _sentences(paragraph, language):
            end = start + len(sentence)
            sentences.append(Sentence(sentence, start, end, Boundary.SENTENCE))
            start = end
        sentences[-1] = replace(sentences[-1], boundary=Boundary.PARAGRAPH)
    if sentences:
        sentences[-1] = replace(sentences[-1], boundary=Boundary.END)
    return sentences


def _sentences(paragraph: str, language: str) -> list[str]:
    found = [part for block in _blocks(paragraph) for part in _segmented(block, language)]
    parts = [part for sentence in found for part in _cut_at(_MISSED, sentence)]
    cased = any(character.isupper() for character in paragraph)
    joined = [parts[:1]]
    for before, after in pairwise(parts):
        if _belong_together(before, after, language, cased):
            joined[-1].append(after)
        else:
            joined.append([after])
    return ["".join(sentence) for sentence in joined]


def _segmented(block: str, language: str) -> list[str]:
    """The block cut by sentencex, which now and then loses one of many empty lines."""
    core = block.strip()
    if not core:
        return [block]
    found = cast(
        list[str],
        sentencex.segment(languages.CODES[language], core),  # pyright: ignore[reportAttributeAccessIssue]
    )
    if sum(map(len, found)) != len(core):
        return [block]
    start = len(block) - len(block.lstrip())
    found[0] = block[:start] + found[0]
    found[-1] += block[start + len(core) :]
    return found


def _blocks(paragraph: str) -> Iterator[str]:
    """A paragraph in blocks that end where a sentence seems to, or else at a blank."""
    start = 0
    while len(paragraph) - start > _BLOCK:
        within = paragraph[start : start + _BLOCK]
        ends = [*_BLOCK_END.finditer(within)] or [*_BLANK.finditer(within)]
        length = ends[-1].end() if ends else _BLOCK
        yield within[:length]
        start += length
    if start < len(paragraph):
        yield paragraph[start:]


def _belong_together(before: str, after: str, language: str, cased: bool) -> bool:
    """True where no sentence ends, although sentencex says so."""
    if not before.strip() or not after.strip():
        return True
    first = after.lstrip(_BEFORE_FIRST_LETTER)[:1]
    return (
        (cased and first.islower())
        or _ends_in_abbreviation(before, language)
        or _closes(before, after, language)
        or _says_who_spoke(before, after, language)
        or (language == "german" and _is_ordinal(before, after))
        or (language == "korean" and before.rstrip()[-2:-1].isdigit() and first.isdigit())
    )


def _is_ordinal(before: str, after: str) -> bool:
    """True for `im 19.` and `Jahrhundert`."""
    ending = before[-_TAIL:]
    return bool(_WITH_ARTICLE.search(ending) or (_ORDINAL.search(ending) and _COUNTED.match(after)))


def _ends_in_abbreviation(before: str, language: str) -> bool:
    word = _LAST_WORD.search(before.rstrip()[-_TAIL:])
    return word is not None and word[0] in _ABBREVIATIONS.get(language, ())


def _closes(before: str, after: str, language: str) -> bool:
    """True if `after` starts with what only ends or continues something."""
    if after.startswith("-"):
        return not before.endswith("\n")
    return bool(_CLOSING.match(after)) or (language == "german" and after.startswith("“"))


def _says_who_spoke(before: str, after: str, language: str) -> bool:
    """True for `「行こう。」` and `と彼は言った。`"""
    likely = language in ("japanese", "korean") or (language == "chinese" and len(before) <= _SHORT)
    return likely and before.rstrip().endswith(_QUOTED_TAIL) and not after.startswith(_OPENS_QUOTE)


# --- pieces -----------------------------------------------------------------------------------

_TRAILING = r"[\"'”’»)\]」』）】]*"
_SEPARATORS = (
    re.compile(
        rf"[;:]{_TRAILING}\s+|[；：]{_TRAILING}(?!\d)\s*|\s(?=[—–][^\s—–])|(?<!—)—+\s+|\s–\s+|(?<=\w)—+(?=\w)"
    ),
    re.compile(rf",{_TRAILING}\s+|[，、]{_TRAILING}\s*"),
    re.compile(r"\s+"),
)
"""Where a sentence that is too long may be cut, the best places first."""


def pack(
    sentences: Sequence[Sentence],
    language: str,
    target: float = 12.0,
    longest: float = 20.0,
    shortest: float = 3.0,
    first: float | None = None,
) -> list[Piece]:
    """Pieces of about `target` seconds, none above `longest`, none across a paragraph.

    What holds nothing that can be spoken (`***`) is left out. With `first`, the first piece is the
    first sentence alone, or where that is longer than so many seconds, what stands in it before a
    comma. `language` may be `auto`.
    """
    language = _spoken(language, "".join(sentence.text for sentence in sentences))
    room = _Room(language, target, longest, shortest)
    pieces: list[Piece] = []
    if first is not None:
        opening, sentences = _opening(sentences, replace(room, longest=first), longest)
        pieces += [_piece(part, room) for part in opening]
    for paragraph in _paragraphs(sentences):
        parts = [part for sentence in paragraph for part in _fitting(sentence, room)]
        spoken = [piece for piece in _pieces(parts, room) if has_speech(piece.text)]
        if spoken:
            spoken[-1] = replace(spoken[-1], boundary=paragraph[-1].boundary)
        pieces += spoken
    if pieces and sentences:
        pieces[-1] = replace(pieces[-1], boundary=sentences[-1].boundary)
    return pieces


_SHORTEST_OPENING = 1.0
"""Seconds; less than that before a comma is not worth a seam."""
_FIRST_CUTS = 20
"""Commas that are looked at for the first piece."""


@dataclass(frozen=True)
class _Room:
    """How many seconds of speech belong into one piece."""

    language: str
    target: float
    longest: float
    shortest: float

    def seconds(self, *texts: str) -> float:
        return duration.estimate("".join(texts).strip(), self.language)

    def takes(self, text: str, more: str) -> bool:
        then = self.seconds(text, more)
        return then <= self.longest and (then <= self.target or self.seconds(text) < self.shortest)

    def takes_tail(self, text: str, tail: str) -> bool:
        return self.seconds(tail) < self.shortest and self.seconds(text, tail) <= self.longest


def _opening(
    sentences: Sequence[Sentence], room: _Room, longest: float
) -> tuple[list[Sentence], Sequence[Sentence]]:
    """What is spoken first, at most one part, and all that is left."""
    n = next((n for n, sentence in enumerate(sentences) if has_speech(sentence.text)), None)
    if n is None:
        return [], sentences
    sentence, after = sentences[n], sentences[n + 1 :]
    if room.seconds(sentence.text) <= room.longest:
        return [sentence], after
    for separator in _SEPARATORS[:2]:
        cuts = [match.end() for match in islice(separator.finditer(sentence.text), _FIRST_CUTS)]
        for cut in reversed(cuts):
            head, tail = sentence.text[:cut], sentence.text[cut:]
            if has_speech(tail) and _SHORTEST_OPENING <= room.seconds(head) <= room.longest:
                middle = sentence.start + cut
                rest = Sentence(tail, middle, sentence.end, sentence.boundary)
                return [Sentence(head, sentence.start, middle, Boundary.COMMA)], [rest, *after]
    return ([sentence], after) if room.seconds(sentence.text) <= longest else ([], sentences)


def _paragraphs(sentences: Sequence[Sentence]) -> Iterator[list[Sentence]]:
    paragraph: list[Sentence] = []
    for sentence in sentences:
        paragraph.append(sentence)
        if sentence.boundary is not Boundary.SENTENCE:
            yield paragraph
            paragraph = []
    if paragraph:
        yield paragraph


def _pieces(parts: Sequence[Sentence], room: _Room) -> list[Piece]:
    """The parts of one paragraph, joined while there is room."""
    joined: list[Sentence] = []
    for part in parts:
        if joined and room.takes(joined[-1].text, part.text):
            joined[-1] = _join(joined[-1], part)
        else:
            joined.append(part)
    if len(joined) > 1 and room.takes_tail(joined[-2].text, joined[-1].text):
        joined[-2:] = [_join(*joined[-2:])]
    return [_piece(part, room) for part in joined]


def _join(first: Sentence, second: Sentence) -> Sentence:
    return Sentence(first.text + second.text, first.start, second.end, second.boundary)


def _piece(part: Sentence, room: _Room) -> Piece:
    text = part.text.strip()
    start = part.start + len(part.text) - len(part.text.lstrip())
    return Piece(text, start, start + len(text), room.seconds(text), part.boundary)


def _fitting(sentence: Sentence, room: _Room) -> Iterator[Sentence]:
    """The sentence itself, or parts of it that each fit into a piece."""
    start = sentence.start
    for text in _shortened(sentence.text, room, _SEPARATORS):
        end = start + len(text)
        boundary = sentence.boundary if end == sentence.end else Boundary.COMMA
        yield Sentence(text, start, end, boundary)
        start = end


def _shortened(text: str, room: _Room, separators: Sequence[re.Pattern[str]]) -> Iterator[str]:
    if room.seconds(text) <= room.longest or len(text) == 1:
        yield text
    elif separators:
        for part in _cut_at(separators[0], text):
            yield from _shortened(part, room, separators[1:])
    else:
        middle = len(text) // 2
        yield from _shortened(text[:middle], room, ())
        yield from _shortened(text[middle:], room, ())


def _cut_at(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    """`text` cut after each match."""
    cuts = [0, *(match.end() for match in pattern.finditer(text)), len(text)]
    return (text[start:end] for start, end in pairwise(cuts) if start < end)


def _spoken(language: str, text: str) -> str:
    return languages.guess(text) if language == languages.AUTO else language
