"""Several API processes side by side, and listeners that come late or again."""

import os
from collections.abc import Callable

import pytest

from shared import events, keys
from shared.connection import Connection
from tests.listening import hear, samples_of
from tests.stack import Stack

REQUEST = {"text": "One two three four five. " * 6, "language": "english"}


@pytest.mark.slow
def test_job_of_one_api_is_streamed_from_the_other(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(apis=2, PREVIEW_PACE="0.2")
    job = stack.client(0).submit("custom_voice", REQUEST)
    with stack.client(1).attach(job.id) as listening:
        heard = hear(listening)
    assert heard.pcm
    assert heard.pcm == samples_of(stack.client(0), job.id)


@pytest.mark.slow
def test_listener_that_drops_goes_on_at_the_other_api(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(apis=2, PREVIEW_PACE="0.2")
    job = stack.client(0).submit("custom_voice", REQUEST)
    pcm = b""
    with stack.client(0).attach(job.id) as listening:
        for frame in listening:
            if isinstance(frame, bytes):
                pcm += frame
                if len(pcm) > 100_000:
                    break
    with stack.client(1).attach(job.id, after=len(pcm) // 2) as listening:
        pcm += hear(listening).pcm
    assert pcm == samples_of(stack.client(1), job.id)


@pytest.mark.slow
def test_listener_that_comes_after_redis_has_trimmed_hears_all(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(apis=2, PREVIEW_PACE="0.1", STREAM_KEEP_SECONDS="2")
    job = stack.client().submit("custom_voice", REQUEST | {"text": REQUEST["text"] * 3})
    with stack.client().attach(job.id, after=24_000 * 15) as listening:
        for frame in listening:
            if isinstance(frame, bytes):
                break
    connection: Connection = stack.redis()
    [(first, _)] = connection.xrange(keys.stream(job.id), count=1)
    assert int(first.split(b"-")[0]) > 24_000 * 10, "Redis has trimmed the beginning"
    with stack.client(1).attach(job.id) as listening:
        heard = hear(listening)
    assert heard.pcm == samples_of(stack.client(), job.id)


@pytest.mark.slow
def test_killed_api_costs_its_listeners_nothing_but_a_reconnect(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(apis=2, PREVIEW_PACE="0.2")
    job = stack.client(1).submit("custom_voice", REQUEST)
    pcm = b""
    with pytest.raises(Exception, match="broke"), stack.client(0).attach(job.id) as listening:  # noqa: PT012
        for frame in listening:
            if isinstance(frame, bytes):
                pcm += frame
                if len(pcm) > 100_000:
                    stack.kill_api(0)
    with stack.client(1).attach(job.id, after=len(pcm) // 2) as listening:
        heard = hear(listening)
    assert heard.of(events.Header)
    assert pcm + heard.pcm == samples_of(stack.client(1), job.id)


def test_cursor_of_an_old_take_begins_anew_even_when_redis_has_forgotten(stack: Stack) -> None:
    """The recipe knows which beginning of the audio was the last."""
    client = stack.client()
    job = client.wait(client.submit("custom_voice", {"text": "Hello.", "language": "en"}).id)
    recipe = stack.outputs_dir / job.id / "metadata.json"
    recipe.write_text(recipe.read_text().replace('"take": 0', '"take": 2'))
    os.utime(recipe.parent)
    stack.redis().delete(keys.job(job.id))
    with client.attach(job.id, after=100, take=1) as listening:
        heard = hear(listening)
    assert [restart.take for restart in heard.of(events.Restart)] == [2]
    assert heard.pcm == samples_of(client, job.id)
