"""The history that a page draws, from what workers wrote."""

import time
from collections.abc import Iterator

import pytest

from shared import history, keys
from shared.client import Client
from shared.history import End
from shared.readings import Reading
from tests.api.jobs import fault, said
from tests.stack import Stack

VOID = "gone-0"


@pytest.fixture
def client(stack: Stack) -> Iterator[Client]:
    yield stack.client()
    stack.redis().zrem(keys.MEASURED, VOID, "gone-1")


def test_levels_of_several_workers_stand_in_their_stretches(stack: Stack, client: Client):
    redis, now = stack.redis(), time.time()
    span = client.history(60, 60)
    stretch = span.begin + 30 * span.step
    for worker, loads in ((VOID, (10, 30)), ("gone-1", (50, 50))):
        history.enter(redis, worker, now)
        for second, load in enumerate(loads):
            reading = Reading(cpu=load, waiting=load, memory_total=9)
            history.note(redis, worker, reading, at=stretch + 10 + second)
    told = client.history(60, 60)
    place = round((stretch - told.begin) / told.step)
    found = {it.worker: it for it in told.workers}
    assert (found[VOID].cpu.mean[place], found[VOID].cpu.most[place]) == (20, 30)
    assert found["gone-1"].cpu.mean[place] == 50
    assert found[VOID].cpu.mean[place + 1] is None
    assert found[VOID].cpu.last == 30
    assert found[VOID].gpu_memory.last is None
    assert found[VOID].memory_total == 9
    assert told.waiting.mean[place] == 35
    assert len(told.waiting.mean) == told.points == 60


def test_jobs_are_counted_and_their_times_spread(stack: Stack, client: Client):
    redis, span = stack.redis(), client.history(1_440, 24)
    stretch = span.begin + 3 * span.step
    for wait in (1, 2, 9):
        end = End(
            task="narration",
            state="succeeded",
            engine="qwen3",
            preview=False,
            queued=wait,
            audio=120,
            real_time_factor=wait / 10,
        )
        _put_before(redis, end, stretch + 60 + wait)
    failed = End(task="script", state="failed", engine="qwen3", preview=False, queued=4)
    _put_before(redis, failed, stretch + 600)
    told = client.history(1_440, 24)
    place = round((stretch - told.begin) / told.step)
    assert (told.succeeded[place], told.failed[place], told.cancelled[place]) == (3, 1, 0)
    assert told.audio[place] == 6  # six minutes in an hour, in seconds a minute
    assert told.queue_wait.p50[place] == 3
    assert told.real_time_factor.p50[place] == 0.2
    assert told.first_audio.p50[place] is None


def _put_before(redis, end: End, at: float) -> None:
    """Among those that the service wrote meanwhile, which are later."""
    later = history.ends(redis, 0.0)
    redis.delete(keys.ENDED)
    for moment, each in sorted([*later, (at, end)], key=lambda it: it[0]):
        history.note_end(redis, each, at=moment)


def test_a_service_writes_its_history_itself(stack: Stack, client: Client):
    before = sum(client.history(15).succeeded)
    said(stack.http())
    until = time.monotonic() + 30
    while sum((told := client.history(15)).succeeded) <= before or not told.workers:
        assert time.monotonic() < until
        time.sleep(0.05)
    (worker,) = (it for it in told.workers if it.worker == "gpu-0")
    assert worker.memory.last
    assert worker.memory_total
    assert worker.memory.last < worker.memory_total
    assert worker.utilization.last is None
    assert told.waiting.last is not None
    assert told.audio[-1] > 0
    assert told.queue_wait.p95_overall is not None


@pytest.mark.parametrize(
    ("query", "field"), [({"minutes": 0}, "minutes"), ({"points": 501}, "points")]
)
def test_spans_have_bounds(stack: Stack, query: dict[str, int], field: str):
    answer = stack.http().get("/v1/history", params=query)
    assert fault(answer)[0] == 422
    assert answer.json()["error"]["param"] == field
