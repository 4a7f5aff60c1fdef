"""What is said over `/v1/live`, by the service and to it."""

import json
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field, TypeAdapter

from shared.audio.pcm import SAMPLE_RATE
from shared.jobs import EngineInfo
from shared.requests.declared import Format
from shared.stores.recipe import Segment

PROTOCOL = "qwen3tts.live.v1"
"""The subprotocol; who offers none is served as well."""

# --- from the service -------------------------------------------------------------------------


class Ready(BaseModel):
    """The first message was understood: text may come."""

    type: Literal["ready"] = "ready"
    protocol: str = PROTOCOL
    format: str = "pcm_s16le"
    """Format of the binary frames."""
    sample_rate: int
    channels: int = 1


class Begun(BaseModel):
    """The sound of an utterance is about to begin."""

    type: Literal["utterance"] = "utterance"
    utterance: int
    """Its number, from 1; what is said between two commits is one utterance."""
    id: str
    """Of the job that speaks its first sentence."""
    engine: EngineInfo


class Said(BaseModel):
    """A sentence has been sent whole."""

    type: Literal["said"] = "said"
    utterance: int
    id: str
    """Of the job that has spoken it."""
    text: str
    """As it was written."""
    segments: list[Segment]
    """Where it is heard, in seconds from the start of the utterance."""


class Done(BaseModel):
    """An utterance is over, and its sound with it."""

    type: Literal["done"] = "done"
    utterance: int
    state: Literal["succeeded", "cancelled", "failed"]
    characters: int
    """Of the sentences that were sent whole."""


class Warned(BaseModel):
    """Something the listener should know that stops nothing."""

    type: Literal["warning"] = "warning"
    utterance: int
    message: str


class Failed(BaseModel):
    """Something went wrong: with an utterance, which is over, or with the session."""

    type: Literal["error"] = "error"
    utterance: int | None = None
    """None: nothing follows, and the socket closes."""
    error: dict[str, Any]
    partial_audio: bool = False
    """Whether sound of this utterance has been sent."""


class Acknowledged(BaseModel):
    """The message with this number has been taken."""

    type: Literal["ack"] = "ack"
    sequence: int
    utterance: int | None = None
    """The utterance that a `commit` has ended."""


class Over(BaseModel):
    """Nothing follows, and the socket closes."""

    type: Literal["end"] = "end"
    reason: Literal["finished", "idle"]
    """Whether the client has finished, or nothing came for too long."""


LiveMessage = Ready | Begun | Said | Done | Warned | Failed | Acknowledged | Over
_MESSAGE: TypeAdapter[LiveMessage] = TypeAdapter(
    Annotated[LiveMessage, Field(discriminator="type")]
)


def read(frame: str | bytes) -> LiveMessage | bytes:
    """One frame from the service: bytes are sound."""
    return frame if isinstance(frame, bytes) else _MESSAGE.validate_json(frame)


# --- to the service ---------------------------------------------------------------------------

FLUSH, COMMIT, CANCEL, FINISH = (
    json.dumps({"type": kind}) for kind in ("flush", "commit", "cancel", "finish")
)
_LONGEST = 10_000
"""Characters of text in one message."""


def start(
    task: str | None,
    request: dict[str, Any],
    voice: str | None,
    format: Format,
    speed: float,
    sample_rate: int = SAMPLE_RATE,
) -> str:
    """The first message."""
    message = {"type": "start", "request": request, "format": format, "speed": speed}
    message |= {"sample_rate": sample_rate}
    if task:
        message["task"] = task
    if voice:
        message["voice"] = voice
    return json.dumps(message)


def say(text: str) -> list[str]:
    """Text, in as many messages as it takes."""
    parts = (text[start : start + _LONGEST] for start in range(0, len(text), _LONGEST))
    return [json.dumps({"type": "text", "text": part}) for part in parts]
