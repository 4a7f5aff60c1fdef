"""A contract that no page knows of."""

from typing import Any, ClassVar

from pydantic import BaseModel, Field

from shared.requests.declared import (
    AudioFile,
    CodesFile,
    Declared,
    Kind,
    PresetName,
    Text,
    VoiceName,
)


class Cue(BaseModel):
    """A nested thing."""

    at: float
    line: str


class Odd(Declared):
    """A contract with a field of every shape."""

    title: ClassVar[str] = "Odd"
    summary: ClassVar[str] = "Everything that a contract may hold."
    kind: ClassVar[Kind] = "task"
    example: ClassVar[dict[str, Any]] = {"text": "One.", "cues": [{"at": 0.5, "line": "Two."}]}

    text: Text = Field(min_length=1, max_length=500)
    """What is read."""
    cues: list[Cue]
    """When what is said."""
    title_of: str | None = Field(default=None, max_length=80)
    """A name."""
    count: int = Field(default=3, ge=1, le=9)
    """How many."""
    share: float = Field(default=0.5, gt=0, lt=1)
    """How much."""
    loud: bool = False
    """How loud."""
    sound: AudioFile | None = None
    """What is heard before."""
    codes: CodesFile | None = None
    """The same, as codes."""
    who: VoiceName | None = None
    """Whose voice."""
    preset: PresetName | None = None
    """Settings that were saved."""
    strange: dict[str, int] | list[int] | None = None
    """Either of two things."""


# Named only now, so that it does not register itself as a feature of the service.
Odd.name = "odd_one"
