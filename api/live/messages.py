"""What a client says on `/v1/live`; what it hears is declared in `shared.client.live`."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from shared.audio.pcm import SAMPLE_RATE
from shared.audio.shaping import HIGHEST_RATE, LOWEST_RATE
from shared.requests.declared import Format, explain
from shared.text.torn import torn

LONGEST = 65_536
"""Characters of text in one message."""


class Start(BaseModel):
    """The first message: how everything is spoken that follows."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    type: Literal["start"]
    task: str | None = Field(default=None, max_length=100)
    """A task that reads a text; left out, the one that `voice` needs, or `custom_voice`."""
    request: dict[str, Any] = Field(default_factory=dict[str, Any])
    """The body that `POST /v1/jobs/{task}` takes, without its text."""
    voice: str | None = Field(default=None, min_length=1, max_length=200)
    """Who speaks, in a word: a voice of the library, or a preset speaker."""
    format: Format = "pcm"
    """Format of the binary frames; each utterance is a file of its own."""
    speed: float = Field(default=1.0, ge=0.25, le=4)
    """Share of the natural pace, at equal pitch."""
    sample_rate: int = Field(default=SAMPLE_RATE, ge=LOWEST_RATE, le=HIGHEST_RATE)
    """Of the sound that is sent, in Hz."""


class _Numbered(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    sequence: int | None = Field(default=None, ge=0)
    """Counts the messages that have one, from 0; each is acknowledged once it has been taken."""


class Text(_Numbered):
    """More text, cut anywhere."""

    type: Literal["text"]
    text: Annotated[str, torn(LONGEST)]


class Flush(_Numbered):
    """Speak what has no end yet; the utterance goes on."""

    type: Literal["flush"]


class Commit(_Numbered):
    """Speak what has no end yet; the utterance ends with it."""

    type: Literal["commit"]


class Cancel(_Numbered):
    """Stop what is spoken, and forget what waits."""

    type: Literal["cancel"]


class Finish(_Numbered):
    """No more text comes; `end` follows when all has been heard."""

    type: Literal["finish"]


Said = Text | Flush | Commit | Cancel | Finish
_SAID: TypeAdapter[Said] = TypeAdapter(Annotated[Said, Field(discriminator="type")])
_START = TypeAdapter(Start)


def read_start(said: dict[str, Any]) -> Start:
    """The first message. Raises InvalidRequest."""
    try:
        return _START.validate_python(said)
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error


def read(said: dict[str, Any]) -> Said:
    """Any other message. Raises InvalidRequest."""
    try:
        return _SAID.validate_python(said)
    except ValidationError as error:
        fault = error.errors(include_url=False)[0]
        # The kind of message comes first, but where there is none of that kind.
        raise explain({**fault, "loc": fault["loc"][1:] or ("type",)}) from error
