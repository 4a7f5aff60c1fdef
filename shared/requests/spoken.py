"""What every task has that reads a text: the text, how codes are drawn, and who may fill it in."""

from pydantic import Field

from shared import languages
from shared.requests.declared import (
    Declared,
    EmotionName,
    Language,
    PresetName,
    Size,
    Spellings,
    Text,
)
from shared.requests.sampling import Sampling
from shared.text import duration
from shared.text.plain import Plain


class Spoken(Sampling, Declared):
    """Base of the contracts whose sound is a text read aloud."""

    text: Text = Field(min_length=1, max_length=20_000)
    """What is read. Mark-up in it, such as `[pause:1.5]` or `[emotion:happy]`, says how."""
    language: Language = languages.AUTO
    """The language of the text: a name, an ISO code, or `auto`."""
    emotion: EmotionName | None = None
    """A mood from `GET /v1/emotions`: an instruction where the checkpoint follows one, another
    recording of the same voice where it has one, a warning where neither is possible."""
    normalise: bool = False
    """Write out numbers, dates, units, currencies, abbreviations and addresses as they are read;
    off, the model reads them as they stand."""
    lexicon: Spellings = Field(default_factory=dict)
    """Words and how they are to be read, before those of the service (`configs/lexicon/`)."""
    words: bool = False
    """Say of each word when it is heard: as the engine tells it, or an aligner (`ALIGNER`) finds it
    after the speech. Where neither can, a warning says so."""
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
        if self.language != languages.AUTO:
            return self.language
        return languages.guess(Plain.of(self.text).words)

    @property
    def text_seconds(self) -> float:
        """How long the text takes to read, about, with the pauses that it asks for."""
        plain = Plain.of(self.text)
        return duration.estimate(plain.words, self.language) + plain.silence

    def estimated_seconds(self) -> float:
        return self.text_seconds
