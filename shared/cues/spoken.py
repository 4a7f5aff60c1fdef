"""Cues of what was spoken: a segment each, or a few words each where their times are known."""

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from shared import languages
from shared.cues.cue import Cue
from shared.cues.writing import WIDTH, in_one_line, width
from shared.stores.recipe import Segment, Word
from shared.text.sentences import split

_ROOM = 2 * WIDTH
"""Letters of a cue: two lines."""
_LONGEST = 6.0
"""Seconds of a cue, about as long as two full lines take to read."""
_SHORTEST = 1.0
"""Seconds that a cue lasts before the end of a sentence ends it."""
_SILENCE = 0.8
"""Seconds between two words that end a cue."""


def of_segments(segments: Iterable[Segment]) -> Iterator[Cue]:
    """A cue for each segment, however long."""
    for segment in segments:
        yield Cue(segment.start, segment.end, segment.text, segment.speaker)


def of_words(segments: Iterable[Segment]) -> Iterator[Cue]:
    """Cues short enough to be read, with the moments of their words; a segment whose words have no
    times is one cue."""
    for segment in segments:
        if segment.words:
            yield from _of_words(segment, segment.words)
        else:
            yield from of_segments([segment])


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
        width(text[first.first : following.after]) > _ROOM
        or following.word.end - first.word.start > _LONGEST
        or following.word.start - last.word.end > _SILENCE
        or (following.sentence > last.sentence and last.word.end - first.word.start >= _SHORTEST)
    )
