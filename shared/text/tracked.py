"""A text that remembers, through every change, where in its source each character stood."""

import re
import unicodedata
from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Self

_POSITION = "I"
_MAY_CHANGE = re.compile(r"[\x00-\u02ff]?[^\x00-\u02ff]+")
"""Below U+0300, no character composes with the one before it (Unicode 15, NFC_Quick_Check)."""
_JAMO = (range(0x1161, 0x1176), range(0x11A8, 0x11C3))
"""Vowels and finals that make one syllable with what stands before them."""


@dataclass(frozen=True)
class Edit:
    """What stands in `text[start:end]` gives way to `text`."""

    start: int
    end: int
    text: str = ""


@dataclass(frozen=True)
class Tracked:
    """`text[n]` stems from `source[starts[n]:ends[n]]`; both grow with n."""

    text: str
    starts: "array[int]" = field(repr=False)
    ends: "array[int]" = field(repr=False)

    @classmethod
    def of(cls, source: str) -> Self:
        """The source as it is."""
        length = len(source)
        return cls(source, array(_POSITION, range(length)), array(_POSITION, range(1, length + 1)))

    def edited(self, edits: Iterable[Edit]) -> "Tracked":
        """With all edits done; they are in order and do not overlap."""
        texts: list[str] = []
        starts, ends = array(_POSITION), array(_POSITION)
        kept = 0
        for edit in edits:
            texts += (self.text[kept : edit.start], edit.text)
            starts.extend(self.starts[kept : edit.start])
            ends.extend(self.ends[kept : edit.start])
            if edit.text:
                first, last = self._place(edit)
                starts.extend([first] * len(edit.text))
                ends.extend([last] * len(edit.text))
            kept = edit.end
        if not texts:
            return self
        starts.extend(self.starts[kept:])
        ends.extend(self.ends[kept:])
        return Tracked("".join((*texts, self.text[kept:])), starts, ends)

    def replaced(
        self, pattern: re.Pattern[str], written: Callable[[re.Match[str]], str]
    ) -> "Tracked":
        """With each match given way to what is `written` for it."""
        return self.edited(
            Edit(match.start(), match.end(), written(match))
            for match in pattern.finditer(self.text)
        )

    def stripped(self) -> "Tracked":
        """Without blanks at both ends."""
        start = len(self.text) - len(self.text.lstrip())
        return self.part(start, max(start, len(self.text.rstrip())))

    def part(self, start: int, end: int) -> "Tracked":
        """`text[start:end]`, with its places in the same source."""
        return Tracked(self.text[start:end], self.starts[start:end], self.ends[start:end])

    def composed(self) -> "Tracked":
        """In Unicode's form NFC: a letter and its accent are one character."""
        if unicodedata.is_normalized("NFC", self.text):
            return self
        return self.edited(
            edit for match in _MAY_CHANGE.finditer(self.text) for edit in _compositions(match)
        )

    def at(self, place: int) -> int:
        """The first position that stems from `source[place:]`."""
        return bisect_left(self.starts, place)

    def _place(self, edit: Edit) -> tuple[int, int]:
        if edit.start < edit.end:
            return self.starts[edit.start], self.ends[edit.end - 1]
        place = self.ends[edit.start - 1] if edit.start else 0
        return place, place


def _compositions(run: re.Match[str]) -> list[Edit]:
    text, start = run[0], run.start()
    composed = unicodedata.normalize("NFC", text)
    if composed == text:
        return []
    clusters = _clusters(text)
    forms = [unicodedata.normalize("NFC", cluster) for cluster in clusters]
    if "".join(forms) != composed:
        return [Edit(start, run.end(), composed)]
    edits: list[Edit] = []
    for cluster, form in zip(clusters, forms, strict=True):
        if form != cluster:
            edits.append(Edit(start, start + len(cluster), form))
        start += len(cluster)
    return edits


def _clusters(text: str) -> list[str]:
    """Each letter with its accents."""
    cuts = [n for n, character in enumerate(text) if n and not _joins(character)]
    return [text[start:end] for start, end in pairwise([0, *cuts, len(text)])]


def _joins(character: str) -> bool:
    return unicodedata.combining(character) > 0 or any(ord(character) in jamo for jamo in _JAMO)
