"""The relay hears what is published, and outlives whatever that is."""

import asyncio
import os
import signal
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from shared import keys
from shared.errors import QueueUnavailable
from shared.states import JobState
from tests.api.jobs import LONG, fault, sounding, submit, wait_for
from tests.api.speaker import Listener, Speaker, listen, serving, until
from tests.stack import Stack

STRANGE = [
    b"",
    b"\x00\xff",
    b"a",
    b"a one two three\nxx",
    b"e 5 0 0\n{}",
    b'e 5 0 0\n{"type": "of a later version"}',
    b"z 5 0 0\nof a later version",
]


@pytest.fixture
def speaker(redis_url: str, tmp_path: Path) -> Speaker:
    return Speaker(redis_url, tmp_path)


@pytest.mark.parametrize("message", STRANGE, ids=repr)
def test_a_message_that_nobody_understands_harms_nobody(speaker, message):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            speaker.say()
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: bool(heard.pcm))
            speaker.redis.publish(keys.channel(speaker.id), message)
            speaker.say()
            await until(lambda: heard.pcm == speaker.said())
            assert context.hub.alive
            speaker.end(JobState.CANCELLED)
            return await listening

    assert asyncio.run(scenario()).end.state is JobState.CANCELLED


def test_a_later_version_may_say_more_of_a_chunk(speaker):
    async def scenario() -> None:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            speaker.say(100)
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: len(heard.pcm) == 200)
            speaker.redis.publish(keys.channel(speaker.id), b"a 9 100 0 more\nABCD")
            await until(lambda: heard.pcm.endswith(b"ABCD"))
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    asyncio.run(scenario())


def subscribers(speaker: Speaker) -> int:
    return speaker.redis.pubsub_numsub(keys.channel(speaker.id))[0][1]


def test_a_channel_is_heard_only_while_somebody_listens(speaker):
    async def scenario() -> None:
        async with serving(speaker) as context:
            for _ in range(2):
                with context.hub.listen(speaker.id), context.hub.listen(speaker.id):
                    await until(lambda: subscribers(speaker) == 1)
                    assert context.hub.listeners == 2
                await until(lambda: subscribers(speaker) == 0)
                assert context.hub.listeners == 0

    asyncio.run(scenario())


def test_one_who_is_too_slow_hears_everything(speaker):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: bool(heard.messages))
            # The event loop stands still, and more is published than a channel keeps.
            for _ in range(300):
                speaker.say(500)
            await until(lambda: len(heard.pcm) == 2 * 300 * 500)
            speaker.end(JobState.CANCELLED)
            return await listening

    assert asyncio.run(scenario()).pcm == speaker.said()


def test_a_dropped_subscription_is_taken_up_again(speaker):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: bool(heard.messages))
            for _ in range(3):
                speaker.redis.client_kill_filter(_type="pubsub")
                speaker.say()
                await until(lambda: heard.pcm == speaker.said())
                await until(lambda: subscribers(speaker) == 1)
            speaker.end(JobState.CANCELLED)
            return await listening

    assert asyncio.run(scenario()).pcm == speaker.said()


# --- the service ---


@pytest.mark.parametrize("path", ["events", "audio?follow=1", "stream"])
def test_a_redis_that_hangs_is_an_error_at_once(make_stack: Callable[..., Stack], path):
    stack = make_stack(PREVIEW_PACE="1")
    http = stack.http(timeout=3)
    job = sounding(http, LONG)
    server = stack.redis().info("server")["process_id"]
    os.kill(server, signal.SIGSTOP)
    try:
        if path == "stream":
            with (
                stack.client().attach(job["id"]) as listening,
                pytest.raises(QueueUnavailable),
            ):
                list(listening)
        else:
            answer = http.get(f"/v1/jobs/{job['id']}/{path}")
            assert fault(answer) == (503, "queue_unavailable")
            assert answer.headers["retry-after"]
    finally:
        os.kill(server, signal.SIGCONT)
    assert wait_for(http, job["id"], lambda job: job["state"] == "running")


@pytest.mark.parametrize("query", ["", "&format=mp3", "&after=100"])
def test_those_who_leave_while_they_wait_leave_nothing_behind(paced, query):
    http = paced.http()
    sounding(http)
    waiting = submit(http)
    address = f"{paced.url}{waiting['links']['audio']}?follow=1{query}"
    for _ in range(3):
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(address, timeout=0.2, trust_env=False)
    until_nobody_listens(http)


def test_those_who_are_refused_leave_nothing_behind(paced):
    http, other = paced.http(), paced.http()
    sounding(http)
    job = submit(http)
    timer = threading.Timer(0.3, other.delete, [job["links"]["self"]])
    timer.start()
    answer = http.get(job["links"]["audio"], params={"follow": 1})
    timer.join()
    assert fault(answer) == (409, "no_audio")
    until_nobody_listens(http)


def until_nobody_listens(http: httpx.Client) -> None:
    async def scenario() -> None:
        await until(lambda: http.get("/v1/status").json()["listeners"] == 0)

    asyncio.run(scenario())
