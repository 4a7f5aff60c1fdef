"""That the methods are those of the blocking client is tested there; here, that they work."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import pytest

from shared import events
from shared.client import AsyncClient, ServiceUnreachable
from shared.errors import Unauthorized, UnknownJob, UnknownOutput, UnknownSpeaker
from shared.states import JobState
from tests.shared.client.conftest import KEY
from tests.stack import Stack

SPEECH = {"text": "The lamp turned. Ten seconds; ten seconds; ten.", "language": "en", "seed": 7}
LONG = {"text": "One sentence of some length. " * 60, "language": "en"}

Result = TypeVar("Result")


def act(url: str, scene: Callable[[AsyncClient], Awaitable[Result]], api_key: str = "") -> Result:
    """Run a scene with a client of its own."""

    async def run() -> Result:
        async with AsyncClient(url, api_key) as client:
            return await scene(client)

    return asyncio.run(run())


def test_a_job_is_sent_awaited_and_heard(stack: Stack):
    async def scene(client: AsyncClient) -> None:
        job = await client.wait((await client.submit("custom_voice", SPEECH)).id)
        assert job.state is JobState.SUCCEEDED
        assert (await client.audio(job.id)).startswith(b"RIFF")
        repeated = await client.wait((await client.again(job.id)).id)
        assert await client.audio(repeated.id) == await client.audio(job.id)
        assert job.id in [item.id for item in (await client.jobs(limit=5)).items]

    act(stack.url, scene)


def test_a_stream_gives_messages_and_sound(stack: Stack):
    async def scene(client: AsyncClient) -> None:
        async with client.stream("custom_voice", SPEECH) as listening:
            frames = [frame async for frame in listening]
        assert isinstance(frames[-1], events.End)
        heard = b"".join(frame for frame in frames if isinstance(frame, bytes))
        assert heard == await client.audio(frames[-1].id, "pcm")
        async with client.attach(frames[-1].id, after=1_000) as listening:
            rest = [frame async for frame in listening if isinstance(frame, bytes)]
        assert b"".join(rest) == heard[2_000:]

    act(stack.url, scene)


def test_a_job_is_followed_and_downloaded(stack: Stack, tmp_path: Path):
    async def scene(client: AsyncClient) -> None:
        job = await client.submit("custom_voice", SPEECH)
        followed = b"".join([block async for block in client.follow(job.id, "pcm")])
        assert followed == await client.audio(job.id, "pcm")
        await client.download(job.id, tmp_path / "speech.wav")
        assert (tmp_path / "speech.wav").read_bytes() == await client.audio(job.id)

    act(stack.url, scene)


@pytest.mark.slow
def test_a_stream_is_cancelled(strict: Stack):
    async def scene(client: AsyncClient) -> None:
        async with client.stream("custom_voice", LONG) as listening:
            async for frame in listening:
                if isinstance(frame, bytes):
                    await listening.cancel()
        assert (await client.jobs()).items[0].state is JobState.CANCELLED

    act(strict.url, scene, KEY)


def test_an_output_is_found_marked_thrown_away_and_restored(stack: Stack):
    async def scene(client: AsyncClient) -> None:
        job = await client.wait((await client.submit("custom_voice", SPEECH)).id)
        assert await client.output(job.id) in (await client.outputs(limit=5)).items
        assert len((await client.waveform(job.id, 20)).points) == 20
        assert (await client.mark(job.id, starred=True)).starred
        await client.discard(job.id)
        with pytest.raises(UnknownOutput):
            await client.output(job.id)
        assert (await client.restore(job.id)).id == job.id

    act(stack.url, scene)


def test_the_service_tells_of_itself(stack: Stack):
    async def scene(client: AsyncClient) -> None:
        assert "custom_voice" in [task.name for task in await client.tasks()]
        assert await client.speakers()
        assert await client.models()
        assert (await client.status()).workers
        assert (await client.ready()).ready
        assert (await client.clear_caches()).action == "clear_caches"
        assert (await client.unload_all()).action == "unload_all"

    act(stack.url, scene)


def test_errors_arrive_as_what_they_were(stack: Stack):
    async def scene(client: AsyncClient) -> None:
        wrong = {"text": "Hello.", "speaker": "nobody"}
        with pytest.raises(UnknownSpeaker) as error:
            await client.submit("custom_voice", wrong)
        assert error.value.param == "speaker"
        with pytest.raises(UnknownSpeaker):
            async with client.stream("custom_voice", wrong) as listening:
                _ = [frame async for frame in listening]
        with pytest.raises(UnknownJob):
            await client.job("nobody")

    act(stack.url, scene)


@pytest.mark.slow
def test_a_wrong_key_is_refused_everywhere(strict: Stack):
    async def scene(client: AsyncClient) -> None:
        with pytest.raises(Unauthorized):
            await client.tasks()
        with pytest.raises(Unauthorized):
            async with client.stream("custom_voice", SPEECH):
                pass

    act(strict.url, scene, "wrong")


def test_nothing_at_the_address_is_said_so():
    async def scene(client: AsyncClient) -> None:
        with pytest.raises(ServiceUnreachable):
            await client.tasks()
        with pytest.raises(ServiceUnreachable):
            async with client.stream("custom_voice", SPEECH):
                pass

    act("http://127.0.0.1:9", scene)
