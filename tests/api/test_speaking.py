"""A job that nobody hears any more is cancelled, whatever becomes of whoever heard it."""

import asyncio
import threading
from collections.abc import AsyncGenerator
from contextlib import ExitStack, aclosing
from pathlib import Path

import pytest
from anyio import to_thread
from starlette.types import Message

from api.audio import Growing
from api.deps import Context
from api.speaking import hear
from api.stopping import stop
from tests.api.speaker import Speaker, serving, until
from tools import redis_server


async def listening(context: Context, speaker: Speaker) -> asyncio.Task[None]:
    """Somebody who has heard the first sound."""
    heard = asyncio.Event()

    async def listen() -> None:
        async with aclosing(hear(context, speaker.id)) as messages:
            async for message in messages:
                if isinstance(message, bytes):
                    heard.set()

    listener = asyncio.create_task(listen())
    await heard.wait()
    return listener


def test_a_listener_that_is_cancelled_again_and_again_cancels_the_job(redis_url, tmp_path):
    async def scenario() -> None:
        async with serving(speaker) as context:
            listener = await listening(context, speaker)
            threads = to_thread.current_default_thread_limiter()
            threads.total_tokens = 1
            free = threading.Event()
            busy = asyncio.create_task(to_thread.run_sync(free.wait))
            await until(lambda: threads.borrowed_tokens == 1)
            await stop(listener)
            free.set()
            await busy
            await until(lambda: speaker.queue.get(speaker.id).cancel)

    speaker = Speaker(redis_url, tmp_path)
    speaker.begin()
    speaker.say()
    asyncio.run(scenario())


def test_the_sound_of_a_client_that_reads_no_more_and_goes_is_closed():
    async def scenario() -> None:
        full, closed = asyncio.Event(), asyncio.Event()

        async def sound() -> AsyncGenerator[bytes]:
            try:
                yield b"sound"
            finally:
                closed.set()

        async def send(message: Message) -> None:
            if message["type"] == "http.response.body":
                full.set()
                await asyncio.Event().wait()

        async def receive() -> Message:
            await full.wait()
            return {"type": "http.disconnect"}

        response = Growing(sound())
        await response({"type": "http"}, receive, send)
        assert closed.is_set()

    asyncio.run(scenario())


def test_a_listener_goes_quietly_while_redis_is_away(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    async def scenario() -> bool:
        async with serving(speaker) as context:
            listener = await listening(context, speaker)
            await asyncio.to_thread(server.close)
            await stop(listener)
            await until(lambda: "nobody hears it" in caplog.text)
            return listener.cancelled()

    with ExitStack() as server:
        speaker = Speaker(
            server.enter_context(redis_server.serving(tmp_path)), tmp_path / "outputs"
        )
        speaker.begin()
        speaker.say()
        assert asyncio.run(scenario())
