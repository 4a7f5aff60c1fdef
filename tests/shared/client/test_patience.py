"""What is sent again, when, and for how long."""

import asyncio
import io
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from shared.client import AsyncClient, Client, ServiceUnreachable
from shared.client.call import Call
from shared.client.patience import Repeats
from shared.errors import QueueFull, QueueUnavailable, SpeechError, UnknownJob
from tests.shared.client.conftest import KEY
from tests.stack import Stack

FULL = QueueFull("200 jobs wait.", retry_after=3)
AWAY = QueueUnavailable("The queue does not answer.", retry_after=2)
BROKEN = ServiceUnreachable("The connection broke.")
REFUSED = ServiceUnreachable("Nobody is there.")
REFUSED.__cause__ = httpx.ConnectError("refused")
LATER = SpeechError("Some day.", retry_after=3)
GET = Call[Any]("GET", "/v1/jobs/1", bytes)
POST = Call[Any]("POST", "/v1/jobs/custom_voice", bytes)
KEYED = Call[Any]("POST", "/v1/jobs/custom_voice", bytes, headers={"Idempotency-Key": "1"})


@pytest.mark.parametrize(
    ("call", "error", "seconds"),
    [
        (POST, FULL, 3),
        (POST, REFUSED, 0.5),
        (KEYED, BROKEN, 0.5),
        (KEYED, AWAY, 2),
        (GET, BROKEN, 0.5),
    ],
)
def test_what_does_no_harm_is_sent_again(call: Call[Any], error: SpeechError, seconds: float):
    assert Repeats.of(call, patience=60).pause(error) == seconds


@pytest.mark.parametrize(
    ("call", "error"),
    [(POST, BROKEN), (POST, AWAY), (GET, UnknownJob("There is none.")), (GET, LATER)],
)
def test_what_may_have_been_done_or_cannot_be_is_not(call: Call[Any], error: SpeechError):
    with pytest.raises(type(error)) as raised:
        Repeats.of(call, patience=60).pause(error)
    assert raised.value is error


def test_patience_ends():
    repeats = Repeats.of(GET, patience=10)
    assert [repeats.pause(FULL) for _ in range(3)] == [3, 3, 3]
    with pytest.raises(QueueFull):
        repeats.pause(FULL)
    repeats.reset()
    assert repeats.pause(FULL) == 3


def test_pauses_grow_where_the_service_says_nothing():
    repeats = Repeats.of(GET, patience=100)
    assert [repeats.pause(BROKEN) for _ in range(6)] == [0.5, 1, 2, 4, 8, 8]


def test_nothing_is_repeated_unless_asked_for():
    with pytest.raises(QueueFull):
        Repeats.of(GET, patience=0).pause(FULL)


def test_a_file_is_read_from_where_it_stood():
    opened = io.BytesIO(b"sound")
    opened.seek(2)
    repeats = Repeats(60, files=[opened, Path("another.wav")])
    opened.read()

    repeats.pause(FULL)

    assert opened.read() == b"und"


@pytest.mark.slow
def test_a_service_that_is_away_gets_the_job_once_it_is_back(strict: Stack):
    with Client(strict.url, KEY, patience=60) as client, ThreadPoolExecutor() as aside:
        before = {item.id for item in client.jobs().items}
        strict.kill_api(0)
        sent = aside.submit(client.submit, "custom_voice", {"text": "The lamp turned."})
        strict.start_api(0)
        job = client.finish(sent.result().id)
        assert {item.id for item in client.jobs().items} - before == {job.id}


@pytest.mark.slow
def test_whoever_finds_no_room_waits_for_it(strict: Stack):
    async def scene() -> None:
        async with AsyncClient(strict.url, KEY, patience=60) as client:
            first = await client.submit("custom_voice", {"text": "The lamp turned."})
            assert (await client.speak("Ten seconds; ten.")).startswith(b"RIFF")
            assert (await client.finish(first.id)).attempts == 1

    asyncio.run(scene())
