"""A text with mark-up, read: what is spoken in one go, in which manner, and what follows it."""

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from shared import languages
from shared.text import duration, lexicon, markers
from shared.text.clean import has_speech
from shared.text.lexicon import Lexicon
from shared.text.manner import PLAIN, Manner
from shared.text.marks import LONGEST_PAUSE, Aside, Marks
from shared.text.normalise.rules import said_as, spoken
from shared.text.plain import Plain
from shared.text.sentences import Boundary, Piece, Sentence, pack, split
from shared.text.tracked import Tracked

__all__ = ["PLAIN", "Manner", "Passage", "Reading", "read"]


@dataclass(frozen=True)
class Passage:
    """What is spoken in one go."""

    text: str
    """As it is written, without mark-up."""
    said: str
    """As it is spoken."""
    start: int
    """First character in the source, mark-up and all; exact."""
    end: int
    """The one after the last."""
    seconds: float
    """Estimated, of what is said."""
    boundary: Boundary
    """What ends after it."""
    pause: float | None = None
    """Seconds of silence after it that mark-up asks for, in place of those of the boundary."""
    manner: Manner = PLAIN


@dataclass(frozen=True)
class Reading:
    """A text, read."""

    passages: list[Passage]
    language: str
    """Of the whole, canonical: guessed where it was `auto`."""
    opening: float = 0.0
    """Seconds of silence that mark-up asks for before the first passage."""
    remarks: list[str] = field(default_factory=list[str])
    """What was left out, and mark-up that nobody understands: one sentence each."""


def read(
    text: str,
    language: str,
    *,
    lexicon: Mapping[str, str] | None = None,
    normalise: bool = True,
    target: float = 12.0,
    longest: float = 20.0,
    first: float | None = None,
    line: int | None = 1,
) -> Reading:
    """The passages of a text: about `target` seconds each, as it is written none above `longest`.

    `language` may be `auto`. `lexicon` goes before the entries of `configs/lexicon/`, which hold
    with and without `normalise`: that is for numbers, dates, abbreviations and pictures. With
    `first`, the first passage is one sentence of about so many seconds at most, if there is such.
    `line` is the line of the document that the text begins in, for the remarks; with None they name
    no lines.
    """
    plain = Plain.of(text, line)
    if language == languages.AUTO:
        language = languages.guess(plain.words)
    reader = _Reader(plain.text, plain.marks, language, lexicon, normalise)
    turns = _Turns(plain.marks, plain.moods)
    passages, opening = reader.passages(turns, target, longest, first)
    return Reading(passages, language, opening, plain.remarks)


# --- where the manner changes -----------------------------------------------------------------


@dataclass(frozen=True)
class _Turns:
    """Manners by place in the source, and moods of markers laid over them."""

    marks: Marks
    moods: list[markers.Mood]

    def places(self) -> list[int]:
        """Wherever a passage has to end."""
        turns = [place for place, _ in self.marks.turns]
        pauses = [place for place, _ in self.marks.pauses]
        moods = [place for mood in self.moods for place in (mood.start, mood.end)]
        return sorted({*turns, *pauses, *self.marks.cuts, *moods})

    def manners(self, places: Sequence[int]) -> Iterator[Manner]:
        """At each of these places, which are in order."""
        starts = [place for place, _ in self.marks.turns]
        begins = [mood.start for mood in self.moods]
        for place in places:
            n = bisect_right(starts, place) - 1
            manner = self.marks.turns[n][1] if n >= 0 else PLAIN
            m = bisect_right(begins, place) - 1
            if m >= 0 and place < self.moods[m].end:
                manner = replace(manner, emotion=self.moods[m].emotion, instruct=None)
            yield manner


@dataclass(frozen=True)
class _Stretch:
    """`text[start:end]`, all in one manner."""

    start: int
    end: int
    manner: Manner


# --- passages ---------------------------------------------------------------------------------

_STRENGTH = {boundary: n for n, boundary in enumerate(Boundary)}
_TRIES = 4
"""How often a passage that takes too long once numbers are written out is cut again."""


@dataclass
class _Reader:
    text: Tracked
    marks: Marks
    language: str
    more: Mapping[str, str] | None
    normalise: bool
    _lexica: dict[str, Lexicon] = field(default_factory=dict[str, Lexicon])

    def passages(
        self, turns: _Turns, target: float, longest: float, first: float | None
    ) -> tuple[list[Passage], float]:
        """All of them, and the silence before the first."""
        found: list[Passage] = []
        stretches = self._stretches(turns)
        sentences = _Sentences(self._split(stretches), {*self._flat(self.marks.cuts)})
        opening, pauses = 0.0, _Pauses(self.marks.pauses)
        for stretch in stretches:
            parts = sentences.within(stretch.start, stretch.end)
            pause = pauses.until(self._source(stretch.start))
            if pause is not None and found:
                found[-1] = _followed(found[-1], pause)
            elif pause is not None:
                opening = min(opening + pause, LONGEST_PAUSE)
            language = stretch.manner.language or self.language
            for part, said in self._said(
                parts, language, target, longest, None if found else first
            ):
                found.append(self._passage(part, said, language, stretch.manner))
            if found and parts:
                found[-1] = _bounded(found[-1], parts[-1].boundary)
        pause = pauses.until(None)
        if found:
            last = _followed(found[-1], pause) if pause is not None else found[-1]
            found[-1] = replace(last, boundary=Boundary.END)
        return found, opening

    def _passage(self, part: Piece, said: str, language: str, manner: Manner) -> Passage:
        return Passage(
            text=part.text,
            said=said,
            start=self.text.starts[part.start],
            end=self.text.ends[part.end - 1],
            seconds=duration.estimate(said, language),
            boundary=part.boundary,
            manner=manner,
        )

    def _stretches(self, turns: _Turns) -> list[_Stretch]:
        length = len(self.text.text)
        places = turns.places()
        flat = [0, *self._flat(places), length]
        manners = [*turns.manners([self._source(0), *places])]
        return [
            _Stretch(start, end, manner)
            for (start, end), manner in zip(pairwise(flat), manners, strict=True)
            if start < end
        ]

    def _flat(self, places: Sequence[int]) -> list[int]:
        return [self.text.at(place) for place in places]

    def _source(self, position: int) -> int:
        return self.text.starts[position] if position < len(self.text.text) else 0

    def _split(self, stretches: Sequence[_Stretch]) -> Iterator[Sentence]:
        """The sentences of the whole, each part in its own language."""
        start = 0
        for stretch, after in pairwise([*stretches, None]):
            assert stretch
            language = stretch.manner.language
            if after and after.manner.language == language:
                continue
            part = self.text.text[start : stretch.end]
            for sentence in split(part, language or self.language):
                last = sentence.end == len(part) and after is not None
                boundary = _before_turn(sentence) if last else sentence.boundary
                yield Sentence(
                    sentence.text, start + sentence.start, start + sentence.end, boundary
                )
            start = stretch.end

    # --- as it is said ---

    def _said(
        self,
        parts: Sequence[Sentence],
        language: str,
        target: float,
        longest: float,
        first: float | None,
    ) -> Iterator[tuple[Piece, str]]:
        for piece in pack(parts, language, target, longest, first=first):
            yield from self._fitting(piece, language, longest, _TRIES)

    def _fitting(
        self, piece: Piece, language: str, longest: float, tries: int
    ) -> Iterator[tuple[Piece, str]]:
        """A piece, cut again if what is said takes much longer than what is written."""
        said = self._aloud(piece, language)
        seconds = duration.estimate(said, language)
        if not has_speech(said):
            return
        if seconds <= longest or not tries or len(piece.text) < _WORTH_CUTTING:
            yield piece, said
            return
        whole = Sentence(piece.text, piece.start, piece.end, piece.boundary)
        room = max(longest * piece.seconds / seconds, piece.seconds / 2, 1.0)
        for part in pack([whole], language, room, room):
            yield from self._fitting(part, language, longest, tries - 1)

    def _aloud(self, piece: Piece, language: str) -> str:
        """A piece as it is spoken: asides and the lexicon first, and what is between normalised."""
        said: list[str] = []
        kept = piece.start
        for start, end, spelling in self._fixed(piece, language):
            said += (self._normalised(kept, start, language), spelling)
            kept = end
        said.append(self._normalised(kept, piece.end, language))
        spoken_text = "".join(said)
        return " ".join(spoken_text.split()) if self.normalise else spoken_text.strip()

    def _normalised(self, start: int, end: int, language: str) -> str:
        text = self.text.text[start:end]
        if not self.normalise or not text.strip():
            return text
        blank_before, blank_after = text[0].isspace(), text[-1].isspace()
        said = spoken(" ".join(text.split()), language)
        return f"{' ' * blank_before}{said}{' ' * blank_after}"

    def _fixed(self, piece: Piece, language: str) -> Iterator[tuple[int, int, str]]:
        """What normalising must not touch: positions, and what is said for them."""
        kept = piece.start
        for aside in self._asides(piece):
            start = max(self.text.at(aside.start), piece.start)
            end = min(self.text.at(aside.end), piece.end)
            if start < kept or start >= end:
                continue
            yield from self._listed(kept, start, language)
            yield start, end, self._as_told(aside, start, end, language)
            kept = end
        yield from self._listed(kept, piece.end, language)

    def _asides(self, piece: Piece) -> Sequence[Aside]:
        """Those that touch the piece."""
        asides = self.marks.asides
        if not asides:
            return ()
        first, last = self.text.starts[piece.start], self.text.ends[piece.end - 1]
        after = bisect_left(asides, last, key=lambda aside: aside.start)
        return asides[bisect_right(asides, first, key=lambda aside: aside.end) : after]

    def _as_told(self, aside: Aside, start: int, end: int, language: str) -> str:
        if aside.way != "sub":
            return said_as(self.text.text[start:end], aside.way, language)
        begins = self.text.at(aside.start) == start
        return aside.alias if begins else ""

    def _listed(self, start: int, end: int, language: str) -> Iterator[tuple[int, int, str]]:
        for entry in self._lexicon(language).find(self.text.text[start:end]):
            yield start + entry.start, start + entry.end, entry.spelling

    def _lexicon(self, language: str) -> Lexicon:
        if language not in self._lexica:
            self._lexica[language] = lexicon.of(language, self.more)
        return self._lexica[language]


_PARAGRAPH_END = re.compile(r"\n[^\S\n]*\n\s*$")
_SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]」』）]{0,3}\s*$")
_WORTH_CUTTING = 20
"""Characters; anything shorter stays as it is, however long its numbers are."""


class _Sentences:
    """Sentences, given out stretch by stretch from left to right."""

    def __init__(self, sentences: Iterator[Sentence], cuts: set[int]) -> None:
        self._sentences = sentences
        self._cuts = cuts
        self._rest: Sentence | None = None

    def within(self, start: int, end: int) -> list[Sentence]:
        """Those between two positions; one that goes on beyond is cut there."""
        parts: list[Sentence] = []
        while start < end:
            sentence = self._rest or next(self._sentences)
            self._rest = None
            if sentence.end > end:
                sentence, self._rest = self._cut(sentence, end)
            parts.append(sentence)
            start = sentence.end
        return parts

    def _cut(self, sentence: Sentence, place: int) -> tuple[Sentence, Sentence]:
        head, tail = (
            sentence.text[: place - sentence.start],
            sentence.text[place - sentence.start :],
        )
        if not has_speech(tail):
            boundary = sentence.boundary
        else:
            boundary = Boundary.SENTENCE if place in self._cuts else Boundary.COMMA
        return (
            Sentence(head, sentence.start, place, boundary),
            Sentence(tail, place, sentence.end, sentence.boundary),
        )


class _Pauses:
    """Pauses, asked for from left to right."""

    def __init__(self, pauses: Sequence[tuple[int, float]]) -> None:
        self._pauses = pauses
        self._next = 0

    def until(self, place: int | None) -> float | None:
        """Those up to a place in the source, together; None if there are none."""
        first = self._next
        while self._next < len(self._pauses) and (
            place is None or self._pauses[self._next][0] <= place
        ):
            self._next += 1
        found = self._pauses[first : self._next]
        return sum(seconds for _, seconds in found) if found else None


def _before_turn(sentence: Sentence) -> Boundary:
    """What ends where another language begins."""
    if _PARAGRAPH_END.search(sentence.text):
        return Boundary.PARAGRAPH
    return Boundary.SENTENCE if _SENTENCE_END.search(sentence.text) else Boundary.COMMA


def _followed(passage: Passage, pause: float) -> Passage:
    return replace(passage, pause=min((passage.pause or 0.0) + pause, LONGEST_PAUSE))


def _bounded(passage: Passage, boundary: Boundary) -> Passage:
    """With the stronger of two boundaries: what stood between was not to be spoken."""
    stronger = max(passage.boundary, boundary, key=lambda found: _STRENGTH[found])
    return replace(passage, boundary=stronger)
