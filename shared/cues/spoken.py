"""Cues of what was spoken: a segment each, or a few words each where their times are known."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from math import inf

from shared import languages
from shared.cues.cue import Cue
from shared.cues.writing import in_one_line, lines, width
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
    """A cue for each segment, however long."""
    return _lingering([_whole(segment) for segment in segments])


def of_words(segments: Iterable[Segment]) -> Iterator[Cue]:
    """Cues short enough to be read, with the moments of their words; a segment whose words have no
    times is one cue."""
    return _lingering([cue for segment in segments for cue in _cues(segment)])


def _lingering(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Cues that stay in the silence after them until they can be read."""
    starts = [*(cue.start for cue in cues[1:]), inf]
    for cue, following in zip(cues, starts, strict=False):
        needed = max(_SHORTEST, width(cue.text) / _READ)
        yield replace(cue, end=max(cue.end, min(cue.start + needed, following)))


def _cues(segment: Segment) -> Iterator[Cue]:
    return _of_words(segment, segment.words) if segment.words else iter([_whole(segment)])


def _whole(segment: Segment) -> Cue:
    return Cue(segment.start, segment.end, segment.text, segment.speaker)


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
    for group in _groups(_placed(text, words), text):
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


def _groups(words: Iterable[_Placed], text: str) -> Iterator[list[_Placed]]:
    """The words of each cue."""
    group: list[_Placed] = []
    for it in words:
        if group and _ends(group, it, text):
            yield group
            group = []
        group.append(it)
    if group:
        yield group


def _ends(group: Sequence[_Placed], following: _Placed, text: str) -> bool:
    """Whether a cue ends before another word."""
    first, last = group[0], group[-1]
    return (
        len(lines(text[first.first : following.after])) > _LINES
        or following.word.end - first.word.start > _LONGEST
        or following.word.start - last.word.end > _SILENCE
        or (following.sentence > last.sentence and last.word.end - first.word.start >= _SHORTEST)
    )
