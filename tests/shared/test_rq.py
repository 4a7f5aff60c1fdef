"""RQ, narrowed: whatever is forged in Redis, only declared tasks are performed."""

import json
import pickle
import zlib
from pathlib import Path
from typing import Any

import pytest
import redis
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from shared import keys, rq
from shared.connection import Connection
from shared.states import JobState
from tests.stack import Stack


@pytest.fixture
def connection(redis_url: str) -> Connection:
    return redis.Redis.from_url(redis_url, protocol=2)


def forged(connection: Connection, func: str, **fields: Any) -> rq.DeclaredJob:
    """A job written into Redis by somebody who is not us."""
    job = Job.create(func, args=["true"], connection=connection, serializer=JSONSerializer)
    job.origin = keys.INTERACTIVE
    job.save()
    if fields:
        connection.hset(job.key, mapping=fields)
    fetched = rq.DeclaredJob.fetch(job.id, connection=connection, serializer=JSONSerializer)
    assert isinstance(fetched, rq.DeclaredJob)
    return fetched


def test_forged_function_is_not_imported(connection: Connection) -> None:
    performed: list[str] = []
    job = forged(connection, "os.system")
    job.perform_declared = performed.append
    job.func(*job.args)
    assert performed == [job.id], "whatever a job names, its id alone is performed"


def test_only_a_worker_performs(connection: Connection) -> None:
    with pytest.raises(NotImplementedError):
        _ = forged(connection, "custom_voice").func


def test_forged_callbacks_are_not_looked_at(connection: Connection) -> None:
    job = forged(
        connection,
        "custom_voice",
        success_callback_name="os.abort",
        failure_callback_name="os.abort",
    )
    assert job.success_callback is None
    assert job.failure_callback is None


def test_forged_webhooks_are_dropped(connection: Connection) -> None:
    hook = json.dumps([{"url": "http://169.254.169.254/", "statuses": ["finished"]}])
    assert forged(connection, "custom_voice", webhooks=hook).webhooks == []


@pytest.mark.slow
def test_live_worker_survives_forged_jobs_and_runs_none(stack: Stack, tmp_path: Path) -> None:
    connection = stack.redis()
    mark = tmp_path / "broken-in"
    queue = rq.queue(keys.INTERACTIVE, connection)
    for name, data in (
        ("system", json.dumps(["os.system", None, [f"touch {mark}"], {}]).encode()),
        ("pickle", pickle.dumps(("os.system", None, (f"touch {mark}",), {}))),
    ):
        key = Job.key_for(f"forged-{name}")
        connection.hset(
            key,
            mapping={
                "data": zlib.compress(data),
                "created_at": "2026-01-01T00:00:00.000000Z",
                "origin": keys.INTERACTIVE,
                "status": "queued",
                "timeout": 10,
            },
        )
        connection.rpush(queue.key, f"forged-{name}")
    queue.ring()
    job = stack.client().submit("custom_voice", {"text": "Undisturbed."})
    assert stack.client().wait(job.id).state is JobState.SUCCEEDED
    assert not mark.exists()


def test_job_is_enqueued_once(connection: Connection) -> None:
    queue = rq.queue(keys.BATCH, connection)
    queue.put("one", "custom_voice")
    queue.put("one", "custom_voice")
    assert connection.llen(queue.key) == 1


def test_bell_keeps_few_tokens(connection: Connection) -> None:
    queue = rq.queue(keys.BATCH, connection)
    for _ in range(100):
        queue.ring()
    assert connection.llen(keys.bell(keys.BATCH)) <= 32
    assert 0 < connection.ttl(keys.bell(keys.BATCH)) <= 60


def test_status_is_none_for_an_unknown_job(connection: Connection) -> None:
    assert rq.status("unknown", connection) is None


def test_forgotten_job_leaves_nothing(connection: Connection) -> None:
    queue = rq.queue(keys.BATCH, connection)
    queue.put("gone", "custom_voice")
    assert rq.status("gone", connection) is JobStatus.QUEUED
    rq.forget("gone", connection)
    assert rq.status("gone", connection) is None
    assert connection.llen(queue.key) == 0


def test_keys_are_those_that_rq_uses(connection: Connection) -> None:
    """Two places that must agree: RQ's key names stand in RQ too."""
    queue = rq.queue(keys.BATCH, connection)
    queue.put("one", "custom_voice")
    assert rq.job_key("one") == Job.key_for("one")
    assert rq.place("one", connection) == queue.key
    assert queue.ids() == ["one"]


def test_buried_worker_leaves_nothing(connection: Connection) -> None:
    worker = SimpleWorker([rq.queue(keys.BATCH, connection)], name="w", connection=connection)
    worker.register_birth()
    assert connection.keys("rq:worker*")
    rq.bury("w", connection)
    assert not connection.keys("rq:worker*")


def test_half_written_job_is_forgotten_too(connection: Connection) -> None:
    """A worker may write into a job that another process has just deleted."""
    connection.hset(rq.job_key("half"), mapping={"status": "started", "worker_name": "w"})
    rq.forget("half", connection)
    rq.queue(keys.BATCH, connection).put("half", "custom_voice")
    assert rq.queue(keys.BATCH, connection).ids() == ["half"]


def test_forgetting_leaves_nothing_of_a_running_job(connection: Connection) -> None:
    queue = rq.queue(keys.BATCH, connection)
    queue.put("one", "custom_voice")
    worker = SimpleWorker(
        [queue],
        name="w",
        connection=connection,
        job_class=rq.DeclaredJob,
        queue_class=rq.BelledQueue,
    )
    job = rq.DeclaredJob.fetch("one", connection=connection, serializer=JSONSerializer)
    worker.prepare_execution(job)
    worker.prepare_job_execution(job)
    rq.forget("one", connection)
    assert not [key for key in connection.keys("*one*")]
    assert connection.zcard("rq:wip:batch") == 0
