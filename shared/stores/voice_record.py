"""`voice.yaml`: what is known of a voice."""

from datetime import datetime
from typing import Annotated, Any, Literal

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from shared import languages
from shared.errors import InvalidRequest
from shared.stores.outputs import Tag, distinct

VoiceKind = Literal["preset", "cloned", "designed", "mixed"]
REFERENCE = "reference.wav"
SAMPLE = "sample.wav"
MOST_CLIPS = 16


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class VoiceClip(_Part):
    """A recording that the voice is made from: mono, 24 kHz, s16le.

    What it says stands beside it in a text file of the same stem, if that is known.
    """

    file: str = Field(default=REFERENCE, pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\.wav$")
    emotion: str = Field(default="", max_length=60)
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

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """As people call it."""
    kind: VoiceKind
    """Where it comes from."""
    language: Annotated[str, AfterValidator(languages.canonical)] = languages.AUTO
    """The language it is at home in, or `auto`."""
    description: str = Field(default="", max_length=1_000)
    tags: Annotated[tuple[Tag, ...], AfterValidator(distinct)] = Field(default=(), max_length=32)
    consent: str = Field(default="", max_length=1_000)
    """Who agreed that this voice is used, and to what."""
    source: str = Field(default="", max_length=1_000)
    """Where the recording comes from."""
    created: datetime
    settings: dict[str, Any] = {}
    """Fields of a request, the seed among them, that hold unless the request says otherwise."""
    clips: tuple[VoiceClip, ...] = Field(default=(), max_length=MOST_CLIPS)
    """The recordings that it is made from; none for a preset, or where only a prompt is known."""
    origin: Origin | None = None
    sample: Sample | None = None

    def clip(self, emotion: str = "") -> VoiceClip | None:
        """The recording in that mood; without one, of the voice as it is."""
        return next((clip for clip in self.clips if clip.emotion == emotion), None)


class _Plain(yaml.SafeLoader):
    """YAML without aliases, by which a short text can stand for an endless one."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # pyright: ignore[reportUnknownMemberType]
            raise yaml.YAMLError("it refers to a part of itself")
        return super().compose_node(parent, index)  # pyright: ignore[reportUnknownMemberType]


def dumps(voice: Voice) -> bytes:
    """The text of `voice.yaml`; equal voices give equal bytes."""
    fields = voice.model_dump(mode="json")
    return yaml.safe_dump(fields, allow_unicode=True, sort_keys=False).encode()


def loads(data: bytes) -> Voice:
    """The voice that a `voice.yaml` tells of. Raises ValueError for what tells of none."""
    try:
        return Voice.model_validate(yaml.load(data, _Plain))
    except (yaml.YAMLError, InvalidRequest, RecursionError) as error:
        raise ValueError(str(error)) from error
