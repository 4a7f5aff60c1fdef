"""What clients say on a WebSocket."""

from fastapi import WebSocket, WebSocketDisconnect

from shared.errors import InvalidRequest


async def received(socket: WebSocket) -> str:
    """What a client says next. Raises InvalidRequest, or WebSocketDisconnect when it has gone."""
    message = await socket.receive()
    if message["type"] == "websocket.disconnect":
        raise WebSocketDisconnect(message["code"], message.get("reason"))
    if (text := message.get("text")) is None:
        raise InvalidRequest("Messages are JSON in text frames, not binary ones.")
    return text
