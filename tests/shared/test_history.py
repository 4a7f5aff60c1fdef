"""What was measured comes back as it was, by stretches of time, within the bounds that are said."""

import math
import random
import time
from collections.abc import Iterator

import numpy as np
import pytest
import redis

from shared import history, keys
from shared.connection import Connection
from shared.history import DAY, HOUR, End, Span
from shared.readings import GpuReading, ProcessReading, Reading

GPU = GpuReading(name="NVIDIA H200", utilization=0.5, memory_bytes=3, memory_total_bytes=8)
PROCESS = ProcessReading(memory_bytes=5, memory_total_bytes=9, cpu_percent=120)
END = End(task="custom_voice", state="succeeded", engine="preview", preview=True, queued=1)


@pytest.fixture
def connection(redis_url: str) -> Iterator[Connection]:
    with redis.Redis.from_url(redis_url, protocol=2) as client:
        yield client


def test_a_reading_comes_back_and_what_was_not_measured_stays_unknown(connection: Connection):
    reading = Reading.of(GPU, PROCESS, waiting=4)
    history.note(connection, "gpu-0", reading)
    history.note(connection, "gpu-0", Reading.of(None, PROCESS, waiting=None))
    both = history.samples(connection, "gpu-0", time.time() - 60)
    assert [sample.mean for sample in both] == [reading, Reading(cpu=120, memory=5, memory_total=9)]
    assert both[0].mean.gpu_memory == 3
    assert abs(both[0].at - time.time()) < 60


def test_a_minute_is_the_mean_and_the_most_of_its_readings(connection: Connection):
    loads = [Reading(cpu=10), Reading(cpu=40, waiting=2), Reading()]
    history.note_minute(connection, "gpu-0", loads)
    (minute,) = history.samples(connection, "gpu-0", time.time() - 2 * HOUR)
    assert minute.mean == Reading(cpu=25, waiting=2)
    assert minute.most == Reading(cpu=40, waiting=2)


def test_a_day_is_told_in_minutes_and_by_readings_after_the_last_of_them(connection: Connection):
    now = time.time()
    for ago in (7_200, 60):
        history.note_minute(connection, "gpu-0", [Reading(cpu=1)], at=now - ago)
    for ago in (70, 5):
        history.note(connection, "gpu-0", Reading(cpu=2), at=now - ago)
    told = history.samples(connection, "gpu-0", now - DAY)
    assert [sample.mean.cpu for sample in told] == [1, 1, 2]
    assert [sample.mean.cpu for sample in history.samples(connection, "gpu-0", now - 600)] == [2, 2]


def test_workers_are_found_for_a_day(connection: Connection):
    history.enter(connection, "gone", 1_000.0)
    history.enter(connection, "gpu-1", 1_000.0 + DAY)
    history.enter(connection, "gpu-0", 2_000.0 + DAY)
    assert history.workers(connection) == ["gpu-0", "gpu-1"]


def test_of_many_workers_the_latest_are_found(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history, "WORKERS", 2)
    for second, worker in enumerate(("a", "b", "c")):
        history.enter(connection, worker, 1_000.0 + second)
    assert history.workers(connection) == ["b", "c"]


def test_nothing_grows_beyond_its_bound_or_outlives_its_day(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(history, "ENDS", 20)
    for second in range(round(HOUR / history.EVERY) + 10):
        history.note(connection, "gpu-0", Reading(cpu=1), at=1_000 + second)
    for _ in range(30):
        history.note_end(connection, END)
    assert connection.xlen(keys.readings("gpu-0")) == HOUR / history.EVERY
    assert connection.xlen(keys.ENDED) == 20
    for key in (keys.readings("gpu-0"), keys.ENDED):
        assert 0 < connection.ttl(key) <= DAY


def test_ends_of_jobs_come_back_from_a_moment_on(connection: Connection):
    now = time.time()
    early = END.model_copy(update={"queued": 7})
    history.note_end(connection, early, at=now - 100)
    history.note_end(connection, END, at=now - 10)
    assert [end for _, end in history.ends(connection, now - DAY)] == [early, END]
    assert [end for _, end in history.ends(connection, now - 50)] == [END]


# --- stretches of time ---


def test_values_are_sorted_into_the_stretch_of_their_moment():
    span = Span(begin=100.0, step=10.0, points=3)
    dated = [(99.9, "a"), (100.0, "b"), (109.9, "c"), (120.0, "d"), (130.0, "e")]
    assert span.sorted(dated) == [["b", "c"], [], ["d"]]


@pytest.mark.parametrize("now", [1_763_810_000.0, 1_763_810_007.3])
def test_a_span_ends_with_the_stretch_of_now_and_moves_by_whole_stretches(now: float):
    span = Span.until(now, HOUR, 120)
    assert (span.step, span.points) == (30, 120)
    assert span.begin % 30 == 0
    assert span.begin + 119 * 30 <= now < span.begin + HOUR


@pytest.mark.parametrize(("seconds", "most"), [(15 * 60, 120), (5 * 60, 40), (DAY, 500)])
def test_no_stretch_is_so_short_that_nobody_measures_in_it(seconds: float, most: int):
    span = Span.until(0.0, seconds, 500)
    assert span.points == most
    assert span.points * span.step == pytest.approx(seconds)


def test_percentiles_are_those_of_numpy():
    draw = random.Random(7)
    for count in (1, 2, 3, 10, 101):
        values = [draw.expovariate(1) for _ in range(count)]
        for share in (0.5, 0.95):
            expected = float(np.percentile(values, share * 100))
            assert math.isclose(history.percentile(values, share) or 0, expected)
    assert history.percentile([], 0.5) is None
