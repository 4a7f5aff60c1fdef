"""Sentences of a text that is still being written, each as soon as it has certainly ended."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from math import inf

from shared import languages
from shared.text.clean import has_speech
from shared.text.duration import estimate
from shared.text.lasting import InForce
from shared.text.plain import Plain
from shared.text.sentences import PAUSES, Boundary, Sentence, pack, split
from shared.text.torn import Halves


@dataclass(frozen=True)
class Part:
    """What is spoken in one go."""

    text: str
    """As it was written, without blanks around it."""
    said: str
    """The same with the mark-up that holds here and was written before: whole by itself."""
    characters: int
    """How much of what came it takes up, with the blanks around it."""
    pause: float
    """Seconds of silence between the part before and this one, besides those of mark-up."""


# --- where to look ----------------------------------------------------------------------------

_WIDE = "\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7ff\uf900-\ufaff"
"""Scripts in which one character takes about as long as three Latin ones."""
_PARAGRAPH = r"\n[^\S\n]*\n"
# Signs of these scripts are wide too. What may stand before the first of them must not reach past
# it, or the place would depend on whether more has come.
_BETWEEN = rf"(?:(?!{_PARAGRAPH})[^\w{_WIDE}]){{0,40}}"
_WORD = rf"(?:[{_WIDE}]|\w+(?=\W))"
_PLACE = re.compile(
    rf"{_PARAGRAPH}|\n{_BETWEEN}{_WORD}|[.!?…。！？][^\w\s{_WIDE}]{{0,20}}(?:[{_WIDE}]|(?!{_PARAGRAPH})\s{_BETWEEN}{_WORD})"
)
"""Where it is worth looking: an empty line, or the end of the first word after what can end a
sentence, as that word may say that none has ended."""
_PARAGRAPH_END = re.compile(rf"{_PARAGRAPH}\Z")
_WIDE_CHARACTER = re.compile(f"[{_WIDE}]")
_WIDTH = 3
_LONGEST = 290
"""Latin characters, 20 seconds of speech, after which a sentence without an end is cut."""
_LONGEST_SECONDS = 12.0
_FIRST = 58
"""The same for the first part of an utterance, which somebody waits for: 4 seconds."""
_SHORTEST_SECONDS = 1.0
"""What is shorter is spoken with what follows, unless nothing is spoken yet."""
_HOPELESS = 2 * _LONGEST
"""A bracket that is still open after so many characters is none."""
_BLOCK = 1_000
_ENDS = re.compile(r"[.!?…。！？:：][\W_]*\Z")

_UNFINISHED = re.compile(r"(?:\[[^\[\]\n]{0,160}|<(?:[/!?A-Za-z][^<>]{0,1000})?)\Z")
"""A tag, or a bracket, whose end has not come."""
_GLUED = re.compile(r"(?:\[[^\[\]\n]*\]|<[^<>\n]*>|[^\s\w\[<])*")
"""What belongs to a sentence although it is not heard: closing quotes, asterisks, tags."""
_ASIDES = re.compile(r"<(/?)(?:sub|say-as)\b[^<>]*(?<!/)>")
"""Elements that are read as one."""


# --- cutting ----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Cut:
    """A place in the buffer, and what ends there."""

    place: int
    boundary: Boundary


class Increments:
    """A text that grows; however it is torn on its way, its parts are the same.

    A sentence has ended once the word after it is there, or an empty line. One of about 20 seconds
    without an end is cut at a comma, and the first of an utterance after about four. Mark-up that
    holds for several sentences holds until it is closed or the utterance ends.
    """

    def __init__(self, language: str = languages.AUTO) -> None:
        """`language` as in `shared.languages`; it may change at any time."""
        self.language = language
        self.restart()

    @property
    def pending(self) -> int:
        """Characters that belong to no part yet."""
        return len(self._rest) + len(self._halves)

    def feed(self, text: str) -> Iterator[Part]:
        """What can be spoken after this further text."""
        text = self._halves.joined(text)
        for start in range(0, len(text), _BLOCK):
            self._rest += text[start : start + _BLOCK]
            yield from self._ended()

    def flush(self) -> Iterator[Part]:
        """What is left, although it has not ended."""
        yield from self._take(self._cuts(self._rest, all=True))
        self.clear()

    def end(self) -> Iterator[Part]:
        """What is left; the next text is that of another utterance."""
        yield from self.flush()
        self.restart()

    def clear(self) -> None:
        """Forget what is left."""
        self._rest, self._halves = "", Halves()
        self._seen, self._bound = 0, self._step

    def restart(self) -> None:
        """Forget what is left, and all that was before it: another utterance begins."""
        self._force = InForce()
        self._before: Boundary | None = None
        """What ended before the next part; None before the first."""
        self._silent = False
        """Whether the part before ended in a pause that it asked for."""
        self.clear()

    @property
    def _step(self) -> int:
        return _FIRST if self._before is None else _LONGEST

    def _ended(self) -> Iterator[Part]:
        """The parts that have certainly ended.

        All that is looked at is the text up to some place, and the places are found by that text
        alone: so it does not matter in which pieces it came.
        """
        while found := self._next_place():
            place, is_long = found
            self._seen = max(self._seen, place)
            before = self._rest[:place]
            cuts = [] if self._inside(before) else self._cuts(before)
            if is_long:
                cuts = cuts or self._cuts_of_long(before)
                self._bound += self._step
            yield from self._take(cuts)

    def _next_place(self) -> tuple[int, bool] | None:
        """The next place worth looking at, and whether it is one because the text is long."""
        match = _PLACE.search(self._rest, self._seen)
        long = self._reach(self._bound)
        if match and (long is None or match.end() <= long):
            return match.end(), False
        return None if long is None else (long, True)

    def _reach(self, bound: int) -> int | None:
        """Where the text has become longer than `bound` Latin characters."""
        if len(self._rest) * _WIDTH < bound:
            return None
        widths = (_WIDTH if _WIDE_CHARACTER.match(character) else 1 for character in self._rest)
        return next((n for n, width in enumerate(accumulate(widths), 1) if width >= bound), None)

    def _cuts(self, text: str, all: bool = False) -> list[_Cut]:
        """Where sentences end in `text` for certain; with `all`, every one has ended."""
        plain = Plain.of(text)
        sentences = split(plain.words, self.language)
        ends_paragraph = bool(_PARAGRAPH_END.search(text))
        if sentences and ends_paragraph:
            last = sentences[-1]
            sentences[-1] = Sentence(last.text, last.start, last.end, Boundary.PARAGRAPH)
        elif not all:
            del sentences[-1:]
        return self._placed(text, plain, self._joined(sentences, all or ends_paragraph))

    def _cuts_of_long(self, text: str) -> list[_Cut]:
        """Where a sentence that is too long can be cut, the last part of it left out."""
        plain = Plain.of(text)
        if not has_speech(plain.words):
            return [_Cut(len(text), Boundary.SENTENCE)] if len(text) > _HOPELESS else []
        whole = Sentence(plain.words, 0, len(plain.words), Boundary.COMMA)
        if self._before is None and self._bound < _LONGEST:
            nearly = 0.99 * estimate(plain.words, self.language)
            pieces = pack([whole], self.language, first=nearly, longest=inf)
        else:
            pieces = pack([whole], self.language, longest=_LONGEST_SECONDS)
        ends = [(piece.end, Boundary.COMMA) for piece in pieces[:-1]]
        return self._placed(text, plain, ends)

    def _joined(self, sentences: list[Sentence], all: bool) -> list[tuple[int, Boundary]]:
        """Ends and boundaries of sentences, those too short joined with what follows them."""
        ends: list[tuple[int, Boundary]] = []
        said, first = "", self._before is None
        for sentence in sentences:
            said += sentence.text
            paragraph = sentence.boundary is Boundary.PARAGRAPH and has_speech(said)
            if paragraph or self._is_worth(said, first):
                ends.append((sentence.end, sentence.boundary))
                said, first = "", False
        if all and sentences and said:
            if not has_speech(said) and ends:
                ends.pop()
            ends.append((sentences[-1].end, sentences[-1].boundary))
        return ends

    def _is_worth(self, said: str, first: bool) -> bool:
        """False for `1.` and for what takes less than a second, unless it is the first."""
        if not any(character.isalpha() for character in said):
            return False
        return first or estimate(said.strip(), self.language) >= _SHORTEST_SECONDS

    def _placed(self, text: str, plain: Plain, ends: list[tuple[int, Boundary]]) -> list[_Cut]:
        """Ends in the words that are left without mark-up as places in the text itself."""
        starts, stops, cuts = plain.text.starts, plain.text.ends, list[_Cut]()
        for end, boundary in ends:
            visible = len(plain.words[:end].rstrip())
            if end == len(plain.words):
                cuts.append(_Cut(len(text), boundary))
            elif visible:
                glued = _GLUED.match(text, stops[visible - 1], starts[end])
                if glued and not self._inside(text[: glued.end()]):
                    cuts.append(_Cut(glued.end(), boundary))
        return cuts

    def _inside(self, text: str) -> bool:
        """Whether `text` ends within brackets, or within something that is read as one."""
        if len(text) > _HOPELESS:
            return False
        asides = [match[1] for match in _ASIDES.finditer(text)]
        return bool(_UNFINISHED.search(text)) or asides.count("") > asides.count("/")

    def _take(self, cuts: list[_Cut]) -> Iterator[Part]:
        """The parts up to each of these places, which leave the buffer."""
        taken = 0
        for cut in cuts:
            source, taken = self._rest[taken : cut.place], cut.place
            if part := self._part(source, cut.boundary):
                yield part
        if taken:
            self._rest = self._rest[taken:]
            self._seen = max(self._seen - taken, 0)
            self._bound = self._step

    def _part(self, source: str, boundary: Boundary) -> Part | None:
        """A part, or None where nothing of it can be heard."""
        said = self._force.around(source.strip())
        plain = Plain.of(said)
        if not has_speech(plain.words):
            return None
        first, last = plain.text.starts[0], plain.text.ends[-1]
        places = [place for place, _ in plain.marks.pauses]
        quiet = self._silent or any(place <= first for place in places)
        pause = 0.0 if quiet or self._before is None else PAUSES[self._before]
        self._force.keep_mood(plain, boundary is Boundary.PARAGRAPH)
        self._silent = any(place >= last for place in places)
        self._before = boundary
        if boundary is Boundary.END:
            self._before = Boundary.SENTENCE if _ENDS.search(plain.words) else Boundary.COMMA
        return Part(source.strip(), said, len(source), pause)
