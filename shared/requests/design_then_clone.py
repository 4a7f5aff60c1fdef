"""The contract of `design_then_clone`: a voice is designed once, and a clone of it reads."""

from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from shared.errors import InvalidRequest
from shared.requests.declared import (
    CheckpointKind,
    Description,
    Kind,
    MinSimilarity,
    NewVoiceName,
    Text,
)
from shared.requests.spoken import Spoken
from shared.requests.voice_design import MOST_CANDIDATES
from shared.text import duration
from shared.text.plain import Plain
from shared.text.samples import SAMPLES


class DesignThenClone(Spoken):
    """Describe a voice, keep one take of it, and let that read."""

    name: ClassVar[str] = "design_then_clone"
    title: ClassVar[str] = "Design, then clone"
    summary: ClassVar[str] = (
        "Describes a voice once and clones one take of it: every sentence, now and later, comes "
        "from the same voice."
    )
    kind: ClassVar[Kind] = "task"
    checkpoint: ClassVar[CheckpointKind | None] = "voice_design"
    example: ClassVar[dict[str, Any]] = {
        "text": "The lamp turned. Ten seconds; ten seconds; ten.",
        "description": "A warm alto, unhurried, close to the microphone.",
        "sample_text": "This is how I sound when I read to you in the evening, slowly and softly.",
        "language": "english",
        "seed": 7,
    }

    description: Description
    """The voice in words: age, sex, timbre, pace, accent, mood."""
    sample_text: Text | None = Field(default=None, max_length=600)
    """What the candidates say, and the clone is made from: one or two sentences, 3 to 60 seconds
    when spoken. Mark-up in it is left out, and numbers stay as they stand. Without it, a sentence
    in the language of the text."""
    candidates: int = Field(default=1, ge=1, le=MOST_CANDIDATES)
    """How many takes of the voice are made; each is a file of the result that can be kept."""
    choose: int = Field(default=1, ge=1, le=MOST_CANDIDATES)
    """Which of the candidates reads the text."""
    lock_as: NewVoiceName | None = None
    """Keep the chosen candidate in the library under this name."""
    min_similarity: MinSimilarity = None

    @model_validator(mode="after")
    def _chosen_exists(self) -> Self:
        if self.choose > self.candidates:
            raise InvalidRequest(
                f"There are {self.candidates} candidates; number {self.choose} is not among them.",
                param="choose",
            )
        return self

    def estimated_seconds(self) -> float:
        language = self.spoken_language
        sample = Plain.of(self.sample_text or SAMPLES[language]).words
        return self.candidates * duration.estimate(sample, language) + self.text_seconds
