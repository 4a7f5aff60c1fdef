"""RQ, narrowed: a job names a declared task and nothing else, and a queue rings a bell.

RQ imports whatever dotted path a job names, callbacks and webhooks included; a job forged in Redis
would run it. Here a job's function is the name of a contract, and nothing is ever imported.

RQ only delivers. Its retries and registries are not used: whether a job is alive is decided by its
record and by the lease of the worker named there (`shared.recovery`).
"""

from collections.abc import Callable
from contextlib import suppress
from typing import Any

from rq import Queue
from rq.command import send_command  # pyright: ignore[reportUnknownVariableType]
from rq.exceptions import DuplicateJobError, NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from shared import keys
from shared.connection import Connection
from shared.requests import contract

JOB_PREFIX = "rq:job:"
LEASE = 86_400
"""Seconds that RQ's own books keep a running job; nothing is decided by them."""
_BELL_TOKENS = 32


class DeclaredJob(Job):
    """A job whose function is the name of a declared task."""

    perform_declared: Callable[[str], None] | None = None
    """What a worker does with a job's id; set by the worker's subclass only."""

    @property
    def func(self) -> Callable[[], Any]:  # pyright: ignore[reportIncompatibleMethodOverride]
        contract(str(self.func_name))
        if self.perform_declared is None:
            raise NotImplementedError("Only a worker performs jobs.")
        perform, job_id = self.perform_declared, self.id
        return lambda: perform(job_id)

    # A forged job may name any callable or address here; none is ever looked at.
    success_callback = failure_callback = stopped_callback = property(lambda self: None)  # pyright: ignore
    webhooks = property(lambda self: [], lambda self, value: None)  # pyright: ignore


class BelledQueue(Queue):
    """A queue of declared jobs that wakes the worker waiting for any of its queues."""

    job_class = DeclaredJob

    def put(self, job_id: str, task: str, at_front: bool = False) -> None:
        """Enqueue a job; one that RQ still knows is not enqueued again."""
        with suppress(DuplicateJobError):
            self.enqueue_call(
                task,
                args=[],
                kwargs={},
                job_id=job_id,
                unique=True,
                at_front=at_front,
                timeout=-1,
                result_ttl=0,
                failure_ttl=60,
            )
        self.ring()

    def ring(self) -> None:
        """Wake a waiting worker; a lost ring costs it a second at most."""
        key = keys.bell(self.name)
        with self.connection.pipeline(transaction=False) as pipeline:
            pipeline.rpush(key, 1)
            pipeline.ltrim(key, -_BELL_TOKENS, -1)
            pipeline.expire(key, 60)
            pipeline.execute()

    def ids(self) -> list[str]:
        """The jobs that wait, the next one first."""
        waiting: list[bytes] = self.connection.lrange(self.key, 0, -1)  # pyright: ignore
        return [job_id.decode() for job_id in waiting]


def queue(name: str, connection: Connection) -> BelledQueue:
    """The queue called `name`."""
    return BelledQueue(name, connection=connection, serializer=JSONSerializer)


def forget(job_id: str, connection: Connection) -> None:
    """Delete all that RQ knows of a job, its places in queues included."""
    try:
        DeclaredJob.fetch(job_id, connection=connection, serializer=JSONSerializer).delete()
    except NoSuchJobError:
        return


def interrupt(job_id: str, worker: str, connection: Connection) -> None:
    """Wake the worker that runs a job, so that it looks at the job's cancel flag now."""
    send_command(connection, worker, "stop-job", job_id=job_id)


def status(job_id: str, connection: Connection) -> JobStatus | None:
    """What RQ makes of a job; None if it does not know it."""
    found = connection.hget(job_key(job_id), "status")
    return JobStatus(found.decode()) if found else None


def owner(job_id: str, connection: Connection) -> str:
    """The worker that RQ last gave a job to."""
    found = connection.hget(job_key(job_id), "worker_name")
    return found.decode() if found else ""


def place(job_id: str, connection: Connection) -> str:
    """The key of the queue that a job belongs to."""
    origin = connection.hget(job_key(job_id), "origin")
    return queue(origin.decode() if origin else keys.BATCH, connection).key


def bury(worker: str, connection: Connection) -> None:
    """Delete what RQ keeps of a worker that is dead."""
    key = f"rq:worker:{worker}"
    with connection.pipeline() as pipeline:
        pipeline.delete(key, f"{key}:executions")
        pipeline.srem("rq:workers", key)
        for name in keys.QUEUES:
            pipeline.srem(f"rq:workers:{name}", key)
        pipeline.execute()


def job_key(job_id: str) -> str:
    """The hash that RQ keeps of a job."""
    return f"{JOB_PREFIX}{job_id}"
