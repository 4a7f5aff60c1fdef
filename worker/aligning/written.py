"""The words of a text as it is written, with the times of the words that were said for them.

Times are only carried over, never made up: what nobody has timed joins the word before it.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeVar

from shared.stores.recipe import Word
from worker.engine.protocol import WordTime

Place = TypeVar("Place", int, float)

_BLANKLESS = (
    "\u2e80-\u2fdf\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
"""Ideographs and kana, between which no blank stands: each may be a word."""
_OPENING = "（「『《〈【〔“‘«¿¡(\\["
_LETTER = rf"[^\W{_BLANKLESS}]"
_TOKEN = re.compile(
    rf"""(?<=\S)[^\w\s{_OPENING}]+  # signs after a word
    | [^\w\s]*(?:[{_BLANKLESS}] | {_LETTER}(?:[^\s{_BLANKLESS}]*{_LETTER})?)
    | [^\w\s]+""",
    re.VERBOSE,
)
_SIGNS = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class _Token:
    """A word with the signs before it, or the signs after one."""

    first: int
    after: int
    word: str
    """Its letters and digits, in small letters; empty for signs."""
    key: str
    """The word, or the signs: where both texts have the same ones, they are in the same place."""


@dataclass(frozen=True)
class _Pair:
    """Characters that are written, and when they are heard; None for what is lacking."""

    text: tuple[int, int] | None
    """The first, and the one after the last."""
    time: tuple[float, float] | None
    """Seconds."""

    def __bool__(self) -> bool:
        return bool(self.text and self.time)

    def with_(self, other: "_Pair") -> "_Pair":
        return _Pair(_span([self.text, other.text]), _span([self.time, other.time]))


def written(text: str, said: str, times: Sequence[WordTime]) -> list[Word]:
    """The words of `text`, where `said` was spoken in its place and `times` are of what is said.

    Words that are read as one, or whose times cannot be told apart, are one.
    """
    return [
        Word(start=time[0], end=time[1], text=" ".join(text[slice(*place)].split()))
        for pair in _joined(_pairs(text, said, times))
        if (place := pair.text) and (time := pair.time)
    ]


def _joined(pairs: Iterable[_Pair]) -> Iterator[_Pair]:
    """Pairs that lack nothing: one that does joins the one before it, or the first."""
    begun = _Pair(None, None)
    for pair in pairs:
        if begun and pair:
            yield begun
            begun = pair
        else:
            begun = begun.with_(pair)
    if begun:
        yield begun


def _pairs(text: str, said: str, times: Sequence[WordTime]) -> Iterator[_Pair]:
    """What is written beside the time of what was said for it, in order."""
    ours, theirs = _tokens(text), _tokens(said)
    heard = _heard(theirs, times)
    keys = [[token.key for token in tokens] for tokens in (ours, theirs)]
    for same, a, b, c, d in SequenceMatcher(None, *keys, autojunk=False).get_opcodes():
        if same == "equal":
            for token, time in zip(ours[a:b], heard[c:d], strict=True):
                yield _Pair((token.first, token.after), time)
        else:
            places = [(token.first, token.after) for token in ours[a:b]]
            yield _Pair(_span(places), _span(heard[c:d]))


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(text):
        word = _SIGNS.sub("", match[0]).casefold()
        found.append(_Token(match.start(), match.end(), word, word or match[0]))
    return found


def _heard(tokens: Sequence[_Token], times: Sequence[WordTime]) -> list[tuple[float, float] | None]:
    """When each token is heard: from its first word to its last; None if none begins in it."""
    return [
        _span([(it.start, it.end) for it in times if token.first <= it.first < token.after])
        if token.word
        else None
        for token in tokens
    ]


def _span(spans: Iterable[tuple[Place, Place] | None]) -> tuple[Place, Place] | None:
    """From the first beginning to the last end; None of nothing."""
    known = [span for span in spans if span]
    if not known:
        return None
    return min(start for start, _ in known), max(end for _, end in known)
