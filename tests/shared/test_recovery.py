"""Giving back what the dead held: every gap between two steps of a worker is a place to die."""

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
from rq.job import JobStatus

from shared import keys, rq, scripts
from shared.connection import Connection
from shared.jobs import EngineInfo, JobRecord
from shared.queue import JobQueue
from shared.recovery import Recovery
from shared.requests.custom_voice import CustomVoice
from shared.requests.narration import Narration
from shared.settings import load
from shared.states import JobState
from shared.status import WorkerStatus
from shared.submission import Submission

WORKER = "gpu-9"


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


@pytest.fixture
def queue(connection: Connection) -> JobQueue:
    return JobQueue(connection, load(worker_name=WORKER))


@pytest.fixture
def recovery(connection: Connection, queue: JobQueue) -> Recovery:
    return Recovery(connection, queue, load(max_attempts=2))


def submitted(queue: JobQueue) -> JobRecord:
    request = CustomVoice.parse({"text": "Hello."})
    return queue.submit(Submission(request, client="me", queue=keys.INTERACTIVE, estimate=1.0))[0]


def waiting(connection: Connection) -> list[str]:
    key = rq.queue(keys.INTERACTIVE, connection).key
    return [job_id.decode() for job_id in connection.lrange(key, 0, -1)]


def take(connection: Connection) -> None:
    """The worker takes a job, and dies before it starts it."""
    lane = rq.queue(keys.INTERACTIVE, connection).key
    scripts.run(connection, "take", [keys.inflight(WORKER), lane], [rq.JOB_PREFIX, rq.QUEUE_PREFIX])


def start(connection: Connection, record: JobRecord) -> None:
    """The worker starts a job in RQ, and dies before it begins our attempt."""
    take(connection)
    started = {"status": JobStatus.STARTED.value, "worker_name": WORKER}
    connection.hset(f"rq:job:{record.id}", mapping=started)
    connection.lrem(keys.inflight(WORKER), 1, record.id)


def begin(connection: Connection, queue: JobQueue, record: JobRecord) -> None:
    """The worker begins our attempt, and dies over it."""
    start(connection, record)
    queue.transition(record, JobState.RUNNING, worker=WORKER)


def test_taken_but_not_started(connection: Connection, queue: JobQueue, recovery: Recovery) -> None:
    record = submitted(queue)
    take(connection)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id]
    assert connection.llen(keys.inflight(WORKER)) == 0


def test_order_of_taken_jobs_is_kept(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    records = [submitted(queue) for _ in range(3)]
    take(connection)
    take(connection)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id for record in records]


def test_started_but_not_begun(connection: Connection, queue: JobQueue, recovery: Recovery) -> None:
    record = submitted(queue)
    start(connection, record)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id]
    assert queue.get(record.id).state is JobState.QUEUED


def test_started_and_still_in_flight_is_queued_once(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    start(connection, record)
    connection.rpush(keys.inflight(WORKER), record.id)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id]


def test_begun_waits_again_at_the_front(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    other = submitted(queue)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id, other.id]
    assert queue.get(record.id).crashes == 1


def test_begun_too_often_fails_with_a_reason(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    recovery.recover(WORKER)
    begin(connection, queue, record)
    recovery.recover(WORKER)
    ended = queue.get(record.id)
    assert ended.state is JobState.FAILED
    assert ended.error is not None
    assert ended.error["code"] == "worker_lost"
    assert waiting(connection) == []


def test_recovering_twice_changes_nothing_more(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    recovery.recover(WORKER)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id]
    assert queue.get(record.id).crashes == 1


def test_worker_without_a_lease_is_lost(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    connection.sadd(keys.WORKERS, WORKER)
    recovery.recover_the_lost()
    assert waiting(connection) == [record.id]
    assert connection.smembers(keys.WORKERS) == set()


def live(connection: Connection, job: str | None, told_at: float | None = None) -> None:
    """The worker lives, and says what it runs."""
    connection.sadd(keys.WORKERS, WORKER)
    connection.set(keys.lease(WORKER), "somebody", px=60_000)
    engine = EngineInfo(
        name="e", version="", device="", precision="", preview=True, checkpoint="", revision=""
    )
    said = WorkerStatus(
        name=WORKER,
        host="h",
        pid=1,
        version="",
        started_at=0,
        told_at=told_at or time.time() + 60,
        engine=engine,
        reason="",
        ready=True,
        job=job,
        loaded={},
    )
    connection.set(keys.worker(WORKER), said.model_dump_json())


def look_twice(recovery: Recovery) -> None:
    """One look may fall between two steps of a live worker, so it takes two."""
    recovery.recover_the_lost()
    recovery.recover_the_lost()


def test_worker_with_a_lease_keeps_its_job(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    live(connection, record.id)
    look_twice(recovery)
    assert queue.get(record.id).state is JobState.RUNNING


def test_worker_that_runs_something_else_has_abandoned_its_job(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    live(connection, None)
    recovery.recover_the_lost()
    assert queue.get(record.id).state is JobState.RUNNING
    recovery.recover_the_lost()
    assert waiting(connection) == [record.id]


def test_job_in_no_list_is_queued_again(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    connection.delete(rq.queue(keys.INTERACTIVE, connection).key)
    look_twice(recovery)
    assert waiting(connection) == [record.id]


def test_job_in_flight_of_a_live_worker_is_left_alone(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    live(connection, None)
    take(connection)
    look_twice(recovery)
    assert waiting(connection) == []
    assert connection.lrange(keys.inflight(WORKER), 0, -1) == [record.id.encode()]


def test_two_recoveries_at_once_queue_a_job_once(connection: Connection, queue: JobQueue) -> None:
    records = [submitted(queue) for _ in range(20)]
    for _ in records:
        take(connection)
    recoveries = [Recovery(connection, queue, load()) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda recovery: recovery.recover(WORKER), recoveries))
    assert sorted(waiting(connection)) == sorted(record.id for record in records)


def test_cancelled_job_of_a_dead_worker_ends_cancelled(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    begin(connection, queue, record)
    connection.hset(keys.job(record.id), "cancel", 1)
    recovery.recover(WORKER)
    assert queue.get(record.id).state is JobState.CANCELLED
    assert waiting(connection) == []


def test_unreadable_record_does_not_keep_others_from_being_mended(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    """Another version of the service wrote it."""
    broken, record = submitted(queue), submitted(queue)
    connection.hset(keys.job(broken.id), "state", "dreaming")
    connection.delete(rq.queue(keys.INTERACTIVE, connection).key)
    look_twice(recovery)
    assert waiting(connection) == [record.id]


def test_admitted_but_never_enqueued_is_enqueued(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    """The API died between the record and RQ."""
    record = submitted(queue)
    rq.forget(record.id, connection)
    look_twice(recovery)
    assert waiting(connection) == [record.id]


def test_submission_in_progress_is_left_alone(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    rq.forget(record.id, connection)
    recovery.recover_the_lost()
    assert waiting(connection) == []


def test_ended_job_gives_up_its_place(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    queue.cancel(record.id)
    connection.zadd(keys.ACTIVE, {record.id: 2e10})
    look_twice(recovery)
    assert connection.zcard(keys.ACTIVE) == 0


def test_places_of_live_jobs_do_not_heal_away(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    connection.zadd(keys.ACTIVE, {record.id: time.time() + 1})
    recovery.keep_places()
    assert connection.zscore(keys.ACTIVE, record.id) > time.time() + 3600


def test_worker_whose_word_is_old_has_abandoned_nothing(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    """A heartbeat was lost: what the worker said last, it said before it took the job."""
    live(connection, None, told_at=time.time() - 60)
    record = submitted(queue)
    begin(connection, queue, record)
    look_twice(recovery)
    assert queue.get(record.id).state is JobState.RUNNING


def test_job_that_its_live_worker_never_began_is_queued_again(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record = submitted(queue)
    start(connection, record)
    live(connection, None)
    look_twice(recovery)
    assert waiting(connection) == [record.id]


def test_ended_job_of_a_dead_worker_leaves_nothing_in_rq(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    """The worker died between the job's end and RQ's hearing of it."""
    record = submitted(queue)
    begin(connection, queue, record)
    connection.sadd(f"rq:worker:{WORKER}:executions", f"{record.id}:execution")
    queue.transition(record, JobState.SUCCEEDED)
    recovery.recover(WORKER)
    assert rq.status(record.id, connection) is None


# --- pipelines that step aside ---


def narrating(connection: Connection, queue: JobQueue) -> tuple[JobRecord, int]:
    """A worker is between two lines of a pipeline."""
    request = Narration.parse({"text": "One. Two."})
    submission = Submission(request, client="me", queue=keys.INTERACTIVE, estimate=1.0)
    record, _ = queue.submit(submission)
    begin(connection, queue, record)
    record = queue.get(record.id)
    return record, record.attempt


def test_stepped_aside_but_not_put_back(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.transition(record, JobState.QUEUED, attempt=attempt, yielded=True)
    other = submitted(queue)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id, other.id]
    assert queue.get(record.id).crashes == 0
    assert queue.transition(record, JobState.RUNNING) == attempt


def test_stepped_aside_by_a_worker_that_lives_but_not_put_back(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.transition(record, JobState.QUEUED, attempt=attempt, yielded=True)
    live(connection, None)
    look_twice(recovery)
    assert waiting(connection) == [record.id]


def test_to_be_paused_when_its_worker_died_pauses_before_its_next_line(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.pause(record.id)
    recovery.recover(WORKER)
    assert waiting(connection) == [record.id]
    assert queue.transition(record, JobState.RUNNING, worker=WORKER) == attempt + 1
    assert queue.between(record) is JobState.PAUSED


def test_paused_but_not_forgotten_by_rq_rests_until_it_is_resumed(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.pause(record.id)
    queue.transition(record, JobState.PAUSED, attempt=attempt, yielded=True)
    recovery.recover(WORKER)
    look_twice(recovery)
    assert queue.get(record.id).state is JobState.PAUSED
    assert waiting(connection) == []
    queue.resume(record.id)
    assert waiting(connection) == [record.id]


def test_resumed_but_not_put_back(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.pause(record.id)
    queue.step_aside(record, attempt, JobState.PAUSED)
    queue.transition(record, JobState.QUEUED, waiting=True, pause=False)
    look_twice(recovery)
    assert waiting(connection) == [record.id]
    assert queue.transition(record, JobState.RUNNING) == attempt


def test_place_of_a_paused_job_does_not_heal_away(
    connection: Connection, queue: JobQueue, recovery: Recovery
) -> None:
    record, attempt = narrating(connection, queue)
    queue.pause(record.id)
    queue.step_aside(record, attempt, JobState.PAUSED)
    connection.zadd(keys.ACTIVE, {record.id: time.time() + 1})
    recovery.keep_places()
    assert connection.zscore(keys.ACTIVE, record.id) > time.time() + 3600
