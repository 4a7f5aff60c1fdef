"""A plan: the lines that a pipeline speaks, and what of its document it does not speak.

It is all that the worker knows of a document, and a person may change it before it is spoken.
"""

import hashlib
from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.requests.declared import MAX_SEED, Size
from shared.requests.role import Role
from shared.requests.sampling import Sampling
from shared.text.sentences import Boundary

MOST_LINES = 50_000
"""Lines of a plan; a long novel has four thousand."""
LONGEST_TEXT = 4_000
"""Characters of a line."""
LONGEST_PAUSE = 600.0
"""Seconds after a line, whatever the document asks for."""
_SHOWN = 200
_SHAPE = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True, allow_inf_nan=False)


class Where(BaseModel):
    """The place in the document that a line, or what was skipped, comes from."""

    model_config = _SHAPE

    line: int | None = None
    """Line of the document, cue or row, from 1."""
    start: int | None = None
    """First character in the text of the document (of its chapter, where it has files inside)."""
    end: int | None = None
    """The one after the last."""
    id: str = ""
    """What the document itself calls it."""


class Slot(BaseModel):
    """The time that a cue has; seconds."""

    model_config = _SHAPE

    start: float
    end: float


class Line(BaseModel):
    """One utterance."""

    model_config = _SHAPE

    number: int = Field(ge=1)
    """From 1, in the order in which they are heard."""
    text: str = Field(max_length=LONGEST_TEXT)
    """As it is written, without mark-up."""
    said: str = Field(min_length=1, max_length=LONGEST_TEXT)
    """As it is spoken: numbers written out, spellings of the lexicon."""
    role: Role
    """Who speaks: `voice` is the id of a voice of the library, or `description` a voice in words.
    Its `instruct`, `emotion` and `speed` are those of this line."""
    speaker: str = ""
    """The character, as subtitles name it; empty for a narrator."""
    language: str
    """Canonical (`shared.languages`), never `auto`."""
    seed: int = Field(ge=0, le=MAX_SEED)
    seconds: float = Field(ge=0)
    """Estimated."""
    boundary: Boundary = Boundary.SENTENCE
    """What ends after it."""
    pause_after: float = Field(default=0.0, ge=0, le=LONGEST_PAUSE)
    """Seconds of silence after it."""
    chapter: int = 0
    """Number of its chapter or scene; 0 outside all."""
    beside: bool = False
    """Dual dialogue: it is heard together with the line before it."""
    slot: Slot | None = None
    """Of a cue: the time that it has."""
    take: int = Field(default=1, ge=1)
    """Which of several takes of one row (`npc_pack`)."""
    columns: dict[str, str] = {}
    """What the table says of it besides (`npc_pack`), in its order and words."""
    where: Where = Where()

    def key(self, sampling: Sampling, size: Size | None) -> str:
        """What decides its sound, as far as a request can tell: equal keys are equal work.

        The speed is none of it: it is made from the finished sound.
        """
        role = self.role.model_copy(update={"speed": 1.0})
        said = (self.said, role.model_dump_json(), self.language, self.seed, size or "")
        return hashlib.sha256(repr((said, sampling.model_dump_json())).encode()).hexdigest()[:32]


class Chapter(BaseModel):
    """A chapter or scene."""

    model_config = _SHAPE

    number: int
    """From 1, as the document counts them; what is not read leaves a gap."""
    title: str


class Part(BaseModel):
    """A member of the cast."""

    model_config = _SHAPE

    name: str
    """As the document names it."""
    role: Role
    automatic: bool
    """Whether the voice was chosen for want of another."""
    lines: int
    seconds: float
    """Estimated, of all of them."""
    sample: str
    """One of its lines."""


class Skipped(BaseModel):
    """Something in the document that is not spoken."""

    model_config = _SHAPE

    where: Where
    text: str
    """The first 200 characters of it."""
    why: str
    """One sentence."""

    @classmethod
    def of(cls, where: Where, text: str, why: str) -> "Skipped":
        """Of a text of any length."""
        return cls(where=where, text=text[:_SHOWN], why=why)


class Plan(BaseModel):
    """What is going to be said."""

    model_config = _SHAPE

    version: Literal[1] = 1
    task: str
    """The pipeline that it is for."""
    language: str
    """Of the document, canonical."""
    title: str = ""
    author: str = ""
    lines: Annotated[list[Line], Field(max_length=MOST_LINES)]
    chapters: list[Chapter] = []
    """Those that are read."""
    cast: list[Part] = []
    skipped: list[Skipped] = []
    warnings: list[str] = []
    columns: list[str] = []
    """Of a table: its columns in order, in its own words."""
    duration: float | None = None
    """Of subtitles: seconds from 0 to the end of the last cue."""
    opening: float = 0.0
    """Seconds of silence before the first line."""

    @cached_property
    def seconds(self) -> float:
        """Estimated, with the pauses."""
        return sum(line.seconds / line.role.speed + line.pause_after for line in self.lines)

    @cached_property
    def by_number(self) -> Mapping[int, Line]:
        return {line.number: line for line in self.lines}
