"""What a listener's own program sees when it is refused."""

import asyncio
from urllib.parse import urlsplit

import pytest

from shared.client import AsyncClient, calls
from shared.errors import NothingToSay, UnknownJob
from shared.events import Fault


def test_a_refused_request_raises_what_was_refused(stack):
    with stack.client().stream("custom_voice", {"text": ""}) as listening:
        frames = iter(listening)
        assert isinstance(next(frames), Fault)
        with pytest.raises(NothingToSay):
            next(frames)


@pytest.mark.parametrize("id", ["no/body", "no body?after=1", "../outputs"])
def test_an_id_that_is_none_stays_one_part_of_the_path(id: str):
    parts = urlsplit(calls.attach(id))
    assert (parts.path.count("/"), parts.query) == (4, "")


def test_attaching_to_no_job_raises_that_it_is_unknown(stack):
    with stack.client().attach("nobody") as listening, pytest.raises(UnknownJob):
        list(listening)


def test_the_asynchronous_client_raises_the_same(stack):
    async def scenario() -> None:
        async with (
            AsyncClient(stack.url) as client,
            client.stream("custom_voice", {"text": ""}) as listening,
        ):
            async for _ in listening:
                pass

    with pytest.raises(NothingToSay):
        asyncio.run(scenario())
