"""The diary: what jobs took stands in it, whatever became of them, and nobody waits for it."""

import time
from collections.abc import Callable

import pytest
import redis

from shared import history
from shared.connection import prompt
from shared.history import End
from shared.queue import JobQueue
from shared.settings import load
from shared.states import JobState
from tests.stack import Stack
from tools import ports
from worker.diary import Diary
from worker.engine.choice import choose
from worker.monitor import Monitor

pytestmark = pytest.mark.redis

SHORT = {"text": "Nobody must read this.", "language": "english", "seed": 1}
LONG = {"text": "One two three four five. " * 40, "language": "english"}


def written(stack: Stack, count: int) -> list[End]:
    """The last ends, once there are so many."""
    until = time.monotonic() + 30
    while len(found := [end for _, end in history.ends(stack.redis(), 0.0)]) < count:
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def test_every_end_of_a_job_is_written_down(make_stack: Callable[..., Stack]):
    stack = make_stack(PREVIEW_PACE="1", DEADLINE_SECONDS="4", DEADLINE_FACTOR="0")
    client = stack.client()

    def end(request: dict[str, object], state: JobState) -> None:
        job = client.submit("custom_voice", request)
        if state is JobState.CANCELLED:
            while client.job(job.id).stage != "speaking":
                time.sleep(0.02)
            client.cancel(job.id)
        assert client.wait(job.id).state is state

    end(SHORT, JobState.SUCCEEDED)
    end(LONG, JobState.CANCELLED)
    end(LONG, JobState.FAILED)
    spoken, cancelled, failed = written(stack, 3)
    assert (spoken.state, spoken.engine, spoken.preview) == ("succeeded", "preview", True)
    assert spoken.audio
    assert spoken.generation
    assert spoken.first_audio is not None
    assert spoken.real_time_factor == pytest.approx(spoken.generation / spoken.audio, rel=0.2)
    assert (cancelled.state, cancelled.audio) == ("cancelled", None)
    assert cancelled.queued >= 0
    assert failed.state == "failed"
    rows = repr(stack.redis().xrange("tts:ended"))
    assert "Nobody" not in rows


def test_while_redis_is_away_nobody_waits_and_ends_are_written_later(redis_url: str):
    port = ports.any_free()
    away = f"redis://127.0.0.1:{port}/0"
    settings = load(redis_url=away, engine="preview")
    connection = prompt(away)
    choice = choose(settings)
    diary = Diary(
        connection,
        "gpu-0",
        JobQueue(connection, settings),
        Monitor("cpu", "cpu"),
        choice.info,
        every=0.05,
    )
    diary.start()
    diary._note(End(task="narration", state="failed", engine="e", preview=True, queued=1))
    time.sleep(0.3)
    diary._redis = redis.Redis.from_url(redis_url, protocol=2)
    until = time.monotonic() + 30
    while not (found := history.ends(diary._redis, 0.0)):
        assert time.monotonic() < until
        time.sleep(0.05)
    diary.stop()
    assert [end.task for _, end in found] == ["narration"]
