"""RQ, narrowed: a job names a declared task and nothing else, and a queue rings a bell.

RQ imports whatever dotted path a job names, callbacks and webhooks included; a job forged in Redis
would run it. Here a job's function is the name of a contract, and nothing is ever imported.
"""

from collections.abc import Callable
from typing import Any

from rq import Queue, Retry
from rq.command import send_command  # pyright: ignore[reportUnknownVariableType]
from rq.exceptions import NoSuchJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from shared import keys
from shared.connection import Connection
from shared.requests import contract

_DAY = 86_400
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

    @property
    def registry_key(self) -> str:
        """The set of this queue's started executions, by the time their lease ends."""
        return f"rq:wip:{self.name}"

    def put(self, job_id: str, task: str, max_attempts: int, at_front: bool = False) -> None:
        """Enqueue a job once: an id that RQ still knows is not enqueued again."""
        self.enqueue_call(
            task,
            args=[],
            kwargs={},
            job_id=job_id,
            unique=True,
            at_front=at_front,
            timeout=-1,
            result_ttl=60,
            failure_ttl=_DAY,
            # One more than ours: the record decides when attempts are used up.
            retry=Retry(max=max_attempts, enqueue_at_front=True),
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


def queue(name: str, connection: Connection) -> BelledQueue:
    """The queue called `name`."""
    return BelledQueue(name, connection=connection, serializer=JSONSerializer)


def forget(job_id: str, connection: Connection) -> None:
    """Delete what RQ knows of a job that never ran."""
    try:
        job = DeclaredJob.fetch(job_id, connection=connection, serializer=JSONSerializer)
    except NoSuchJobError:
        return
    job.delete()


def interrupt(job_id: str, worker: str, connection: Connection) -> None:
    """Wake the worker that runs a job, so that it looks at the job's cancel flag now."""
    if worker:
        send_command(connection, worker, "stop-job", job_id=job_id)


def status(job_id: str, connection: Connection) -> JobStatus | None:
    """What RQ makes of a job; None if it does not know it."""
    found = connection.hget(Job.key_for(job_id), "status")
    return JobStatus(found.decode()) if found else None


def place(job_id: str, connection: Connection) -> str:
    """The key of the queue that a job belongs to."""
    origin = connection.hget(Job.key_for(job_id), "origin")
    return queue(origin.decode(), connection).key


def worker_key(worker: str) -> str:
    """The key under which RQ keeps a worker."""
    return f"rq:worker:{worker}"


def executions_key(worker: str) -> str:
    """The set of executions that a worker runs, as `job:execution`."""
    return f"{worker_key(worker)}:executions"


def execution_key(composite: str) -> str:
    """The lease of one execution."""
    return f"rq:execution:{composite}"


def job_executions_key(job_id: str) -> str:
    """The executions of a job, by the time their lease ends."""
    return f"rq:executions:{job_id}"
