"""What comes over a WebSocket: audio, and messages by their type."""

import json
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from shared import events

Message = Annotated[
    events.Header | events.Waiting | events.Notice | events.Restart | events.Fault | events.End,
    Field(discriminator="type"),
]
Frame = events.Header | events.Waiting | events.Notice | events.Restart | events.Fault | events.End
_MESSAGE: TypeAdapter[Frame] = TypeAdapter(Message)


def read(frame: str | bytes) -> Frame | bytes:
    """One frame: bytes are audio."""
    return frame if isinstance(frame, bytes) else _MESSAGE.validate_json(frame)


def start(task: str, request: dict[str, Any], format: str, priority: str | None) -> str:
    """The first message on `/v1/stream`."""
    message: dict[str, Any] = {"task": task, "request": request, "format": format}
    if priority:
        message["priority"] = priority
    return json.dumps(message)


CANCEL = json.dumps({"type": "cancel"})


def read_event(line: str) -> Frame | None:
    """A line of a server-sent event stream; None for what is not data."""
    if not line.startswith("data: "):
        return None
    return _MESSAGE.validate_json(line.removeprefix("data: "))
