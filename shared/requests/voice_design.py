"""The contract of `voice_design`: a voice that is described in words reads a text."""

from typing import Any, ClassVar

from pydantic import Field

from shared.requests.declared import CheckpointKind, Description, Kind
from shared.requests.spoken import Spoken

MOST_CANDIDATES = 8


class VoiceDesign(Spoken):
    """Describe a voice, and hear one or several takes of it."""

    name: ClassVar[str] = "voice_design"
    title: ClassVar[str] = "Design"
    summary: ClassVar[str] = (
        "A voice that you describe reads a text; several candidates let you choose one to keep."
    )
    kind: ClassVar[Kind] = "task"
    checkpoint: ClassVar[CheckpointKind | None] = "voice_design"
    example: ClassVar[dict[str, Any]] = {
        "text": "Good evening. I have kept this light for forty years.",
        "description": "An old sailor, hoarse and slow, with a smile in his voice.",
        "language": "english",
        "candidates": 2,
        "seed": 7,
    }

    description: Description
    """The voice in words: age, sex, timbre, pace, accent, mood."""
    candidates: int = Field(default=1, ge=1, le=MOST_CANDIDATES)
    """How many takes are made to choose from, with the seeds `seed`, `seed + 1` and so on; each is
    a file of the result, and `POST /v1/voices` makes one a voice that stays the same."""

    def estimated_seconds(self) -> float:
        return self.candidates * self.text_seconds
