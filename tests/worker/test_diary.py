"""The diary: what jobs took stands in it, whatever became of them, and nobody waits for it."""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from shared import history
from shared.connection import prompt
from shared.history import End
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.settings import load
from shared.states import JobState
from shared.stores.recipe import LineCount
from tests.shared.stores.runs import new_id, recipe, wav
from tests.stack import Stack
from tools import redis_server
from worker.diary import Diary
from worker.engine.choice import choose
from worker.monitor import Monitor

pytestmark = pytest.mark.redis

SHORT: dict[str, Any] = {"text": "Nobody must read this.", "language": "english", "seed": 1}
LONG: dict[str, Any] = {"text": "One two three four five. " * 40, "language": "english"}
PATIENCE = 60.0


def until(holds: Callable[[], bool]) -> None:
    """Wait for something to come true."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def written(url: str) -> list[End]:
    """Every end that stands in the diary."""
    with redis.Redis.from_url(url, protocol=2) as connection:
        return [end for _, end in history.ends(connection, 0.0)]


def failed(task: str) -> JobRecord:
    """A job that has come to a bad end."""
    known = {"id": "1", "queue": "batch", "client": "me", "request": "{}", "seed": 1}
    return JobRecord.model_validate({**known, "task": task, "estimate": 1, "created_at": 100.0})


def diary_at(url: str) -> Diary:
    """One that writes to the Redis at `url`, which need not be there."""
    settings = load(redis_url=url, engine="preview")
    connection = prompt(url)
    queue, monitor = JobQueue(connection, settings), Monitor("cpu", "cpu")
    return Diary(connection, "gpu-0", queue, monitor, choose(settings).info, every=0.05)


def test_every_end_of_a_job_is_written_down(make_stack: Callable[..., Stack]):
    stack = make_stack(PREVIEW_PACE="1", DEADLINE_SECONDS="4", DEADLINE_FACTOR="0")
    client = stack.client()

    def end(request: dict[str, Any], state: JobState) -> None:
        job = client.submit("custom_voice", request)
        if state is JobState.CANCELLED:
            until(lambda: client.job(job.id).stage == "speaking")
            client.cancel(job.id)
        assert client.wait(job.id).state is state

    end(SHORT, JobState.SUCCEEDED)
    end(LONG, JobState.CANCELLED)
    late_answer = stack.http(timeout=PATIENCE).post("/tts", json=LONG)
    assert late_answer.status_code == 504
    assert late_answer.json()["error"]["code"] == "deadline_exceeded"
    until(lambda: len(history.ends(stack.redis(), 0.0)) == 3)
    spoken, cancelled, late = (end for _, end in history.ends(stack.redis(), 0.0))
    assert (spoken.state, spoken.engine, spoken.preview) == ("succeeded", "preview", True)
    assert spoken.audio
    assert spoken.characters == len(SHORT["text"])
    assert (cancelled.code, late.code) == ("", "deadline_exceeded")
    assert spoken.generation
    assert spoken.first_audio is not None
    assert spoken.real_time_factor == pytest.approx(spoken.generation / spoken.audio, rel=0.2)
    assert (cancelled.state, cancelled.audio) == ("cancelled", None)
    assert cancelled.queued >= 0
    assert late.state == "failed"
    assert "Nobody" not in repr(stack.redis().xrange("tts:ended"))


def test_while_redis_is_away_nobody_waits_and_ends_are_written_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    away = redis_server.find(tmp_path, 64).url
    diary = diary_at(away)
    with caplog.at_level(logging.WARNING):
        diary.start()
        diary.ended(failed("narration"), "failed", begun=107.0)
        until(lambda: "not written for now" in caplog.text)
    with redis_server.serving(tmp_path) as url:
        assert url == away
        until(lambda: bool(written(url)))
        diary.stop()
        (end,) = written(url)
    assert (end.task, end.queued) == ("narration", 7)


def test_only_what_an_engine_spoke_from_end_to_end_tells_of_its_pace(redis_url: str):
    lines = LineCount(planned=2, spoken=2, failed=0, skipped=0, retaken=0, taken_over=1)
    diary = diary_at(redis_url)
    diary.start()
    kinds: tuple[dict[str, Any], ...] = (
        {},
        {"task": "codec_decode"},
        {"task": "narration", "lines": lines},
    )
    for changes in kinds:
        diary.succeeded(recipe(new_id(), wav(), **changes))
    diary.stop()
    paces = [end.real_time_factor for end in written(redis_url)]
    assert paces[0] is not None
    assert paces[1:] == [None, None]


def test_what_comes_last_is_written_before_a_worker_leaves(redis_url: str):
    diary = diary_at(redis_url)
    diary.start()
    for count in range(20):
        diary.ended(failed(f"task-{count}"), "cancelled", begun=100.0)
    diary.stop()
    assert [end.task for end in written(redis_url)] == [f"task-{count}" for count in range(20)]
