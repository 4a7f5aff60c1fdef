"""RQ, narrowed: a job names a declared task and nothing else, and a queue rings a bell.

RQ imports whatever dotted path a job names, callbacks and webhooks included; a job forged in Redis
would run it. Here a job is an id and nothing else: what it asks for stands in its record, and
nothing is ever imported.

RQ only delivers: it holds the queues, and knows to whom it last gave a job. Its retries, results
and clean-ups are not used.
"""

from collections.abc import Callable
from contextlib import suppress

from rq import Queue
from rq.command import send_command  # pyright: ignore[reportUnknownVariableType]
from rq.exceptions import DuplicateJobError
from rq.job import Job, JobStatus
from rq.serializers import JSONSerializer

from shared import keys, scripts
from shared.connection import Connection

JOB_PREFIX = "rq:job:"
BOOKS = 86_400
"""Seconds that RQ's books keep a running job; nothing is decided by how long."""
QUEUE_PREFIX = "rq:queue:"
_BELL_TOKENS = 32


class DeclaredJob(Job):
    """A job that is an id: whatever else is said of it in Redis is not looked at."""

    perform_declared: Callable[[str], None] | None = None
    """What a worker does with a job's id; set by the worker's subclass only."""

    @property
    def func(self) -> Callable[..., None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        if self.perform_declared is None:
            raise NotImplementedError("Only a worker performs jobs.")
        perform, job_id = self.perform_declared, self.id
        return lambda *_, **__: perform(job_id)

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
    """Delete all that RQ keeps of a job, its places in queues included.

    RQ's own `delete` reads before it writes: it refuses a job of which half is gone already, and
    meets the worker that ends the job at the same moment.
    """
    own = [
        job_key(job_id),
        *(f"rq:{kind}:{job_id}" for kind in ("executions", "results")),
        *(f"{job_key(job_id)}:{kind}" for kind in ("dependents", "dependencies")),
    ]
    lanes = [key for name in keys.QUEUES for key in (f"{QUEUE_PREFIX}{name}", f"rq:wip:{name}")]
    scripts.run(connection, "forget", own + lanes, [job_id, "rq:execution:"])


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


def started(worker: str, connection: Connection) -> list[str]:
    """The jobs that a worker has started, as far as RQ knows."""
    found = connection.smembers(f"rq:worker:{worker}:executions")
    return [composite.decode().partition(":")[0] for composite in found]


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
