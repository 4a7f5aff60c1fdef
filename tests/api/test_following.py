"""What a listener is told, whatever becomes of the job, its file and its record."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from api.following import follow
from shared import events, keys
from shared.errors import UnknownJob, WorkerLost
from shared.states import JobState
from tests.api.speaker import Listener, Speaker, listen, serving, until


@pytest.fixture
def speaker(redis_url: str, tmp_path: Path) -> Speaker:
    return Speaker(redis_url, tmp_path)


def heard_late(speaker: Speaker, after: int = 0, take: int | None = None) -> Listener:
    """What somebody hears who comes now."""

    async def scenario() -> Listener:
        async with serving(speaker) as context:
            return await listen(context, speaker, after=after, take=take)

    return asyncio.run(scenario())


# --- the end always comes ---


def test_a_cancelled_job_whose_audio_is_gone_ends_as_cancelled(speaker):
    speaker.begin()
    speaker.say()
    speaker.end(JobState.CANCELLED)
    speaker.tidy()
    heard = heard_late(speaker)
    assert heard.end.state is JobState.CANCELLED
    assert not heard.of(events.Fault)


def test_a_failed_job_whose_audio_is_gone_ends_with_its_own_error(speaker):
    speaker.begin()
    speaker.say()
    speaker.end(JobState.FAILED, error=WorkerLost("The worker died.").body()["error"])
    speaker.tidy()
    heard = heard_late(speaker)
    assert heard.end.state is JobState.FAILED
    assert [fault.error["code"] for fault in heard.of(events.Fault)] == ["worker_lost"]


def test_audio_that_was_deleted_after_the_success_is_an_error_before_the_end(speaker):
    speaker.begin()
    speaker.say()
    speaker.end(JobState.SUCCEEDED)
    speaker.tidy()
    heard = heard_late(speaker)
    assert heard.end.state is JobState.SUCCEEDED
    assert [fault.error["code"] for fault in heard.of(events.Fault)] == ["unknown_file"]


def test_one_far_behind_hears_the_end_of_a_job_that_is_cancelled(speaker):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            for _ in range(40):
                speaker.say(12_000)
            async with aclosing(follow(context, speaker.id)) as messages:
                async for message in messages:
                    heard.take(message)
                    if len(heard.pcm) and speaker.queue.get(speaker.id).state is JobState.RUNNING:
                        speaker.end(JobState.CANCELLED)
                        speaker.tidy()
        return heard

    heard = asyncio.run(scenario())
    assert heard.end.state is JobState.CANCELLED
    assert not heard.of(events.Fault)


def test_a_record_that_vanishes_is_told_as_a_lost_job(speaker):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            speaker.say()
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: bool(heard.pcm))
            speaker.redis.delete(keys.job(speaker.id))
            return await listening

    heard = asyncio.run(scenario())
    assert [fault.error["code"] for fault in heard.of(events.Fault)] == ["job_lost"]
    assert heard.end.state is JobState.FAILED


def test_a_job_that_nobody_knows_is_unknown(speaker):
    speaker.redis.delete(keys.job(speaker.id))
    with pytest.raises(UnknownJob):
        heard_late(speaker)


# --- takes ---


def retaken(speaker: Speaker) -> None:
    """A job whose audio began anew, and ended."""
    speaker.begin()
    speaker.say()
    speaker.recording.restart("The lamp went out.")
    speaker.say(3_000)
    speaker.recording.finish()
    speaker.end(JobState.CANCELLED)


def test_a_restart_says_why(speaker):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            speaker.say()
            listening = asyncio.create_task(listen(context, speaker, heard))
            await until(lambda: bool(heard.pcm))
            speaker.recording.restart("The lamp went out.")
            speaker.say()
            speaker.end(JobState.CANCELLED)
            return await listening

    heard = asyncio.run(scenario())
    restarts = [(restart.take, restart.reason) for restart in heard.of(events.Restart)]
    assert restarts == [(1, "The lamp went out.")]
    assert heard.pcm == speaker.said()


@pytest.mark.parametrize("take", [None, 0])
def test_a_cursor_of_an_earlier_take_begins_anew(speaker, take):
    retaken(speaker)
    heard = heard_late(speaker, after=1_500, take=take)
    assert [restart.reason for restart in heard.of(events.Restart)] == ["The lamp went out."]
    assert heard.pcm == speaker.said()


def test_a_cursor_of_the_present_take_goes_on(speaker):
    retaken(speaker)
    heard = heard_late(speaker, after=1_500, take=1)
    assert not heard.of(events.Restart)
    assert heard.pcm == speaker.said()[3_000:]


def test_one_who_has_heard_nothing_is_told_of_no_restart(speaker):
    retaken(speaker)
    heard = heard_late(speaker)
    assert not heard.of(events.Restart)
    assert heard.pcm == speaker.said()


# --- what it costs ---


def test_a_live_chunk_asks_nothing_of_redis_however_many_listen(speaker):
    crowd, chunks = 40, 50

    async def scenario() -> list[Listener]:
        heard = [Listener() for _ in range(crowd)]
        async with serving(speaker) as context:
            speaker.begin()
            speaker.say()
            listening = [asyncio.create_task(listen(context, speaker, each)) for each in heard]
            await until(lambda: all(each.pcm for each in heard))
            await until(lambda: speaker.redis.pubsub_numsub(keys.channel(speaker.id))[0][1] == 1)
            speaker.forget_calls()
            for _ in range(chunks):
                speaker.say()
                await asyncio.sleep(0)
            length = 2 * speaker.recording.position
            await until(lambda: all(len(each.pcm) == length for each in heard))
            calls = speaker.calls()
            speaker.end(JobState.CANCELLED)
            await asyncio.gather(*listening)
        assert calls.get("xrange", 0) == 0
        # A look a second, and none for each listener or chunk.
        assert calls.get("hgetall", 0) < min(crowd, chunks)
        return heard

    assert {each.pcm for each in asyncio.run(scenario())} == {speaker.said()}


def test_an_event_is_looked_at_once_for_all_listeners(speaker):
    crowd = 40

    async def scenario() -> None:
        heard = [Listener() for _ in range(crowd)]
        async with serving(speaker) as context:
            speaker.begin()
            listening = [asyncio.create_task(listen(context, speaker, each)) for each in heard]
            await until(lambda: all(each.of(events.Header) for each in heard))
            speaker.forget_calls()
            speaker.recording.announce(events.Notice(message="Slow."), **{"warnings": '["Slow."]'})
            await until(lambda: all(each.of(events.Notice) for each in heard))
            calls = speaker.calls()
            speaker.end(JobState.CANCELLED)
            await asyncio.gather(*listening)
        assert calls["hgetall"] < crowd / 2

    asyncio.run(scenario())
