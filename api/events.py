"""`/v1/jobs/{id}/events`: what happens to a job, as server-sent events without its sound."""

import asyncio
from collections.abc import AsyncGenerator

from fastapi import APIRouter
from fastapi.responses import StreamingResponse

from api.deps import Here
from api.following import Message, follow
from api.stopping import stop
from shared.errors import ServiceStopping

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

_KEEP_ALIVE = 15.0
"""Seconds of silence after which a comment keeps proxies from closing the connection."""


@router.get(
    "/{id}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def job_events(id: str, here: Here) -> StreamingResponse:
    """State, progress, position, warnings and the end of a job, as they happen."""
    messages = follow(here, id, audio=False)
    first = await anext(messages)
    return StreamingResponse(
        _lines(first, messages),
        media_type="text/event-stream",
        headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
    )


async def _lines(first: Message, messages: AsyncGenerator[Message]) -> AsyncGenerator[str]:
    yield _event(first)
    pending: asyncio.Future[Message] | None = None
    try:
        while True:
            pending = pending or asyncio.ensure_future(anext(messages))
            done, _ = await asyncio.wait({pending}, timeout=_KEEP_ALIVE)
            if not done:
                yield ": still here\n\n"
                continue
            message, pending = pending.result(), None
            yield _event(message)
    except (StopAsyncIteration, ServiceStopping):
        return
    finally:
        if pending:
            await stop(pending)
        await messages.aclose()


def _event(message: Message) -> str:
    if isinstance(message, bytes):
        raise TypeError("events carry no audio")
    return f"event: {message.type}\ndata: {message.model_dump_json()}\n\n"
