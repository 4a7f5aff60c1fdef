"""Documents of a wanted length for each pipeline; no sentence comes twice, as one that does is
spoken once."""

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from itertools import count, cycle
from typing import Any

from shared.cues.cue import Cue
from shared.cues.writing import to_srt
from shared.text import duration

_LANGUAGE = "english"
_CAST = ("ANNA", "BORIS", "CLARA", "DAVID")
_PARAGRAPH = 4
_CHAPTER = 24
"""Sentences."""
_APART = "\n\n"
_ROOM = 1.15
"""How much longer a cue is shown than its words take, about."""

# Short and long ones, with what is written out before it is spoken.
_SENTENCES = (
    "The lamp turned {n} times.",
    "Nobody on the island had counted past {n} before, and nobody had thought of it as a "
    "thing that could be counted at all.",
    "“Is it {n} already?” she asked.",
    "On the 3rd of March the keeper wrote {n} into the book, closed it, and went up the stairs "
    "without a word.",
    "It cost $4.50 and weighed {n} kg.",
    "At 10:30 the fog came in from the north, and by noon the {n} boats of the harbour were gone "
    "from sight.",
    "They waited, all {n} of them, for the bell.",
    "Dr. Hale, who had seen {n} winters here, said that this one would be like the others: long, "
    "wet and full of talk.",
)

_SHORT = ("The lamp turned {n} times.", "Number {n} is late again.", "Boat {n} came home.")


def paragraphs(count: int) -> str:
    """Text of short paragraphs, each a line of a narration."""
    return "\n\n".join(_SHORT[n % len(_SHORT)].format(n=n) for n in range(1, count + 1))


def sentences(minutes: float) -> Iterator[str]:
    """As many as take about so long to speak."""
    left = 60 * minutes
    for number, sentence in zip(count(1), cycle(_SENTENCES), strict=False):
        if left <= 0:
            return
        text = sentence.format(n=number)
        left -= duration.estimate(text, _LANGUAGE)
        yield text


def narration(minutes: float) -> str:
    """Markdown with chapters and paragraphs."""
    text = ""
    for number, sentence in enumerate(sentences(minutes)):
        if number % _CHAPTER == 0:
            text += f"\n\n# Part {number // _CHAPTER + 1}"
        text += f"{' ' if number % _PARAGRAPH else _APART}{sentence}"
    return text.strip()


def script(minutes: float) -> str:
    """`NAME: line`."""
    return "\n".join(f"{who}: {line}" for who, line in _spoken(minutes))


def npc_pack(minutes: float) -> str:
    """CSV."""
    table = io.StringIO()
    rows = csv.writer(table)
    rows.writerow(("id", "character", "text"))
    rows.writerows(
        (f"line_{number}", who, line) for number, (who, line) in enumerate(_spoken(minutes))
    )
    return table.getvalue()


def subtitles(minutes: float) -> str:
    """SRT, in which most cues fit their time."""
    cues: list[Cue] = []
    now = 0.0
    for who, line in _spoken(minutes):
        end = now + _ROOM * duration.estimate(line, _LANGUAGE)
        cues.append(Cue(now, end, f"{who}: {line}"))
        now = end
    return to_srt(cues)


DOCUMENTS: Mapping[str, Callable[[float], str]] = {
    "narration": narration,
    "script": script,
    "npc_pack": npc_pack,
    "subtitles": subtitles,
}
"""What makes the document of a pipeline, by its name."""


def request(text: str) -> dict[str, Any]:
    """A request of any pipeline that speaks every line, whatever was spoken before."""
    return {"text": text, "language": _LANGUAGE, "fresh": True}


def _spoken(minutes: float) -> Iterator[tuple[str, str]]:
    return zip(cycle(_CAST), sentences(minutes), strict=False)
