"""Cues of what was spoken: short enough to be read, and long enough."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import inf

from shared import languages
from shared.cues.cue import Cue
from shared.cues.writing import in_one_line, lines, named, unbreakable, width
from shared.stores.recipe import Segment, Word
from shared.text.sentences import split

_LINES = 2
"""That a cue has room for."""
_LONGEST = 6.0
"""Seconds of a cue, about as long as two full lines take to read."""
_SHORTEST = 1.0
"""Seconds that a cue lasts before the end of a sentence ends it, and that it can be read in."""
_READ = 20.0
"""Letters that are read in a second, as Netflix' style guides for timed text allow adults."""
_SILENCE = 0.8
"""Seconds between two words that end a cue."""


def of_segments(segments: Iterable[Segment]) -> Iterator[Cue]:
    """A cue for each segment; several, of two lines each, for one that would fill more.

    Such a segment is cut where its words are heard, or where they are likely to be: by its letters.
    """
    return _lingering([cue for segment in segments for cue in _readable(segment)])


def of_words(segments: Iterable[Segment]) -> Iterator[Cue]:
    """Cues of a few words, with the moments of each; a segment whose words have no times is told as
    by `of_segments`."""
    return _lingering([cue for segment in segments for cue in _timed(segment)])


def _lingering(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Cues that stay in the silence after them until they can be read."""
    starts = [*(cue.start for cue in cues[1:]), inf]
    for cue, following in zip(cues, starts, strict=False):
        needed = max(_SHORTEST, width(cue.text) / _READ)
        yield replace(cue, end=max(cue.end, min(cue.start + needed, following)))


def _timed(segment: Segment) -> Iterator[Cue]:
    return _of_words(segment, segment.words) if segment.words else _readable(segment)


def _readable(segment: Segment) -> Iterator[Cue]:
    if _fits(segment.speaker, segment.text):
        yield Cue(segment.start, segment.end, segment.text, segment.speaker)
        return
    for cue in _of_words(segment, segment.words or _likely(segment)):
        yield replace(cue, moments=())


def _likely(segment: Segment) -> list[Word]:
    """The words of a segment, each as long as its letters are many."""
    parts = [part.strip() for part in unbreakable(in_one_line(segment.text))]
    ends = list(accumulate(map(width, parts)))
    pace = (segment.end - segment.start) / ends[-1]
    return [
        Word(start=segment.start + pace * start, end=segment.start + pace * end, text=part)
        for part, start, end in zip(parts, [0, *ends], ends, strict=False)
    ]


def _fits(speaker: str, text: str) -> bool:
    """Whether a cue has room for a text."""
    return len(lines(named(speaker, text))) <= _LINES


@dataclass(frozen=True)
class _Placed:
    """A word in its place."""

    word: Word
    first: int
    """Its first character in the text, in one line."""
    after: int
    sentence: int
    """Which of the text it is in."""


def _of_words(segment: Segment, words: Sequence[Word]) -> Iterator[Cue]:
    text = in_one_line(segment.text)
    for group in _groups(_placed(text, words), text, segment.speaker):
        first, after = group[0].first, group[-1].after
        yield Cue(
            group[0].word.start,
            group[-1].word.end,
            text[first:after],
            segment.speaker,
            tuple((it.first - first, it.word.start) for it in group),
        )


def _placed(text: str, words: Iterable[Word]) -> Iterator[_Placed]:
    """The words in their places: they are pieces of the text, in order."""
    ends = [sentence.end for sentence in split(text, languages.AUTO)]
    reached = 0
    for word in words:
        first = text.index(word.text, reached)
        reached = first + len(word.text)
        yield _Placed(word, first, reached, bisect_right(ends, first))


def _groups(words: Iterable[_Placed], text: str, speaker: str) -> Iterator[list[_Placed]]:
    """The words of each cue."""
    group: list[_Placed] = []
    for it in words:
        if group and _ends(group, it, text, speaker):
            yield group
            group = []
        group.append(it)
    if group:
        yield group


def _ends(group: Sequence[_Placed], following: _Placed, text: str, speaker: str) -> bool:
    """Whether a cue ends before another word."""
    first, last = group[0], group[-1]
    return (
        not _fits(speaker, text[first.first : following.after])
        or following.word.end - first.word.start > _LONGEST
        or following.word.start - last.word.end > _SILENCE
        or (following.sentence > last.sentence and last.word.end - first.word.start >= _SHORTEST)
    )
