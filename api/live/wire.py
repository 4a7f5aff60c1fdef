"""A client's WebSocket: JSON in text frames both ways, sound in binary ones, within limits."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager, suppress
from typing import Any, TypeVar

from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.sockets import received
from api.stopping import stop
from shared.errors import BodyTooLarge, InternalError, InvalidRequest, SpeechError
from shared.requests.declared import explain

LONGEST = 128 << 10
"""Characters of a message."""
_SEND = 60.0
"""Seconds after which a client that takes nothing is let go."""
_LONGEST_REASON = 123
"""Bytes of what a close frame says beside its code (RFC 6455, section 5.5.1)."""
_CLOSED = 1000
_VIOLATION = 1008
_TOO_LARGE = 1009
_FAULT = 1011
_LATER = 1013

Said = TypeVar("Said")
Tell = Callable[[SpeechError, int], BaseModel]
"""An error, and the code with which the socket closes, as a message of the dialect."""


class Wire:
    """What is said on a socket; each call of `say` or `sound` is one turn, whoever else speaks."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket = socket
        self._turn = asyncio.Lock()

    async def receive(self, kind: TypeAdapter[Said]) -> Said:
        """What the client says next.

        Raises InvalidRequest, BodyTooLarge, or WebSocketDisconnect when it has gone.
        """
        return _parse(kind, await received(self._socket))

    async def say(self, *messages: BaseModel) -> None:
        """Messages, one after the other. Raises WebSocketDisconnect for one who takes nothing."""
        async with self._sending():
            for message in messages:
                await self._socket.send_text(message.model_dump_json())

    async def sound(self, data: bytes) -> None:
        """A binary frame. Raises WebSocketDisconnect for one who takes nothing."""
        async with self._sending():
            await self._socket.send_bytes(data)

    async def close(self, code: int = _CLOSED, reason: str = "") -> None:
        """Hang up; the client may have done so first."""
        shown = reason.encode("utf-8", "replace")[:_LONGEST_REASON].decode("utf-8", "ignore")
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._socket.close(code, shown)

    @asynccontextmanager
    async def _sending(self) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(_SEND), self._turn:
                yield
        except TimeoutError as error:
            raise WebSocketDisconnect(_LATER, "The listener takes nothing.") from error


async def converse(listening: Coroutine[Any, Any, Any], telling: Coroutine[Any, Any, Any]) -> None:
    """Do both until either is done; `listening` comes to its end only by raising."""
    tasks = [asyncio.create_task(listening), asyncio.create_task(telling)]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        # That the client has gone explains why nothing more could be sent.
        for task in tasks:
            if task.done():
                task.result()
    finally:
        await stop(*tasks)


@asynccontextmanager
async def explained(wire: Wire, tell: Tell) -> AsyncGenerator[None]:
    """Close the socket properly, saying why if there is something to say."""
    try:
        yield
        await wire.close()
    except WebSocketDisconnect:
        return
    except SpeechError as error:
        await _part(wire, tell, error, _code(error))
    except Exception:
        fault = InternalError("The service met a fault of its own.")
        await _part(wire, tell, fault, _FAULT)
        raise


async def _part(wire: Wire, tell: Tell, error: SpeechError, code: int) -> None:
    with suppress(WebSocketDisconnect, RuntimeError):
        await wire.say(tell(error, code))
    # Some clients look at nothing else.
    await wire.close(code, error.message)


def _code(error: SpeechError) -> int:
    if isinstance(error, BodyTooLarge):
        return _TOO_LARGE
    return _VIOLATION if error.status < 500 else _LATER


def _parse(kind: TypeAdapter[Said], text: str) -> Said:
    """A client's message. Raises InvalidRequest, BodyTooLarge."""
    if len(text) > LONGEST:
        raise BodyTooLarge(f"A message may have {LONGEST} characters.", hint="Send it in parts.")
    try:
        return kind.validate_python(json.loads(text))
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest("The message is not JSON.") from error
