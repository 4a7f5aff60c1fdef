"""Whose turn it is: the script that takes, and the estimates that foresee it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import pytest
import redis

from shared import keys, rq, scripts, turns
from shared.connection import Connection
from shared.lineup import Hand, line_up
from shared.queue import JobQueue
from shared.requests import contract
from shared.settings import load
from shared.states import JobState
from shared.submission import Submission
from shared.turns import Waiting
from tests.announcing import QWEN3, announce

NOW = 1_800_000_000.0
PATIENCE = 20.0
A, B = "custom_voice/0.6B", "voice_design/1.7B"


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@dataclass
class Taker:
    """A worker as far as the script knows it: it has one checkpoint loaded at a time."""

    connection: Connection
    loaded: Sequence[str] = ()
    patience: float = PATIENCE
    now: float = NOW
    queues: Sequence[str] = keys.QUEUES
    taken: list[str] = field(default_factory=list[str])

    def take(self, seconds: float = 0.0) -> str | None:
        """Take a job and do it."""
        found = scripts.run(
            self.connection,
            "take",
            [keys.inflight("w"), *(rq.queue(name, self.connection).key for name in self.queues)],
            [
                *(rq.JOB_PREFIX, rq.QUEUE_PREFIX, keys.job("")),
                *(self.now, self.patience, turns.WINDOW, *self.loaded),
            ],
        )
        if not found:
            return None
        job_id = found[1].decode()
        assert self.connection.lrange(keys.inflight("w"), 0, -1) == [found[1]]
        self.connection.delete(keys.inflight("w"))
        needs = (self.connection.hget(keys.job(job_id), "needs") or b"").decode()
        if self.loaded and needs and needs not in self.loaded:
            self.loaded = (needs,)
        self.now += seconds
        self.taken.append(job_id)
        return job_id

    def take_all(self, seconds: float = 0.0) -> list[str]:
        while self.take(seconds):
            pass
        return self.taken


def put(connection: Connection, job: Waiting, queue: str = keys.INTERACTIVE) -> None:
    """Let a job wait, as RQ and its record tell of it."""
    record = {"state": "queued", "needs": job.needs}
    if job.overtaken_at is not None:
        record["overtaken_at"] = str(job.overtaken_at)
    connection.hset(keys.job(job.id), mapping=record)
    connection.hset(rq.job_key(job.id), mapping={"status": "queued", "origin": queue})
    connection.rpush(rq.queue(queue, connection).key, job.id)


def put_all(connection: Connection, *needs: str) -> list[str]:
    """Jobs that need these, in this order; their ids."""
    jobs = [Waiting(f"{number}", need) for number, need in enumerate(needs)]
    for job in jobs:
        put(connection, job)
    return [job.id for job in jobs]


def swaps(needs: Sequence[str]) -> int:
    return sum(one != other for one, other in pairwise(needs))


# --- what is taken ---


def test_twenty_jobs_that_alternate_are_taken_with_one_swap(connection: Connection) -> None:
    needs = dict(enumerate([A, B] * 10))
    put_all(connection, *needs.values())
    taken = Taker(connection, [A]).take_all()
    assert sorted(map(int, taken)) == list(range(20))
    assert swaps([needs[int(job_id)] for job_id in taken]) == 1


def test_swaps_stay_few_in_a_queue_longer_than_patience(connection: Connection) -> None:
    """Ten seconds each: the last waits for minutes, and patience runs out again and again."""
    needs = dict(enumerate([A, B] * 10))
    put_all(connection, *needs.values())
    taken = Taker(connection, [A]).take_all(seconds=10)
    assert swaps([needs[int(job_id)] for job_id in taken]) <= 8


def test_without_patience_the_order_is_kept(connection: Connection) -> None:
    ids = put_all(connection, *[A, B] * 5)
    assert Taker(connection, [B], patience=0).take_all() == ids


def test_with_nothing_loaded_the_order_is_kept(connection: Connection) -> None:
    ids = put_all(connection, *[A, B] * 5)
    assert Taker(connection, []).take_all() == ids


def test_nobody_starves_while_others_keep_coming(connection: Connection) -> None:
    put(connection, Waiting("patient", B))
    taker = Taker(connection, [A])
    for number in range(50):
        put(connection, Waiting(f"pushing-{number}", A))
        taker.take(seconds=3)
    assert taker.taken.index("patient") == 7, "after 21 seconds"


def test_whoever_needs_nothing_overtakes_nobody_and_waits_for_nobody(
    connection: Connection,
) -> None:
    put_all(connection, B, "", A, "")
    assert Taker(connection, [A]).take_all() == ["2", "0", "1", "3"]


def test_head_that_is_served_goes_first(connection: Connection) -> None:
    ids = put_all(connection, A, A, B)
    assert Taker(connection, [A]).take_all() == ids


def test_batch_job_overtakes_no_interactive_one(connection: Connection) -> None:
    put(connection, Waiting("fits", A), keys.BATCH)
    put(connection, Waiting("does-not", B), keys.INTERACTIVE)
    assert Taker(connection, [A]).take() == "does-not"


def test_only_the_queues_that_are_served_are_looked_at(connection: Connection) -> None:
    put(connection, Waiting("spoken", ""), keys.INTERACTIVE)
    put(connection, Waiting("encoded", ""), keys.CODEC)
    assert Taker(connection, queues=[keys.CODEC]).take_all() == ["encoded"]


def test_what_is_far_behind_is_not_looked_for(connection: Connection) -> None:
    put_all(connection, *[B] * turns.WINDOW, A)
    assert Taker(connection, [A]).take() == "0"


def test_forgotten_jobs_are_dropped_wherever_they_stand(connection: Connection) -> None:
    put_all(connection, B, B, A, A)
    for job_id in ("0", "2"):
        connection.delete(rq.job_key(job_id))
    assert Taker(connection, [A]).take_all() == ["3", "1"]
    assert connection.llen(rq.queue(keys.INTERACTIVE, connection).key) == 0


def test_cancelled_job_is_overtaken_by_nobody_and_taken_by_nobody(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    cancelled = submitted(queue, "voice_design")
    spoken = submitted(queue, "custom_voice")
    queue.cancel(cancelled)
    assert Taker(connection, [A]).take_all() == [spoken]


# --- what is foreseen ---


@pytest.mark.parametrize("seed", range(30))
def test_script_and_estimate_are_of_one_mind(connection: Connection, seed: int) -> None:
    draw = random.Random(seed)
    patience = draw.choice([0.0, 5.0, PATIENCE])
    loaded = draw.choice([(), (A,), (A, B)])
    lanes: dict[str, list[Waiting]] = {name: [] for name in keys.QUEUES}
    seconds: dict[str, float] = {}
    for number in range(40):
        job = Waiting(f"{number}", draw.choice(["", A, B, "base/0.6B"]))
        if draw.random() < 0.2:
            job.overtaken_at = NOW - draw.choice([1, 10, 30])
        queue = draw.choice(keys.QUEUES)
        put(connection, job, queue)
        if draw.random() < 0.1:
            connection.delete(rq.job_key(job.id))
            continue
        lanes[queue].append(replace(job))
        seconds[job.id] = draw.choice([0.5, 4.0, 12.0])
    hand = Hand("w", keys.QUEUES, loaded, swaps=bool(loaded))
    foreseen = [job_id for job_id, _ in line_up(lanes, [hand], seconds, NOW, patience)]

    taker = Taker(connection, loaded, patience)
    for job_id in foreseen:
        assert taker.take(seconds[job_id]) == job_id
    assert taker.take() is None


def submitted(queue: JobQueue, task: str, lane: str = keys.INTERACTIVE) -> str:
    body = {"voice_design": {"text": "Hello.", "description": "An old sailor."}}
    request = contract(task).parse(body.get(task, {"text": "Hello."}))
    return queue.submit(Submission(request, client="me", queue=lane, estimate=1.0))[0].id


def live(connection: Connection, name: str, **told: object) -> None:
    """Let a worker be alive and say this of itself."""
    announce(connection, name, engine=QWEN3, told_at=0, **told)


def positions(queue: JobQueue, *job_ids: str) -> list[int | None]:
    return [queue.look(job_id).position for job_id in job_ids]


def test_place_follows_what_the_worker_has_loaded(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    live(connection, "gpu-0", needs=[A])
    designed, spoken = submitted(queue, "voice_design"), submitted(queue, "custom_voice")
    assert positions(queue, designed, spoken) == [1, 0]


def test_place_follows_what_the_worker_is_loading(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    live(connection, "gpu-0", needs=[A])
    running = submitted(queue, "voice_design")
    queue.transition(queue.get(running), JobState.RUNNING, worker="gpu-0")
    rq.forget(running, connection)
    spoken, designed = submitted(queue, "custom_voice"), submitted(queue, "voice_design")
    assert positions(queue, designed, spoken) == [1, 2]


def test_the_preview_engine_keeps_the_order(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    live(connection, "gpu-0")
    designed, spoken = submitted(queue, "voice_design"), submitted(queue, "custom_voice")
    assert positions(queue, designed, spoken) == [0, 1]


def test_codec_job_waits_for_nobody_where_it_has_a_worker_of_its_own(
    connection: Connection,
) -> None:
    queue = JobQueue(connection, load())
    live(connection, "codec-0", queues=[keys.CODEC])
    live(connection, "gpu-0", queues=[keys.INTERACTIVE, keys.BATCH])
    spoken = [submitted(queue, "custom_voice") for _ in range(3)]
    encoded = submitted(queue, "custom_voice", keys.CODEC)
    assert positions(queue, *spoken, encoded) == [0, 1, 2, 0]
    alone, last = (queue.look(job_id).eta_seconds or 0 for job_id in (encoded, spoken[-1]))
    assert last == pytest.approx(3 * alone, rel=0.1)


def test_what_only_the_codec_does_has_a_pace_of_its_own(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    request = contract("codec_encode").parse({"audio": "0" * 64})
    sound = Submission(request, client="me", queue=keys.CODEC, estimate=100.0)
    encoded, spoken = queue.submit(sound)[0].id, submitted(queue, "custom_voice")
    queue.lineup.learn("stock", 3.0)
    queue.lineup.learn("stock", 0.01, codec=True)
    queue.transition(queue.get(encoded), JobState.RUNNING)
    assert queue.look(encoded).eta_seconds == pytest.approx(1.0)
    assert queue.lineup.pace() == pytest.approx(3.0)
    assert queue.look(spoken).eta_seconds == pytest.approx(1.0 + 3.0, abs=0.1)


def test_queue_that_nobody_serves_has_places_too(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    live(connection, "gpu-0", queues=[keys.INTERACTIVE, keys.BATCH])
    spoken = submitted(queue, "custom_voice")
    encoded = [submitted(queue, "custom_voice", keys.CODEC) for _ in range(2)]
    assert positions(queue, spoken, *encoded) == [0, 0, 1]


def test_two_workers_share_what_waits(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    for name in ("gpu-0", "gpu-1"):
        live(connection, name, needs=[A])
    ids = [submitted(queue, "custom_voice") for _ in range(4)]
    etas = [queue.look(job_id).eta_seconds or 0 for job_id in ids]
    assert etas[0] == etas[1]
    assert etas[3] == pytest.approx(2 * etas[0], rel=0.1)


def test_paused_job_is_ahead_of_nobody_and_ends_at_no_known_time(connection: Connection) -> None:
    queue = JobQueue(connection, load())
    narration = contract("narration").parse({"text": "Hello."})
    paused = queue.submit(Submission(narration, client="me", queue=keys.BATCH, estimate=0.5))[0].id
    queue.pause(paused)
    request = contract("custom_voice").parse({"text": "Hello."})
    long = Submission(request, client="me", queue=keys.BATCH, estimate=90.0)
    assert positions(queue, queue.submit(long)[0].id, paused) == [0, None]
    assert queue.look(paused).eta_seconds is None
    assert queue.lineup.drain() == 90


# --- what is asked for ---


@pytest.mark.parametrize(
    ("task", "body", "needs"),
    [
        ("custom_voice", {}, "custom_voice/0.6B"),
        ("custom_voice", {"size": "1.7B"}, "custom_voice/1.7B"),
        ("voice_design", {"description": "An old sailor.", "size": "0.6B"}, "voice_design/1.7B"),
        ("voice_clone", {"voice": "ada"}, "base/0.6B"),
    ],
)
def test_job_says_what_it_wants_loaded(
    connection: Connection, task: str, body: dict[str, str], needs: str
) -> None:
    request = contract(task).parse({"text": "Hello.", **body})
    record, _ = JobQueue(connection, load()).submit(
        Submission(request, client="me", queue=keys.INTERACTIVE, estimate=1.0)
    )
    assert record.needs == needs


def test_preferred_size_is_wanted_where_none_is_asked_for(connection: Connection) -> None:
    queue = JobQueue(connection, load(model_size="1.7B"))
    assert queue.get(submitted(queue, "custom_voice")).needs == "custom_voice/1.7B"


def test_codec_job_wants_nothing_loaded(connection: Connection) -> None:
    request = contract("codec_encode").parse({"audio": "0" * 64})
    record, _ = JobQueue(connection, load()).submit(
        Submission(request, client="me", queue=keys.CODEC, estimate=1.0)
    )
    assert record.needs == ""
