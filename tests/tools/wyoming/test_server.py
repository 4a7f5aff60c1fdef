"""The server as the client of the `wyoming` package meets it."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import pytest
from wyoming.audio import AudioChunk, AudioStart, AudioStop
from wyoming.client import AsyncTcpClient
from wyoming.error import Error
from wyoming.event import Event
from wyoming.info import Describe, Info
from wyoming.ping import Ping, Pong
from wyoming.tts import (
    Synthesize,
    SynthesizeChunk,
    SynthesizeStart,
    SynthesizeStop,
    SynthesizeStopped,
    SynthesizeVoice,
)

from shared.errors import ConfigurationError
from shared.settings import load
from tests.stack import Stack
from tools import ports
from tools.wyoming import server
from tools.wyoming.reading import LONGEST

pytestmark = [pytest.mark.redis, pytest.mark.anyio]


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def home(stack: Stack) -> AsyncGenerator[AsyncTcpClient]:
    """Home Assistant's side of a connection."""
    async with serving(stack.url) as port, connected(port) as client:
        yield client


@asynccontextmanager
async def serving(url: str) -> AsyncGenerator[int]:
    """The port of a server for the service at `url`."""
    settings = load(wyoming_port=ports.any_free())
    task = asyncio.create_task(server.serve(settings, url))
    try:
        while not task.done() and ports.is_free("127.0.0.1", settings.wyoming_port):
            await asyncio.sleep(0.02)
        yield settings.wyoming_port
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@asynccontextmanager
async def connected(port: int) -> AsyncGenerator[AsyncTcpClient]:
    client = AsyncTcpClient("127.0.0.1", port)
    await client.connect()
    try:
        yield client
    finally:
        with suppress(ConnectionError):  # the server may have closed first
            await client.disconnect()


async def answers(client: AsyncTcpClient, last: str) -> list[Event]:
    """Every event up to the first of this type."""
    events: list[Event] = []
    while not events or events[-1].type != last:
        event = await client.read_event()
        assert event is not None, [event.type for event in events]
        events.append(event)
    return events


def seconds(events: list[Event]) -> float:
    chunks = [AudioChunk.from_event(event) for event in events if AudioChunk.is_type(event.type)]
    return sum(chunk.seconds for chunk in chunks)


async def test_it_tells_of_every_voice_in_every_language(home: AsyncTcpClient):
    await home.write_event(Describe().event())
    info = Info.from_event((await answers(home, "info"))[-1])
    [program] = info.tts
    assert program.supports_synthesize_streaming
    assert {"ryan", "ono_anna"} <= {voice.name for voice in program.voices}
    assert all(len(voice.languages) == 10 for voice in program.voices)


async def test_it_answers_a_ping(home: AsyncTcpClient):
    await home.write_event(Ping(text="there?").event())
    assert Pong.from_event((await answers(home, "pong"))[-1]).text == "there?"


async def test_a_whole_text_is_sound_between_start_and_stop(home: AsyncTcpClient):
    await home.write_event(Synthesize("The lamp turned.", SynthesizeVoice("serena")).event())
    events = await answers(home, "audio-stop")
    start = AudioStart.from_event(events[0])
    assert (start.rate, start.width, start.channels) == (24_000, 2, 1)
    assert AudioStop.is_type(events[-1].type)
    assert seconds(events) > 0.5


async def test_text_in_pieces_is_spoken_while_it_comes(home: AsyncTcpClient):
    await home.write_event(SynthesizeStart(SynthesizeVoice("ryan")).event())
    for piece in ("The lamp tur", "ned. Ten sec"):
        await home.write_event(SynthesizeChunk(piece).event())
    early = await answers(home, "audio-chunk")
    await home.write_event(SynthesizeChunk("onds.").event())
    await home.write_event(Synthesize("The lamp turned. Ten seconds.").event())
    await home.write_event(SynthesizeStop().event())
    events = await answers(home, "synthesize-stopped")
    assert SynthesizeStopped.is_type(events[-1].type)
    assert [event.type for event in events].count("audio-stop") == 1
    assert seconds(early + events) > 1


async def fault(client: AsyncTcpClient) -> str:
    """The code of the error after which the server hangs up."""
    error = Error.from_event((await answers(client, "error"))[-1])
    assert await client.read_event() is None
    return error.code or ""


async def test_two_texts_at_once_are_spoken_one_after_the_other(home: AsyncTcpClient):
    for text in ("The lamp turned.", "Ten seconds."):
        await home.write_event(Synthesize(text).event())
    for _ in range(2):
        events = await answers(home, "audio-stop")
        assert AudioStart.is_type(events[0].type)
        assert seconds(events) > 0.5


async def test_a_voice_that_is_unknown_is_told_before_the_text_has_ended(home: AsyncTcpClient):
    await home.write_event(SynthesizeStart(SynthesizeVoice("nobody")).event())
    assert await fault(home) == "unknown_voice"


@pytest.mark.parametrize(
    ("event", "code"),
    [
        (Event("describe", payload=b"x" * (LONGEST + 1)), "body_too_large"),
        (Event("synthesize"), "invalid_request"),
        (Event("synthesize", {"text": 5}), "invalid_request"),
        (Event("synthesize", {"text": "Hello.", "voice": {"name": 5}}), "invalid_request"),
    ],
    ids=["too much", "no text", "a number", "a numbered voice"],
)
async def test_what_is_wrong_with_an_event_is_told(home: AsyncTcpClient, event: Event, code: str):
    await home.write_event(event)
    assert await fault(home) == code


@pytest.mark.parametrize("heard", [False, True], ids=["waiting", "speaking"])
async def test_when_the_client_goes_its_jobs_are_cancelled(
    home: AsyncTcpClient, stack: Stack, heard: bool
):
    client = stack.client()
    if heard:
        await home.write_event(Synthesize("A long sentence. " * 500).event())
        await answers(home, "audio-chunk")
    with stack.still():
        if not heard:
            await home.write_event(Synthesize("A long sentence.").event())
        while not (waiting := client.jobs(state="queued").items):
            await asyncio.sleep(0.02)
        await home.disconnect()
        while client.job(waiting[0].id).state != "cancelled":
            await asyncio.sleep(0.02)
    while client.jobs(active=True).items:
        await asyncio.sleep(0.02)


async def test_without_a_service_it_says_so():
    nobody = f"http://127.0.0.1:{ports.any_free()}"
    async with serving(nobody) as port, connected(port) as client:
        await client.write_event(Describe().event())
        assert await fault(client) == "service_unreachable"


async def test_of_too_many_clients_the_last_is_refused(
    home: AsyncTcpClient, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(server, "_MOST", 1)
    async with connected(home.port) as other:
        assert await fault(other) == "too_many_connections"
    await home.write_event(Ping().event())
    await answers(home, "pong")


def test_it_needs_a_port():
    with pytest.raises(ConfigurationError, match="WYOMING_PORT"):
        server.check(load(wyoming_port=0))


def test_beyond_this_machine_it_needs_a_word_that_others_may_speak():
    with pytest.raises(ConfigurationError, match="Wyoming has no keys"):
        server.check(load(wyoming_port=1, wyoming_host="0.0.0.0"))
    server.check(load(wyoming_port=1, wyoming_host="0.0.0.0", insecure_bind=True))
