"""What every task has that reads a text: the text, how codes are drawn, and who may fill it in."""

from pydantic import Field

from shared import languages
from shared.requests.declared import Declared, EmotionName, Language, PresetName, Size, Text
from shared.requests.sampling import Sampling
from shared.text import duration


class Spoken(Sampling, Declared):
    """Base of the contracts whose sound is a text read aloud."""

    text: Text = Field(min_length=1, max_length=20_000)
    """What is read."""
    language: Language = languages.AUTO
    """The language of the text: a name, an ISO code, or `auto`."""
    emotion: EmotionName | None = None
    """A mood from `GET /v1/emotions`: an instruction where the checkpoint follows one, another
    recording of the same voice where it has one, a warning where neither is possible."""
    size: Size | None = None
    """Which size of checkpoint speaks; left out, the one that the service is set to."""
    preset: PresetName | None = None
    """Name of a preset, whose settings hold wherever the request says nothing."""

    @property
    def sampling(self) -> Sampling:
        """The sampling parameters alone."""
        return Sampling(**{field: getattr(self, field) for field in Sampling.model_fields})

    @property
    def spoken_language(self) -> str:
        """The language of the text, guessed where the request leaves it open."""
        return languages.guess(self.text) if self.language == languages.AUTO else self.language

    def estimated_seconds(self) -> float:
        return duration.estimate(self.text, self.language)
