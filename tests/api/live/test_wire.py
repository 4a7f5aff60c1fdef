import asyncio

import pytest
from fastapi import WebSocket, WebSocketDisconnect
from pydantic import BaseModel
from starlette.types import Message

from api.live import wire
from api.live.wire import Wire, converse


class Hello(BaseModel):
    text: str = "hello"


class Line:
    """The server's end of a socket to a client who takes nothing until it is let."""

    def __init__(self) -> None:
        self.taking = asyncio.Event()
        self.taken: list[str] = []
        scope = {"type": "websocket", "path": "/", "headers": [], "query_string": b""}
        self.socket = WebSocket(scope, self._receive, self._send)

    async def _receive(self) -> Message:
        return {"type": "websocket.connect"}

    async def _send(self, message: Message) -> None:
        if message["type"] == "websocket.send":
            await self.taking.wait()
            self.taken.append(message["text"])


def test_a_client_that_takes_nothing_is_let_go(monkeypatch):
    monkeypatch.setattr(wire, "_SEND", 0.01)

    async def scenario() -> None:
        line = Line()
        await line.socket.accept()
        with pytest.raises(WebSocketDisconnect, match="takes nothing"):
            await Wire(line.socket).say(Hello())

    asyncio.run(scenario())


def test_what_belongs_together_is_not_interrupted():
    async def scenario() -> list[str]:
        line = Line()
        await line.socket.accept()
        said = Wire(line.socket)
        both = [
            said.say(Hello(text="a"), Hello(text="b")),
            said.say(Hello(text="c")),
        ]
        line.taking.set()
        await asyncio.gather(*both)
        return line.taken

    assert [message[9] for message in asyncio.run(scenario())] == ["a", "b", "c"]


def test_of_a_conversation_the_listening_explains_its_end():
    async def gone() -> None:
        raise WebSocketDisconnect(1001)

    async def unsent() -> None:
        raise RuntimeError("nothing can be sent any more")

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(converse(gone(), unsent()))
