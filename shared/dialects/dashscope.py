"""DashScope's `qwen-tts-realtime`: its voices, its settings, and the events of both sides.

Names, order and fields are those of Alibaba Cloud's reference (Qwen-TTS Realtime API, client and
server events) and of answers that the service was seen to give.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Self, cast
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field

from shared import languages
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.shaping import Shaping
from shared.dialects import voices
from shared.errors import InvalidRequest, SpeechError, UnknownLanguage, UnknownVoice
from shared.text.torn import torn
from shared.voices.library import Library

MODEL = "qwen-tts-realtime"
"""Of a client that names none."""
VOICES: dict[str, str] = {
    "bella": "ono_anna",
    "chelsie": "ono_anna",
    "cherry": "vivian",
    "elias": "serena",
    "ethan": "aiden",
    "jada": "serena",
    "jennifer": "serena",
    "kai": "aiden",
    "katerina": "sohee",
    "kiki": "vivian",
    "li": "uncle_fu",
    "maia": "serena",
    "marcus": "uncle_fu",
    "momo": "ono_anna",
    "moon": "ryan",
    "nofish": "aiden",
    "peter": "uncle_fu",
    "rocky": "dylan",
    "roy": "dylan",
    "sunny": "vivian",
}
"""DashScope's voices that have no speaker of their own name, each spoken by one of the nine."""
LONGEST_TEXT = 20_000
"""Characters of one `input_text_buffer.append`, and of the buffer in `commit` mode."""

Mode = Literal["server_commit", "commit"]
Status = Literal["in_progress", "completed", "failed", "incomplete"]
_USUAL_VOLUME = 50
"""Of 100: as loud as the sound was made."""


def choose(library: Library, word: str) -> voices.Chosen:
    """As `voices.choose`, and DashScope's own names after it. Raises UnknownVoice."""
    try:
        return voices.choose(library, word, "session.voice")
    except UnknownVoice:
        if own := VOICES.get(word.strip().lower()):
            return voices.Chosen("custom_voice", {"speaker": own})
        raise


# --- settings -------------------------------------------------------------------------------


class Setup(BaseModel):
    """The settings of a session; what nobody here follows is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    voice: str = Field(default="Cherry", min_length=1, max_length=120)
    mode: Mode = "server_commit"
    language_type: str = Field(default="Auto", max_length=40)
    response_format: Literal["pcm", "wav", "mp3", "opus"] = "pcm"
    sample_rate: Literal[8_000, 16_000, 22_050, 24_000, 44_100, 48_000] = SAMPLE_RATE
    speech_rate: float = Field(default=1, ge=0.5, le=2)
    volume: int = Field(default=_USUAL_VOLUME, ge=0, le=100)
    pitch_rate: float = Field(default=1, ge=0.5, le=2)
    enable_tn: bool = False
    instructions: str = Field(default="", max_length=1_000)

    def changed(self, sent: Any) -> Self:
        """These settings with those of a `session.update`; null leaves one as it is.

        Raises pydantic's ValidationError, or InvalidRequest for what no voice here can do.
        """
        if not isinstance(sent, Mapping):
            raise InvalidRequest("The settings must be an object.", param="session")
        given = cast(Mapping[str, Any], sent).items()
        kept = self.model_dump(exclude_unset=True)
        kept |= {name: value for name, value in given if value is not None}
        setup = type(self).model_validate(kept)
        if setup.pitch_rate != 1:
            raise InvalidRequest(
                "The pitch of a voice cannot be changed here.",
                param="session.pitch_rate",
                hint="Leave `pitch_rate` out, or send 1.",
            )
        setup.language()
        return setup

    def language(self) -> str:
        """As our requests name it. Raises UnknownLanguage."""
        try:
            return languages.canonical(self.language_type)
        except UnknownLanguage as error:
            error.param = "session.language_type"
            raise

    def fields(self) -> dict[str, Any]:
        """What a request says beside its voice and text."""
        return {
            "language": self.language(),
            "instruct": self.instructions.strip() or None,
            "normalise": self.enable_tn,
        }

    def shaping(self) -> Shaping:
        """How a response leaves."""
        return Shaping(
            self.response_format,
            speed=self.speech_rate,
            sample_rate=self.sample_rate,
            volume=self.volume / _USUAL_VOLUME,
        )

    def view(self, session: str, model: str) -> dict[str, Any]:
        """As the server tells of it: the main ones, and whatever the client has set."""
        main = {"voice", "mode", "language_type", "response_format", "sample_rate"}
        told = self.model_dump(include=main | self.model_fields_set)
        return {"id": session, "object": "realtime.session", "model": model, **told}


# --- what a client says ---------------------------------------------------------------------


class Update(BaseModel):
    """Speak otherwise, from now on; only before the first text."""

    type: Literal["session.update"]
    session: Any


class Append(BaseModel):
    """More text."""

    type: Literal["input_text_buffer.append"]
    text: Annotated[str, torn(LONGEST_TEXT)]


class Commit(BaseModel):
    """The text is a whole: speak it."""

    type: Literal["input_text_buffer.commit"]


class Clear(BaseModel):
    """Forget the text that is not spoken yet."""

    type: Literal["input_text_buffer.clear"]


class Cancel(BaseModel):
    """Stop speaking."""

    type: Literal["response.cancel"]


class Finish(BaseModel):
    """Speak the rest, then close."""

    type: Literal["session.finish"]


ClientEvent = Annotated[
    Update | Append | Commit | Clear | Cancel | Finish, Field(discriminator="type")
]


# --- what the server says -------------------------------------------------------------------


def new_id(kind: str) -> str:
    """`resp_…`, `item_…`, `sess_…`."""
    return f"{kind}_{uuid4().hex}"


class ServerEvent(BaseModel):
    """Base of the server's events."""

    event_id: str = Field(default_factory=lambda: new_id("event"))
    type: str


class SessionEvent(ServerEvent):
    """`session.created` and `session.updated`."""

    session: dict[str, Any]


class Committed(ServerEvent):
    """The text up to here is a whole."""

    type: str = "input_text_buffer.committed"
    item_id: str = Field(default_factory=lambda: new_id("item"))


class Cleared(ServerEvent):
    """The text that nothing was said of is forgotten."""

    type: str = "input_text_buffer.cleared"


class Finished(ServerEvent):
    """Everything has been said; the socket closes."""

    type: str = "session.finished"


class Fault(ServerEvent):
    """What went wrong; the session goes on unless the socket closes."""

    type: str = "error"
    error: dict[str, str | None]

    @classmethod
    def of(cls, error: SpeechError) -> Self:
        """An error of ours; what a client sent wrongly is DashScope's `invalid_value`."""
        own = error.status in (400, 404, 422)
        return cls(
            error={
                "type": error.type,
                "code": "invalid_value" if own else error.code,
                "message": " ".join(filter(None, (error.message, error.next_step))),
                "param": error.param,
            }
        )


class Part(BaseModel):
    """The sound of an item."""

    type: Literal["audio"] = "audio"
    text: str = ""


class Transcribed(BaseModel):
    """The sound of an item, afterwards."""

    type: Literal["audio"] = "audio"
    transcript: str = ""


class Item(BaseModel):
    """What is said in a response: one item, with one part."""

    id: str
    object: Literal["realtime.item"] = "realtime.item"
    type: Literal["message"] = "message"
    status: Status = "in_progress"
    role: Literal["assistant"] = "assistant"
    content: list[Transcribed] = []


class Response(BaseModel):
    """A response as it begins."""

    id: str
    object: Literal["realtime.response"] = "realtime.response"
    conversation_id: str = ""
    status: Status = "in_progress"
    voice: str
    output: list[Item] = []


class Ended(Response):
    """A response as it has ended."""

    modalities: list[str] = ["text", "audio"]
    usage: dict[str, int]


class ResponseEvent(ServerEvent):
    """`response.created` and `response.done`."""

    response: Response | Ended


class ItemEvent(ServerEvent):
    """`response.output_item.added` and `response.output_item.done`."""

    response_id: str
    output_index: int = 0
    item: Item


class PartEvent(ServerEvent):
    """`response.audio.done`, and base of what happens to the part of an item."""

    response_id: str
    item_id: str
    output_index: int = 0
    content_index: int = 0


class PartChanged(PartEvent):
    """`response.content_part.added` and `response.content_part.done`."""

    part: Part = Part()


class Delta(PartEvent):
    """Sound, base64."""

    type: str = "response.audio.delta"
    delta: str


class Answer:
    """One response, told in the order that clients count on."""

    def __init__(self, voice: str) -> None:
        self._voice = voice
        self._id = new_id("resp")
        self._item = new_id("item")
        self._place: dict[str, Any] = {"response_id": self._id, "item_id": self._item}

    def opening(self) -> Sequence[ServerEvent]:
        """Everything before the sound."""
        begun = Response(id=self._id, voice=self._voice)
        item = Item(id=self._item)
        return [
            ResponseEvent(type="response.created", response=begun),
            ItemEvent(type="response.output_item.added", response_id=self._id, item=item),
            PartChanged(type="response.content_part.added", **self._place),
        ]

    def sound(self, data: bytes) -> Delta:
        """A piece of it."""
        return Delta(delta=base64.b64encode(data).decode(), **self._place)

    def closing(self, status: Status, characters: int) -> Sequence[ServerEvent]:
        """Everything after the sound."""
        item = Item(id=self._item, status=status, content=[Transcribed()])
        ended = Ended(
            id=self._id,
            status=status,
            voice=self._voice,
            output=[item],
            usage={"characters": characters},
        )
        return [
            PartEvent(type="response.audio.done", **self._place),
            PartChanged(type="response.content_part.done", **self._place),
            ItemEvent(type="response.output_item.done", response_id=self._id, item=item),
            ResponseEvent(type="response.done", response=ended),
        ]
