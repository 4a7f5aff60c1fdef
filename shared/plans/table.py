"""The lines of an output: which were spoken, the takes of each, and which of them is heard."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

from shared.errors import UnknownLine
from shared.requests.role import Role

PLAN = "plan.json"
"""The plan, in the run folder."""
LINES = "lines.json"
"""The table, in the run folder."""
_SHAPE = ConfigDict(extra="ignore", use_attribute_docstrings=True)


def sound_name(key: str) -> str:
    """The file of a line's first take, by its key."""
    return f"line-{key}.flac"


def is_sound(name: str) -> bool:
    """Whether a file is a take of a line, by its name."""
    return name.startswith("line-") and name.endswith(".flac")


def take_name(number: int, take: int) -> str:
    """The file of a further take of a line."""
    return f"line-{number:05d}-take-{take}.flac"


def fact_name(key: str) -> str:
    """What is known of that take, while the run grows; written after the sound."""
    return f"line-{key}.json"


class Retaken(BaseModel):
    """A take that was thrown away."""

    model_config = _SHAPE

    seed: int
    why: str
    """One sentence."""


class Take(BaseModel):
    """One sound of a line, as the engine made it: nothing trimmed, nothing stretched."""

    model_config = _SHAPE

    number: int = 1
    """From 1, in the order in which they were made."""
    file: str
    """FLAC, mono, at `pcm.SAMPLE_RATE`."""
    seed: int
    seconds: float
    heard: int = 0
    """Samples that it has in the stream: trimmed, at the speed of its role; 0: not known."""
    text: str
    """As it is written."""
    said: str
    role: Role
    finish_reason: str = "stop"
    notes: list[str] = []
    retaken: list[Retaken] = []
    """Takes before it that did not pass."""
    faults: list[str] = []
    """What is wrong with it nevertheless, one sentence each: no take was better."""
    similarity: float | None = None
    sounding: str = ""
    """Of engine, checkpoint, and the voice's prompt: equal soundings and keys are equal sounds."""
    made_at: float = 0.0
    """Unix seconds."""
    job: str = ""
    """The job that made it, where that was not the output's own."""


class LineRow(BaseModel):
    """A line of the plan and what became of it."""

    model_config = _SHAPE

    number: int
    key: str
    state: Literal["spoken", "failed"]
    why: str = ""
    """Why it failed."""
    takes: list[Take] = []
    chosen: int = 1
    """Number of the take that is heard."""
    taken_over: str = ""
    """The output that its first take was taken from."""
    start: float | None = None
    """Where it is heard in the finished recording; seconds."""
    end: float | None = None

    @property
    def take(self) -> Take | None:
        """The take that is heard; a line that failed has none until one is chosen."""
        if self.state == "failed":
            return None
        return next((take for take in self.takes if take.number == self.chosen), None)


class LineTable(BaseModel):
    """All lines of an output, in order."""

    model_config = _SHAPE

    version: Literal[1] = 1
    lines: list[LineRow]
    voices: dict[str, str] = {}
    """Designed voices: description → file of the run that they are cloned from."""
    engine: str = ""
    """What spoke, as manifests name it: equal lines with it make equal files again."""
    revision: int = 0
    """Grows with every change of what is to be heard."""
    assembled: int = 0
    """The revision that the finished recording is of."""

    def row(self, number: int) -> LineRow:
        """A line. Raises UnknownLine."""
        found = next((row for row in self.lines if row.number == number), None)
        if found is None:
            raise UnknownLine(f"This output has no line {number}.", param="number")
        return found
