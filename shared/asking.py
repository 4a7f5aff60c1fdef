"""Questions that a worker answers beside its jobs: about what only the engine's packages can read.

Any worker may answer. A question that nobody takes in time is withdrawn.
"""

import json
import time
from typing import Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from shared import keys, status
from shared.client.faults import from_body
from shared.connection import Connection, answered
from shared.errors import BodyTooLarge, SpeechError, WorkerBusy, WorkerSilent

_LOOK = 0.1
"""Seconds between two looks for an answer."""
MOST_WAITING = 16
"""Questions that wait at once, all of them in Redis."""
_LARGEST = 8 << 20
"""Bytes of a question; the files in them have half as many."""
_SOON = 5.0
"""Seconds after which asking again makes sense."""
_ANSWER_LIFE = 60
"""Seconds that an answer waits for whoever asked."""


class _Question(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ReadPrompt(_Question):
    """What is in a prompt file of the qwen-tts package?"""

    kind: Literal["read_prompt"] = "read_prompt"
    file: str
    """Its bytes, in base64."""
    checkpoint: str | None = None
    """The one that made it; left out, the one whose size it has."""


class Transcribe(_Question):
    """What does a recording say?"""

    kind: Literal["transcribe"] = "transcribe"
    upload: str
    """Id of a reference that was sent."""
    language: str
    """As `shared.languages` has it, or `auto`."""


Question = Annotated[ReadPrompt | Transcribe, Field(discriminator="kind")]


class Asked(BaseModel):
    """A question on its way to a worker."""

    id: str
    question: Question


class Answer(BaseModel):
    """What a worker has to say, or why it cannot."""

    content: dict[str, JsonValue] = {}
    error: dict[str, Any] | None = None


_ASKED = TypeAdapter(Asked)


def ask(
    connection: Connection, question: ReadPrompt | Transcribe, patience: float = 30.0
) -> dict[str, Any]:
    """The answer. Raises what the worker refused, WorkerBusy, WorkerSilent and QueueUnavailable."""
    asked = Asked(id=uuid4().hex, question=question)
    message = asked.model_dump_json()
    if len(message) > _LARGEST:
        raise BodyTooLarge(f"A question may have {_LARGEST >> 20} MB.")
    with answered():
        if not status.workers(connection):
            raise WorkerSilent("No worker runs that could answer.", retry_after=_SOON)
        if connection.llen(keys.QUESTIONS) >= MOST_WAITING:
            raise WorkerBusy(f"{MOST_WAITING} questions wait already.", retry_after=_SOON)
        connection.rpush(keys.QUESTIONS, message)
        found = _await(connection, asked.id, patience)
        if found is None:
            connection.lrem(keys.QUESTIONS, 1, message)
            raise WorkerSilent(
                f"No worker answered within {patience:.0f} seconds.", retry_after=_SOON
            )
    answer = Answer.model_validate_json(found)
    if answer.error is not None:
        raise from_body(answer.error)
    return answer.content


def receive(connection: Connection, seconds: float) -> Asked | None:
    """The next question, for a worker that waits at most `seconds`."""
    found = connection.blpop([keys.QUESTIONS], seconds)
    return _ASKED.validate_json(found[1]) if found else None


def reply(connection: Connection, asked: Asked, content: dict[str, Any]) -> None:
    """Answer a question."""
    _send(connection, asked, {"content": content})


def refuse(connection: Connection, asked: Asked, error: SpeechError) -> None:
    """Say why a question cannot be answered."""
    _send(connection, asked, error.body())


def _send(connection: Connection, asked: Asked, answer: dict[str, Any]) -> None:
    key = keys.answer(asked.id)
    with connection.pipeline() as pipeline:
        pipeline.rpush(key, json.dumps(answer))
        pipeline.expire(key, _ANSWER_LIFE)
        pipeline.execute()


def _await(connection: Connection, asked: str, patience: float) -> bytes | None:
    until = time.monotonic() + patience
    while time.monotonic() < until:
        if found := connection.lpop(keys.answer(asked)):
            return found
        time.sleep(_LOOK)
    return None
