"""`voice.yaml`: what is known of a voice."""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from shared import languages
from shared.emotions import EMOTIONS
from shared.errors import InvalidRequest
from shared.stores import yaml_record
from shared.stores.outputs import Tags
from shared.voices import naming

VoiceKind = Literal["preset", "cloned", "designed", "mixed"]
REFERENCE = "reference.wav"
SAMPLE = "sample.wav"
MOST_CLIPS = 16

Note = Annotated[str, Field(max_length=1_000)]


def _in_utc(moment: datetime) -> datetime:
    """A time of no zone, as a person writes one, is taken for UTC."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _known_mood(emotion: str) -> str:
    if emotion and emotion not in EMOTIONS:
        raise ValueError(f"there is no emotion {emotion!r}")
    return emotion


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class VoiceClip(_Part):
    """A recording that the voice is made from: mono, 24 kHz, s16le.

    What it says stands beside it in a text file of the same stem, if that is known.
    """

    file: str = Field(default=REFERENCE, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\.wav$")
    emotion: Annotated[str, AfterValidator(_known_mood)] = ""
    """The mood in which it is spoken; empty: the voice as it is."""
    weight: float = Field(default=1.0, gt=0, allow_inf_nan=False)
    """Its share, in a voice that is mixed from several."""
    voice: str = Field(default="", max_length=64)
    """The voice that it was taken from, in a mixed one."""

    @property
    def transcript(self) -> str:
        """Name of the text file beside it."""
        return f"{self.file.rpartition('.')[0]}.txt"


class Origin(_Part):
    """The job that designed a voice."""

    job: str
    candidate: int
    description: str = ""


class Sample(_Part):
    """Who spoke `sample.wav`."""

    engine: str
    preview: bool
    """True when the preview engine did, which is not Qwen3-TTS."""


class Voice(_Part):
    """A voice of the library."""

    name: Annotated[str, Field(min_length=1, max_length=naming.LONGEST)]
    """As people call it."""
    kind: VoiceKind
    """Where it comes from."""
    language: Annotated[str, AfterValidator(languages.canonical)] = languages.AUTO
    """The language it is at home in, or `auto`."""
    description: Note = ""
    tags: Tags = ()
    consent: Note = ""
    """Who agreed that this voice is used, and to what."""
    source: Note = ""
    """Where the recording comes from."""
    created: Annotated[datetime, AfterValidator(_in_utc)]
    settings: dict[str, Any] = {}
    """Fields of a request, the seed among them, that hold unless the request says otherwise."""
    clips: tuple[VoiceClip, ...] = Field(default=(), max_length=MOST_CLIPS)
    """The recordings that it is made from; none for a preset, or where only a prompt is known."""
    origin: Origin | None = None
    sample: Sample | None = None

    @model_validator(mode="after")
    def _clips_apart(self) -> Self:
        files = [clip.file for clip in self.clips]
        moods = [clip.emotion for clip in self.clips]
        if len(set(files)) < len(files) or SAMPLE in files:
            raise ValueError(f"each recording has a file of its own, and none is {SAMPLE}")
        if self.kind == "mixed":
            if any(moods):
                raise ValueError("a mixed voice has no recordings of moods")
        elif len(set(moods)) < len(moods):
            raise ValueError("there are two recordings of one mood")
        return self

    def clip(self, emotion: str = "") -> VoiceClip | None:
        """The recording in that mood; without one, of the voice as it is."""
        return next((clip for clip in self.clips if clip.emotion == emotion), None)


def dumps(voice: Voice) -> bytes:
    """The text of `voice.yaml`; equal voices give equal bytes."""
    return yaml_record.dumps(voice.model_dump(mode="json"))


def loads(data: bytes) -> Voice:
    """The voice that a `voice.yaml` tells of. Raises ValueError for what tells of none."""
    try:
        return Voice.model_validate(yaml_record.loads(data))
    except InvalidRequest as error:
        raise ValueError(error.message) from error
