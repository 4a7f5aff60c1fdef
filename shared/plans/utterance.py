"""A text that is spoken in one go, however long: a row of a table, what somebody says in a cue."""

from dataclasses import dataclass
from itertools import pairwise

from shared.errors import InvalidRequest, UnknownVoice
from shared.plans.directory import Directory
from shared.plans.plan import LONGEST_TEXT
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.text import passages
from shared.text.marks import SPEEDS
from shared.text.passages import Manner, Passage, Reading

_WHOLE = 3_600.0
"""Seconds; nothing that may be said is longer, so nothing is cut for its length."""
_LONGEST_INSTRUCT = 1_000


@dataclass(frozen=True)
class Utterance:
    """What is spoken in one go, and how mark-up in it wants that."""

    text: str
    """As it is written, without mark-up."""
    said: str
    seconds: float
    """Estimated."""
    language: str
    """Canonical, never `auto`."""
    manner: Manner
    remarks: list[str]
    """One sentence each, about what was left out."""


def read(text: str, language: str, request: Pipeline, place: str) -> Utterance | None:
    """A text as one utterance; None where nothing in it can be spoken. `language` may be `auto`.

    Raises InvalidRequest, naming the `place` (`Row 4`), for one that is too long.
    """
    require_short(text, request, place)
    reading = passages.read(
        text,
        language,
        lexicon=request.lexicon,
        normalise=request.normalise,
        target=_WHOLE,
        longest=_WHOLE,
        line=None,
    )
    parts = reading.passages
    if not parts:
        return None
    said = joined(text, parts, [part.said for part in parts])
    require_short(said, request, place)
    manner = parts[0].manner
    return Utterance(
        text=joined(text, parts, [part.text for part in parts]),
        said=said,
        seconds=sum(part.seconds for part in parts),
        language=manner.language or reading.language,
        manner=manner,
        remarks=[f"{place}: {remark}" for remark in (*reading.remarks, *_lost(reading))],
    )


def directed(role: Role, manner: Manner, directory: Directory, *directions: str) -> Role:
    """A role with the directions of a line added, and with what its mark-up asks for.

    Raises UnknownVoice for a voice in mark-up, InvalidRequest for directions that are too long.
    """
    change: dict[str, object] = {}
    if manner.voice:
        change |= {"voice": directory.find(manner.voice).id, "description": None}
    if manner.emotion:
        change["emotion"] = manner.emotion
    if manner.speed:
        slowest, fastest = SPEEDS
        change["speed"] = min(max(role.speed * manner.speed, slowest), fastest)
    words = [part for part in (role.instruct, *directions, manner.instruct) if part]
    instruct = "; ".join(dict.fromkeys(words))
    if len(instruct) > _LONGEST_INSTRUCT:
        raise InvalidRequest(
            f"The direction has {len(instruct):,} characters; {_LONGEST_INSTRUCT:,} are taken."
        )
    return role.model_copy(update={**change, "instruct": instruct or None})


def refused(place: str, error: InvalidRequest | UnknownVoice, request: Pipeline) -> InvalidRequest:
    """What is wrong in a place of the document, said of the document."""
    return InvalidRequest(
        f"{place}: {error.message}", param=request.document_field, hint=error.next_step
    )


def require_short(text: str, request: Pipeline, place: str) -> None:
    """Refuse more than a line of a plan may have."""
    if len(text) > LONGEST_TEXT:
        raise InvalidRequest(
            f"{place} has {len(text):,} characters to be spoken; {LONGEST_TEXT:,} are the most.",
            param=request.document_field,
            hint="Divide it into several.",
        )


def joined(source: str, parts: list[Passage], texts: list[str]) -> str:
    """The texts of passages, with a blank where the source has one between them."""
    joined = texts[0]
    for (before, after), text in zip(pairwise(parts), texts[1:], strict=True):
        blank = any(letter.isspace() for letter in source[before.end : after.start])
        joined += f" {text}" if blank else text
    return joined


def _lost(reading: Reading) -> list[str]:
    """Mark-up for a part of it, which cannot be had: it is spoken in one go."""
    parts = reading.passages
    lost: list[str] = []
    if any(part.manner != parts[0].manner for part in parts):
        lost.append("It is spoken in one go, so all of it is spoken as its beginning is.")
    if reading.opening or any(part.pause is not None for part in parts):
        lost.append("It is spoken in one go, so the pauses that it asks for are left out.")
    return lost
