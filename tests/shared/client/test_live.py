"""A text that is spoken while it is written, through both clients."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator

import pytest

from shared.client import AsyncClient, AsyncLive, Live, LiveMessage, live
from shared.errors import UnknownVoice
from tests.shared.client.test_sync import public
from tests.stack import Stack

ENGLISH = {"language": "en", "seed": 7}
TEXT = "The lamp turned slowly. Ten seconds went by."


def texts(heard: Iterable[LiveMessage | bytes]) -> list[str]:
    return [message.text for message in heard if isinstance(message, live.Said)]


def test_both_clients_can_do_the_same():
    assert public(Live) == public(AsyncLive)


def test_what_is_said_is_heard(stack: Stack):
    with stack.client().live(ENGLISH, voice="serena") as speaking:
        speaking.say(TEXT)
        speaking.commit()
        speaking.say("Then it was dark")
        speaking.flush()
        speaking.finish()
        heard = [*speaking]
    assert isinstance(heard[0], live.Ready)
    assert texts(heard) == ["The lamp turned slowly.", "Ten seconds went by.", "Then it was dark"]
    done = [message for message in heard if isinstance(message, live.Done)]
    assert [(message.utterance, message.state) for message in done] == [
        (1, "succeeded"),
        (2, "succeeded"),
    ]
    assert heard[-1] == live.Over(reason="finished")


def test_text_is_fed_while_it_is_heard(stack: Stack):
    heard = threading.Event()

    def written() -> Iterator[str]:
        yield "The lamp turned slowly. Ten "
        assert heard.wait(30)
        yield "seconds went by."

    with stack.client().live(ENGLISH) as speaking:
        speaking.feed(written())
        said: list[LiveMessage] = []
        for message in speaking:
            if isinstance(message, bytes):
                heard.set()
            else:
                said.append(message)
    assert texts(said) == ["The lamp turned slowly.", "Ten seconds went by."]


def test_a_cancel_stops_it(stack: Stack):
    with stack.client().live(ENGLISH) as speaking:
        speaking.say(TEXT * 500)
        speaking.cancel()
        speaking.finish()
        rest = [*speaking]
    assert isinstance(rest[-2], live.Done)
    assert rest[-2].state == "cancelled"


def test_what_is_refused_is_raised(stack: Stack):
    with stack.client().live(ENGLISH, voice="nobody") as speaking:
        speaking.say(TEXT)
        with pytest.raises(UnknownVoice) as error:
            list(speaking)
    assert error.value.param == "voice"


def test_an_event_loop_can_do_the_same(stack: Stack):
    async def written() -> AsyncIterator[str]:
        for word in TEXT.split():
            yield f"{word} "

    async def scenario() -> list[LiveMessage | bytes]:
        async with AsyncClient(stack.url) as client, client.live(ENGLISH) as speaking:
            speaking.feed(written())
            return [message async for message in speaking]

    heard = asyncio.run(scenario())
    assert texts(heard) == ["The lamp turned slowly.", "Ten seconds went by."]
    assert sum(len(part) for part in heard if isinstance(part, bytes)) > 48_000


def test_what_goes_wrong_with_the_text_is_raised_once_the_rest_was_heard(stack: Stack):
    async def written() -> AsyncIterator[str]:
        yield "The lamp turned slowly. "
        raise OSError("the model has gone")

    heard: list[LiveMessage | bytes] = []

    async def scenario() -> None:
        async with AsyncClient(stack.url) as client, client.live(ENGLISH) as speaking:
            speaking.feed(written())
            async for message in speaking:
                heard.append(message)

    with pytest.raises(OSError, match="the model has gone"):
        asyncio.run(scenario())
    assert texts(heard) == ["The lamp turned slowly."]


def test_without_an_event_loop_too(stack: Stack):
    def written() -> Iterator[str]:
        yield "The lamp turned slowly. "
        raise OSError("the model has gone")

    heard: list[LiveMessage | bytes] = []
    with stack.client().live(ENGLISH) as speaking:
        speaking.feed(written())
        with pytest.raises(OSError, match="the model has gone"):
            heard.extend(speaking)
    assert texts(heard) == ["The lamp turned slowly."]
