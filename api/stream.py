"""The WebSockets: start a job and hear it, or attach to one, late or again.

Text frames are JSON with a `type`; binary frames are audio alone. A cursor is a number of samples.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncGenerator
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError
from starlette.concurrency import run_in_threadpool

from api.admission import Sender, enter
from api.bodies import require_few_values
from api.deps import Context, Here
from api.following import Message, follow
from api.sockets import received
from api.stopping import stop
from api.webhooks import checked
from shared import events
from shared.audio.encode import Encoder, encoder
from shared.errors import AlreadyEnded, InternalError, InvalidRequest, SpeechError
from shared.requests import contract
from shared.requests.declared import Format, explain
from shared.webhooks.webhook import Webhook

router = APIRouter(tags=["streaming"])

_PATIENCE = 10.0
"""Seconds that a client may take over its first message."""
_SEND = 60.0
"""Seconds after which a client that takes nothing is let go."""
MAX_MESSAGE = 16 << 20
"""Bytes, and so characters, of a message from a client: the document may be in the first one."""
_CLOSED = 1000
_VIOLATION = 1008
_FAULT = 1011
_LATER = 1013


class Start(BaseModel):
    """The first message on `/v1/stream`."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    type: Literal["start"] = "start"
    task: str = "custom_voice"
    """A name from `/v1/tasks`."""
    request: dict[str, Any]
    """The body that `POST /v1/jobs/{task}` takes."""
    format: Format = "pcm"
    """Format of the binary frames."""
    priority: Literal["interactive", "batch"] | None = None
    webhook: Webhook | None = None
    """Who is told of the end."""


class Cancel(BaseModel):
    """Stop the job; `end` follows, in the state `cancelled`."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["cancel"]


Said = TypeVar("Said", Start, Cancel)
_START = TypeAdapter(Start)
_CANCEL = TypeAdapter(Cancel)


@router.websocket("/v1/stream")
async def stream(socket: WebSocket, here: Here) -> None:
    """Start a job with the first message, then hear it."""
    await socket.accept()
    async with _explained(socket):
        start = await _receive_start(socket)
        webhook = await checked(here, start.webhook.model_dump()) if start.webhook else None
        sender = Sender(socket.state.client, start.priority, webhook=webhook)
        job_id = await run_in_threadpool(_submit, here, start, sender)
        await _relay(socket, here, job_id, 0, None, start.format)


@router.websocket("/v1/jobs/{id}/stream")
async def attach(
    socket: WebSocket,
    id: str,
    here: Here,
    after: Annotated[int, Query(ge=0)] = 0,
    take: Annotated[int | None, Query(ge=0)] = None,
    format: Format = "pcm",
) -> None:
    """Hear a job from sample `after` on, late or again; `take` is that of the last header."""
    await socket.accept()
    async with _explained(socket):
        await _relay(socket, here, id, after, take, format)


async def _receive_start(socket: WebSocket) -> Start:
    try:
        async with asyncio.timeout(_PATIENCE):
            return _parse(_START, await received(socket))
    except TimeoutError as error:
        raise InvalidRequest(f"No start message came within {_PATIENCE:.0f} seconds.") from error


def _submit(here: Context, start: Start, sender: Sender) -> str:
    return enter(here, contract(start.task), start.request, sender)[0].id


async def _relay(
    socket: WebSocket, here: Context, job_id: str, after: int, take: int | None, format: Format
) -> None:
    """Send the job's messages, and listen for a cancel, until either side is done."""
    sending = asyncio.create_task(_send_all(socket, follow(here, job_id, after, take), format))
    hearing = asyncio.create_task(_hear(socket, here, job_id))
    try:
        done, _ = await asyncio.wait({sending, hearing}, return_when=asyncio.FIRST_COMPLETED)
        # That the client has gone explains why nothing more could be sent.
        for task in (hearing, sending):
            if task in done:
                task.result()
    finally:
        await stop(hearing, sending)


async def _send_all(socket: WebSocket, messages: AsyncGenerator[Message], format: Format) -> None:
    coder: Encoder = encoder(format)
    async with contextlib.aclosing(messages):
        async for message in messages:
            if isinstance(message, events.End) and (rest := coder.finish()):
                await _send(socket, rest)
            if isinstance(message, events.Restart):
                coder = encoder(format)
            if isinstance(message, events.Header):
                shown = "pcm_s16le" if format == "pcm" else format
                await _send(socket, message.model_copy(update={"format": shown}))
            elif not isinstance(message, bytes):
                await _send(socket, message)
            elif data := coder.feed(message):
                await _send(socket, data)


async def _send(socket: WebSocket, message: Message) -> None:
    """One frame; a listener that takes nothing for a minute is let go."""
    try:
        async with asyncio.timeout(_SEND):
            if isinstance(message, bytes):
                await socket.send_bytes(message)
            else:
                await socket.send_text(message.model_dump_json())
    except TimeoutError as error:
        raise WebSocketDisconnect(_LATER, "The listener takes nothing.") from error


async def _hear(socket: WebSocket, here: Context, job_id: str) -> None:
    """Take what the client says; returns never, raises WebSocketDisconnect when it has gone."""
    while True:
        _parse(_CANCEL, await received(socket))
        with contextlib.suppress(AlreadyEnded):
            await run_in_threadpool(here.queue.cancel, job_id)


def _parse(kind: TypeAdapter[Said], text: str) -> Said:
    """A client's message. Raises InvalidRequest."""
    if len(text) > MAX_MESSAGE:
        raise InvalidRequest(f"A message may have {MAX_MESSAGE} characters.")
    require_few_values(text)
    try:
        return kind.validate_python(json.loads(text))
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The message is not JSON.") from error


@contextlib.asynccontextmanager
async def _explained(socket: WebSocket) -> AsyncGenerator[None]:
    """Close the socket properly, saying why if there is something to say."""
    try:
        yield
        await _close(socket, _CLOSED)
    except WebSocketDisconnect:
        return
    except SpeechError as error:
        await _say(socket, error)
        await _close(socket, _VIOLATION if error.status < 500 else _LATER)
    except Exception:
        await _say(socket, InternalError("The service met a fault of its own."))
        await _close(socket, _FAULT)
        raise


async def _say(socket: WebSocket, error: SpeechError) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.send_text(events.Fault(error=error.body()["error"]).model_dump_json())


async def _close(socket: WebSocket, code: int) -> None:
    # The client may have closed first; there is nobody to tell then.
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        await socket.close(code)
