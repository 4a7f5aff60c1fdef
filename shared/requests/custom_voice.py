"""The contract of `custom_voice`: one of the nine preset speakers reads a text."""

from typing import Any, ClassVar

from pydantic import Field

from shared import languages
from shared.requests.declared import Declared, Kind, Language, SpeakerName, Text
from shared.requests.sampling import Sampling
from shared.text import duration


class CustomVoice(Sampling, Declared):
    """Let a preset speaker read a text."""

    name: ClassVar[str] = "custom_voice"
    title: ClassVar[str] = "Speak"
    summary: ClassVar[str] = "A preset speaker reads a text, in the manner you describe."
    kind: ClassVar[Kind] = "task"
    example: ClassVar[dict[str, Any]] = {
        "text": "The lamp turned. Ten seconds; ten seconds; ten.",
        "speaker": "ryan",
        "language": "english",
        "instruct": "calm, like a bedtime story",
        "seed": 7,
    }

    text: Text = Field(min_length=1, max_length=20_000)
    """What is read."""
    speaker: SpeakerName = "ryan"
    """Who reads."""
    language: Language = languages.AUTO
    """The language of the text: a name, an ISO code, or `auto`."""
    instruct: str | None = Field(
        default=None, max_length=1_000, json_schema_extra={"x-private": True}
    )
    """How it is read, in words; the 0.6B checkpoint ignores it and says so."""

    @property
    def sampling(self) -> Sampling:
        """The sampling parameters alone."""
        return Sampling(**{field: getattr(self, field) for field in Sampling.model_fields})

    def estimated_seconds(self) -> float:
        return duration.estimate(self.text, self.language)
