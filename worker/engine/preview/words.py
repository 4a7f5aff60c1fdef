"""When the words of an utterance are heard, from what espeak-ng says while it speaks."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np

from shared.audio.pcm import Samples
from worker.engine.protocol import WordTime

Mark = tuple[int | None, int]
"""A place in the text, and the moment (ms) at which it is reached; no place where a clause ends,
with its pause."""

_SILENT = 1 / 512
"""Amplitude up to which nothing is heard: -54 dB, below a whisper of espeak-ng."""


class Words:
    """The words of one utterance, as its sound comes."""

    def __init__(self, text: str, rate: int) -> None:
        """`rate` in Hz, of the sound."""
        self._text = text
        self._rate = rate
        self._marks: list[Mark] = []
        self._sound: list[Samples] = []

    def hear(self, marks: Iterable[Sequence[int | None]], sound: Samples) -> None:
        """More of it, with the marks that came along."""
        for place, moment in marks:
            assert moment is not None
            self._marks.append((place, moment))
        self._sound.append(sound)

    def times(self) -> tuple[WordTime, ...]:
        """All words that were heard; those that espeak-ng reads as one stand as one."""
        sound = np.concatenate([*self._sound, np.empty(0, np.float32)])
        length = sound.size / self._rate
        marks = [*self._forward(), (None, round(length * 1_000))]
        places = [place for place, _ in marks if place is not None]
        afters = iter([*places[1:], len(self._text)])
        found: list[WordTime] = []
        for (place, moment), (following, until) in pairwise(marks):
            if place is None:
                continue
            after = next(afters)
            start, end = moment / 1_000, min(until / 1_000, length)
            if following is None:
                end = self._heard_until(sound, start, end)
            if start < end:
                found.append(WordTime(place, after, start, end))
        return tuple(found)

    def _forward(self) -> list[Mark]:
        """The marks without those that go back: espeak-ng says a number's place once more while it
        reads it."""
        marks: list[Mark] = []
        reached = -1
        for place, moment in self._marks:
            if place is not None and not reached < place < len(self._text):
                continue
            marks.append((place, moment))
            reached = reached if place is None else place
        return marks

    def _heard_until(self, sound: Samples, start: float, end: float) -> float:
        """The end of the last sound in a stretch; its beginning where there is none."""
        first, last = round(start * self._rate), round(end * self._rate)
        audible = np.flatnonzero(np.abs(sound[first:last]) > _SILENT)
        return (first + int(audible[-1]) + 1) / self._rate if audible.size else start
