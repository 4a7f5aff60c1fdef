"""Jobs in Redis: admission, places, transitions, cancellation, pausing."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
import redis

from shared import connection as connections
from shared import keys, rq
from shared.connection import Connection
from shared.errors import (
    AlreadyEnded,
    IdempotencyConflict,
    IllegalTransition,
    NotPausable,
    QueueFull,
    QueueUnavailable,
    TooManyJobs,
    UnknownJob,
)
from shared.jobs import JobRecord
from shared.queue import Fenced, JobQueue, Retaking
from shared.requests.custom_voice import CustomVoice
from shared.requests.narration import Narration
from shared.requests.voice_clone import VoiceClone
from shared.settings import Settings, load
from shared.states import STEPS, JobState
from shared.submission import Idempotency, Submission

SECRET = "the secret text"


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def make_queue(connection: Connection) -> Callable[..., JobQueue]:
    def make(**settings: Any) -> JobQueue:
        return JobQueue(connection, load(**settings))

    return make


@pytest.fixture
def queue(make_queue: Callable[..., JobQueue]) -> JobQueue:
    return make_queue()


def submission(
    text: str = "Hello.",
    client: str = "me",
    lane: str = keys.INTERACTIVE,
    key: str = "",
    **more: Any,
) -> Submission:
    request = CustomVoice.parse({"text": text})
    facts: dict[str, Any] = {"estimate": request.estimated_seconds(), **more}
    return Submission(request, client, lane, idempotency=keyed(key, text), **facts)


def keyed(key: str, text: str = "Hello.") -> Idempotency | None:
    return Idempotency.of(key, text) if key else None


def submitted(queue: JobQueue, **more: Any) -> JobRecord:
    return queue.submit(submission(**more))[0]


def running(queue: JobQueue) -> tuple[JobRecord, int]:
    record = submitted(queue)
    return record, queue.transition(record, JobState.RUNNING, worker="w")


# --- submitting ---


def test_submitted_job_is_remembered_and_enqueued(queue: JobQueue, connection: Connection) -> None:
    record = submitted(queue)
    assert queue.get(record.id) == record
    assert connection.lrange(rq.queue(keys.INTERACTIVE, connection).key, 0, -1) == [
        record.id.encode()
    ]


def test_what_is_known_beforehand_is_remembered(queue: JobQueue) -> None:
    record = submitted(queue, estimate=12.5, warnings=("It is quiet.",))
    assert queue.get(record.id).estimate == 12.5
    assert queue.look(record.id).warnings == ["It is quiet."]


def test_seed_is_fixed_at_submission(queue: JobQueue) -> None:
    record = submitted(queue)
    assert 0 <= record.seed < 2**32
    assert queue.get(record.id).seed == record.seed


def test_ids_sort_by_time(queue: JobQueue) -> None:
    ids = [submitted(queue).id for _ in range(5)]
    assert ids == sorted(ids)


def test_limit_holds_under_32_threads(make_queue: Callable[..., JobQueue]) -> None:
    queue = make_queue(max_queue=20, max_client_jobs=1000)

    def attempt(_number: int) -> bool:
        try:
            submitted(queue)
        except QueueFull as error:
            return (error.retry_after or 0) < 1
        return True

    with ThreadPoolExecutor(32) as pool:
        assert sum(pool.map(attempt, range(200))) == 20


def test_client_limit_holds_for_that_client_alone(make_queue: Callable[..., JobQueue]) -> None:
    queue = make_queue(max_client_jobs=2)
    for _ in range(2):
        submitted(queue)
    with pytest.raises(TooManyJobs) as refused:
        submitted(queue)
    assert refused.value.retry_after is not None
    assert submitted(queue, client="another").state is JobState.QUEUED


def test_refused_job_leaves_nothing(
    make_queue: Callable[..., JobQueue], connection: Connection
) -> None:
    queue = make_queue(max_queue=1)
    submitted(queue)
    before = set(connection.keys("*"))
    with pytest.raises(QueueFull):
        submitted(queue)
    assert set(connection.keys("*")) == before


def test_ended_job_makes_room(make_queue: Callable[..., JobQueue]) -> None:
    queue = make_queue(max_queue=1, max_client_jobs=1)
    queue.cancel(submitted(queue).id)
    assert submitted(queue).state is JobState.QUEUED


def test_repeat_with_the_same_key_is_the_same_job(queue: JobQueue) -> None:
    first, created = queue.submit(submission(key="k"))
    second, created_again = queue.submit(submission(key="k"))
    assert (first.id, created, created_again) == (second.id, True, False)


def test_64_submissions_with_one_key_make_one_job(queue: JobQueue, connection: Connection) -> None:
    with ThreadPoolExecutor(32) as pool:
        jobs = list(pool.map(lambda _: queue.submit(submission(key="k")), range(64)))
    assert len({record.id for record, _ in jobs}) == 1
    assert sum(created for _, created in jobs) == 1
    assert connection.llen(rq.queue(keys.INTERACTIVE, connection).key) == 1


def test_same_key_with_another_body_is_refused(queue: JobQueue) -> None:
    queue.submit(submission(key="k"))
    with pytest.raises(IdempotencyConflict):
        queue.submit(submission("Other words.", key="k"))


def test_a_key_is_known_from_its_first_request_on(queue: JobQueue) -> None:
    key = Idempotency.of("k", "Hello.")
    assert queue.known("me", key) is None
    first, _ = queue.submit(submission(key="k"))
    assert queue.known("me", key) == first
    assert queue.known("another", key) is None
    with pytest.raises(IdempotencyConflict):
        queue.known("me", Idempotency.of("k", "Other words."))


def test_a_key_is_held_against_what_was_sent_and_not_what_it_became(queue: JobQueue) -> None:
    first, _ = queue.submit(submission("Hello.", key="k"))
    other = replace(submission("What a preset made of it.", key="k"), idempotency=keyed("k"))
    assert queue.submit(other) == (first, False)


def test_the_order_of_fields_makes_no_other_request() -> None:
    assert Idempotency.of("k", {"a": 1, "b": 2}) == Idempotency.of("k", {"b": 2, "a": 1})
    assert Idempotency.of("k", {"a": 1}) != Idempotency.of("k", {"a": "1"})


def test_keys_of_two_clients_do_not_meet(queue: JobQueue) -> None:
    first, _ = queue.submit(submission(key="k", client="a"))
    second, _ = queue.submit(submission(key="k", client="b"))
    assert first.id != second.id


def test_full_memory_refuses_before_anything_is_stored(
    queue: JobQueue, connection: Connection
) -> None:
    limit = connection.config_get("maxmemory")["maxmemory"]
    used = connection.info("memory")["used_memory"]
    connection.config_set("maxmemory", int(used * 1.1))
    try:
        with pytest.raises(QueueFull):
            submitted(queue)
    finally:
        connection.config_set("maxmemory", limit)


def test_silent_redis_is_said_to_be_unavailable() -> None:
    nobody = JobQueue(connections.prompt("redis://127.0.0.1:1"), load())
    with pytest.raises(QueueUnavailable) as error:
        nobody.get("x")
    assert error.value.retry_after


# --- looking ---


def test_unknown_job(queue: JobQueue) -> None:
    with pytest.raises(UnknownJob):
        queue.get("nobody")


def test_interactive_jobs_stand_before_batch_jobs(queue: JobQueue) -> None:
    batch = submitted(queue, lane=keys.BATCH)
    first = submitted(queue)
    second = submitted(queue)
    positions = [queue.look(record.id).position for record in (first, second, batch)]
    assert positions == [0, 1, 2]


def test_running_job_counts_as_ahead(queue: JobQueue) -> None:
    running(queue)
    assert queue.look(submitted(queue).id).position == 1


def test_eta_follows_the_pace_that_was_measured(queue: JobQueue) -> None:
    record = submitted(queue)
    queue.lineup.learn("stock", 10.0)
    assert queue.look(record.id).eta_seconds == pytest.approx(10 * record.estimate, abs=0.1)


def test_pace_is_that_of_the_engine_in_use(queue: JobQueue) -> None:
    queue.lineup.learn("stock", 10.0)
    queue.lineup.learn("preview", 0.01)
    assert queue.lineup.pace() == pytest.approx(0.01)


def test_recent_jobs_come_newest_first_page_by_page(queue: JobQueue) -> None:
    ids = [submitted(queue).id for _ in range(5)]
    everything = [record.id for record in queue.recent(2)]
    rest = [record.id for record in queue.recent(2, before=ids[3])]
    assert everything == ids[::-1]
    assert rest == ids[2::-1]


# --- changing ---


@pytest.mark.parametrize("state", JobState)
@pytest.mark.parametrize("target", JobState)
def test_only_declared_steps_are_taken(
    queue: JobQueue, connection: Connection, state: JobState, target: JobState
) -> None:
    record = submitted(queue)
    connection.hset(keys.job(record.id), "state", state.value)
    if target in STEPS[state]:
        queue.transition(record, target)
        assert queue.get(record.id).state is target
    else:
        with pytest.raises(IllegalTransition):
            queue.transition(record, target)
        assert queue.get(record.id).state is state


def test_each_beginning_is_a_new_attempt(queue: JobQueue) -> None:
    record, first = running(queue)
    queue.transition(record, JobState.QUEUED)
    assert queue.transition(record, JobState.RUNNING) == first + 1


def test_attempt_that_no_longer_holds_is_fenced(queue: JobQueue) -> None:
    record, first = running(queue)
    queue.transition(record, JobState.QUEUED)
    queue.transition(record, JobState.RUNNING)
    with pytest.raises(Fenced):
        queue.transition(record, JobState.SUCCEEDED, attempt=first)


def test_attempt_whose_job_was_given_back_cannot_end_it(queue: JobQueue) -> None:
    record, first = running(queue)
    queue.transition(record, JobState.QUEUED)
    with pytest.raises(Fenced):
        queue.transition(record, JobState.FAILED, attempt=first)
    assert queue.get(record.id).state is JobState.QUEUED


def test_ended_job_is_forgotten_after_a_while_and_its_stream_sooner(
    queue: JobQueue, connection: Connection
) -> None:
    record, attempt = running(queue)
    assert connection.ttl(keys.job(record.id)) == -1
    queue.transition(record, JobState.SUCCEEDED, attempt=attempt)
    assert 0 < connection.ttl(keys.job(record.id)) <= Settings().job_keep_seconds
    assert 0 < connection.ttl(keys.stream(record.id)) <= 60


def test_texts_are_not_kept_when_the_service_does_not_store_them(
    make_queue: Callable[..., JobQueue], connection: Connection
) -> None:
    queue = make_queue(store_text=False)
    record = submitted(queue, text=SECRET)
    queue.cancel(record.id)
    assert SECRET.encode() not in b"".join(connection.hgetall(keys.job(record.id)).values())


def test_nothing_that_somebody_wrote_is_kept_then(
    make_queue: Callable[..., JobQueue], connection: Connection
) -> None:
    queue = make_queue(store_text=False)
    written = dict.fromkeys(("text", "transcript", "instruct"), SECRET)
    request = VoiceClone.parse({"reference": "0" * 64, **written})
    record = queue.submit(Submission(request, client="me", queue=keys.INTERACTIVE, estimate=1.0))[0]
    queue.cancel(record.id)
    assert SECRET.encode() not in b"".join(connection.hgetall(keys.job(record.id)).values())
    assert queue.get(record.id).request["reference"] == "0" * 64


# --- cancelling ---


def test_waiting_job_is_cancelled_at_once(queue: JobQueue, connection: Connection) -> None:
    record = submitted(queue)
    assert queue.cancel(record.id).state is JobState.CANCELLED
    assert connection.llen(rq.queue(keys.INTERACTIVE, connection).key) == 0
    assert rq.status(record.id, connection) is None


def test_running_job_is_marked_for_its_worker(queue: JobQueue) -> None:
    record, _ = running(queue)
    assert queue.cancel(record.id).state is JobState.RUNNING
    assert queue.get(record.id).cancel


def test_ended_job_cannot_be_cancelled(queue: JobQueue) -> None:
    record = submitted(queue)
    queue.cancel(record.id)
    with pytest.raises(AlreadyEnded):
        queue.cancel(record.id)


# --- pausing ---


def narrated(queue: JobQueue, lane: str = keys.BATCH) -> JobRecord:
    """A pipeline that waits."""
    request = Narration.parse({"text": "One. Two."})
    return queue.submit(Submission(request, client="me", queue=lane, estimate=2.0))[0]


def narrating(queue: JobQueue, lane: str = keys.BATCH) -> tuple[JobRecord, int]:
    """A pipeline whose worker is between two lines."""
    record = narrated(queue, lane)
    rq.forget(record.id, queue._redis)
    worker = queue._settings.worker_name
    attempt = queue.transition(record, JobState.RUNNING, worker=worker)
    return queue.get(record.id), attempt


def lane(connection: Connection, name: str = keys.BATCH) -> list[str]:
    return rq.queue(name, connection).ids()


def test_waiting_pipeline_is_paused_at_once_and_keeps_its_place(
    make_queue: Callable[..., JobQueue], connection: Connection
) -> None:
    queue = make_queue(max_client_jobs=1)
    record = narrated(queue)
    assert queue.pause(record.id).state is JobState.PAUSED
    assert (lane(connection), rq.status(record.id, connection)) == ([], None)
    assert [job.id for job in queue.active()] == [record.id]
    with pytest.raises(TooManyJobs):
        narrated(queue)


def test_running_pipeline_is_paused_between_two_lines(
    queue: JobQueue, connection: Connection
) -> None:
    record, attempt = narrating(queue)
    assert queue.between(record) is JobState.RUNNING
    assert queue.pause(record.id).state is JobState.RUNNING
    assert queue.between(record) is JobState.PAUSED
    queue.step_aside(record, attempt, JobState.PAUSED)
    assert queue.get(record.id).state is JobState.PAUSED
    assert lane(connection) == []


def test_resumed_pipeline_goes_on_with_its_attempt_before_those_that_came_later(
    queue: JobQueue, connection: Connection
) -> None:
    record, attempt = narrating(queue)
    queue.pause(record.id)
    queue.step_aside(record, attempt, JobState.PAUSED)
    later = narrated(queue)
    assert queue.resume(record.id).state is JobState.QUEUED
    assert lane(connection) == [record.id, later.id]
    assert queue.transition(record, JobState.RUNNING) == attempt
    assert queue.between(record) is JobState.RUNNING


def test_pipeline_that_was_paused_before_it_began_begins_with_its_first_attempt(
    queue: JobQueue,
) -> None:
    record = narrated(queue)
    queue.pause(record.id)
    queue.resume(record.id)
    assert queue.transition(record, JobState.RUNNING) == 1


def test_pause_is_taken_back_before_the_line_has_ended(queue: JobQueue) -> None:
    record, _ = narrating(queue)
    queue.pause(record.id)
    assert queue.resume(record.id).state is JobState.RUNNING
    assert queue.between(record) is JobState.RUNNING


def test_pipeline_that_is_resumed_while_it_steps_aside_waits(
    queue: JobQueue, connection: Connection
) -> None:
    record, attempt = narrating(queue)
    queue.pause(record.id)
    assert queue.between(record) is JobState.PAUSED
    queue.resume(record.id)
    queue.step_aside(record, attempt, JobState.PAUSED)
    assert queue.get(record.id).state is JobState.QUEUED
    assert lane(connection) == [record.id]
    assert queue.transition(record, JobState.RUNNING) == attempt


def test_what_is_paused_or_resumed_twice_is_so_once(
    queue: JobQueue, connection: Connection
) -> None:
    waiting, (speaking, _) = narrated(queue), narrating(queue)
    for record in (waiting, speaking):
        assert queue.resume(record.id) == queue.get(record.id) == record
    first = [queue.pause(record.id) for record in (waiting, speaking)]
    assert [queue.pause(record.id) for record in (waiting, speaking)] == first
    for record in (waiting, speaking):
        queue.resume(record.id)
        queue.resume(record.id)
    assert lane(connection) == [waiting.id]


def test_task_cannot_be_paused(queue: JobQueue) -> None:
    record, _ = running(queue)
    with pytest.raises(NotPausable):
        queue.pause(record.id)
    assert queue.resume(record.id).state is JobState.RUNNING


def test_paused_pipeline_is_cancelled_at_once_and_then_neither_paused_nor_resumed(
    queue: JobQueue,
) -> None:
    record = narrated(queue)
    queue.pause(record.id)
    assert queue.cancel(record.id).state is JobState.CANCELLED
    for act in (queue.pause, queue.resume):
        with pytest.raises(AlreadyEnded):
            act(record.id)


# --- giving way ---


def test_pipeline_gives_way_to_whoever_waits_for_a_short_answer(
    queue: JobQueue, connection: Connection
) -> None:
    record, attempt = narrating(queue)
    other, short = narrated(queue), submitted(queue)
    assert queue.between(record) is JobState.QUEUED
    queue.step_aside(record, attempt, JobState.QUEUED)
    assert lane(connection) == [record.id, other.id]
    assert queue.look(short.id).position == 0
    assert queue.look(record.id).stage == "waiting"
    assert queue.transition(record, JobState.RUNNING) == attempt


def _cancelled(queue: JobQueue) -> None:
    """Its end has not reached RQ yet."""
    queue.transition(submitted(queue), JobState.CANCELLED)


def _forgotten(queue: JobQueue) -> None:
    queue._redis.delete(rq.job_key(submitted(queue).id))


@pytest.mark.parametrize(
    ("waits", "own", "served"),
    [
        (narrated, keys.BATCH, "interactive,batch"),
        (_cancelled, keys.BATCH, "interactive,batch"),
        (_forgotten, keys.BATCH, "interactive,batch"),
        (submitted, keys.INTERACTIVE, "interactive,batch"),
        (submitted, keys.BATCH, "batch"),
        (submitted, keys.BATCH, "batch,interactive"),
    ],
)
def test_pipeline_goes_on_where_its_worker_would_take_nothing_before_it(
    make_queue: Callable[..., JobQueue], waits: Callable[[JobQueue], Any], own: str, served: str
) -> None:
    queue = make_queue(worker_queues=served)
    record, _ = narrating(queue, own)
    waits(queue)
    assert queue.between(record) is JobState.RUNNING


def test_pause_goes_before_giving_way(queue: JobQueue) -> None:
    record, _ = narrating(queue)
    submitted(queue)
    queue.pause(record.id)
    assert queue.between(record) is JobState.PAUSED


def test_attempt_that_stepped_aside_can_do_nothing_until_it_is_taken_up(queue: JobQueue) -> None:
    record, attempt = narrating(queue)
    queue.step_aside(record, attempt, JobState.QUEUED)
    for state in (JobState.QUEUED, JobState.PAUSED):
        with pytest.raises(Fenced):
            queue.step_aside(record, attempt, state)
    with pytest.raises(Fenced):
        queue.transition(record, JobState.SUCCEEDED, attempt=attempt)
    assert queue.get(record.id).state is JobState.QUEUED


def test_step_that_is_repeated_for_want_of_an_answer_takes_nothing_from_another_worker(
    make_queue: Callable[..., JobQueue],
) -> None:
    first, second = make_queue(worker_name="first"), make_queue(worker_name="second")
    record = narrated(first)
    attempt = first.transition(record, JobState.RUNNING, worker="first")
    first.step_aside(record, attempt, JobState.QUEUED)
    assert second.transition(record, JobState.RUNNING, worker="second") == attempt
    with pytest.raises(Fenced):
        first.step_aside(record, attempt, JobState.QUEUED)
    assert second.get(record.id).state is JobState.RUNNING


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.PAUSED])
def test_pipeline_that_was_cancelled_after_its_last_look_ends(
    queue: JobQueue, connection: Connection, state: JobState
) -> None:
    record, attempt = narrating(queue)
    queue.cancel(record.id)
    queue.step_aside(record, attempt, state)
    assert queue.get(record.id).state is JobState.CANCELLED
    assert (lane(connection), queue.active()) == ([], [])


def test_stepping_aside_is_good_for_one_beginning(queue: JobQueue) -> None:
    """A worker that dies over it counts, however often it stepped aside before."""
    record, attempt = narrating(queue)
    queue.step_aside(record, attempt, JobState.QUEUED)
    assert queue.transition(record, JobState.RUNNING) == attempt
    queue.transition(record, JobState.QUEUED, attempt=attempt)
    assert queue.transition(record, JobState.RUNNING) == attempt + 1
    with pytest.raises(Fenced):
        queue.step_aside(record, attempt, JobState.QUEUED)


def test_nobody_steps_aside_into_an_end(queue: JobQueue) -> None:
    record, attempt = narrating(queue)
    with pytest.raises(ValueError, match="succeeded"):
        queue.step_aside(record, attempt, JobState.SUCCEEDED)


def test_job_knows_the_line_that_it_makes_a_take_of(queue: JobQueue) -> None:
    record, _ = submitted(queue, line="0199-a/7"), submitted(queue, line="0199-ab/8")
    assert queue.get(record.id).line == "0199-a/7"
    assert queue.retaking("0199-a") == [Retaking(record.id, 7, record.seed)]


# --- who hears of the end ---


def test_each_end_is_told_once_by_whoever_brought_it_about(connection: Connection):
    heard: list[JobRecord] = []
    queue = JobQueue(connection, load(), ended=heard.append)
    withdrawn = submitted(queue)
    queue.cancel(withdrawn.id)
    with pytest.raises(AlreadyEnded):
        queue.cancel(withdrawn.id)
    lost, attempt = running(queue)
    queue.fail(lost, QueueFull("A test asks for it."), attempt=attempt)
    with pytest.raises(Fenced):
        queue.fail(lost, QueueFull("Once more."), attempt=attempt)
    assert [(it.id, it.state) for it in heard] == [
        (withdrawn.id, JobState.CANCELLED),
        (lost.id, JobState.FAILED),
    ]
    assert heard[1].error
    assert heard[1].error["code"] == "queue_full"


def test_an_end_stands_though_nobody_can_be_asked_about_it(
    connection: Connection, monkeypatch: pytest.MonkeyPatch
):
    heard: list[JobRecord] = []
    queue = JobQueue(connection, load(), ended=heard.append)
    record, attempt = running(queue)

    def away(job_id: str) -> JobRecord:
        raise QueueUnavailable("The queue does not answer.")

    monkeypatch.setattr(queue, "get", away)
    queue.transition(record, JobState.CANCELLED, attempt=attempt, finished_at=7.0)
    assert [(it.state, it.finished_at) for it in heard] == [(JobState.CANCELLED, 7.0)]
