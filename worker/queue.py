"""The one subclass of RQ's worker: every hook of RQ that we override stands here.

Pinned to rq 3.0.*: `lpop`, `lmove`, `perform_job`, `prepare_job_execution`, `_finalize_*`,
`get_heartbeat_ttl`, `kill_horse`, `request_stop`, `set_shutdown_requested_date`,
`run_maintenance_tasks`, `register_birth` and `_set_ip_address` are not public; each has a test.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from rq.exceptions import DequeueTimeout
from rq.executions import Execution
from rq.job import Job
from rq.queue import Queue
from rq.serializers import JSONSerializer
from rq.worker import SimpleWorker

from shared import keys, rq, scripts, turns
from shared.connection import Connection
from shared.queue import JobQueue
from shared.settings import Settings
from worker.heart import Beating, Heart
from worker.runner import GaveBack, NotOurs, Runner

log = logging.getLogger(__name__)


class WorkerQueue(rq.BelledQueue):
    """The queues as one worker takes from them, in the order of their urgency."""

    inflight: ClassVar[str]
    patience: ClassVar[float] = 0.0
    """Seconds for which a job may be overtaken by those that need what is loaded."""

    @classmethod
    def needs(cls) -> Sequence[str]:
        """What the loaded checkpoints serve, in the words of `JobRecord.needs`."""
        return ()

    @classmethod
    def lpop(
        cls, queue_keys: Sequence[str], timeout: int | None, connection: Any = None
    ) -> tuple[bytes, bytes] | None:
        """Take the next job, waiting for a bell; RQ's own way can lose one in between."""
        until = time.monotonic() + (timeout or 0)
        while True:
            found = scripts.run(connection, "take", [cls.inflight, *queue_keys], cls._arguments())
            if found:
                return found[0], found[1]
            if timeout is None:
                return None
            left = until - time.monotonic()
            if left <= 0:
                raise DequeueTimeout(timeout, queue_keys)
            bells = [keys.bell(key.removeprefix(rq.QUEUE_PREFIX)) for key in queue_keys]
            connection.blpop(bells, min(1.0, left))

    @classmethod
    def _arguments(cls) -> list[Any]:
        now = time.time()
        prefixes = [rq.JOB_PREFIX, rq.QUEUE_PREFIX, keys.job("")]
        return [*prefixes, now, cls.patience, turns.WINDOW, *cls.needs()]

    @classmethod
    def lmove(cls, connection: Any, queue_key: str, timeout: int | None) -> Any:
        return cls.lpop([queue_key], timeout, connection)


class QueueWorker(SimpleWorker):
    """Takes one job at a time, in this process, and keeps watch over it."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        queue: JobQueue,
        runner: Runner,
        heart: Heart,
        needs: Callable[[], Sequence[str]],
        worked: Callable[[float], None],
    ) -> None:
        """`needs` says what the loaded checkpoints serve, in the words of `JobRecord.needs`;
        `worked` hears how many seconds it was at a job."""
        self._queue = queue
        self._runner = runner
        self._heart = heart
        self._worked = worked
        self.stopping = False
        """True once somebody has asked this worker to stop."""
        self._inflight = keys.inflight(settings.worker_name)
        super().__init__(
            list(settings.worker_queues),
            name=settings.worker_name,
            connection=connection,
            serializer=JSONSerializer,
            job_class=type(
                "Job", (rq.DeclaredJob,), {"perform_declared": staticmethod(runner.run)}
            ),
            queue_class=type(
                "Queue",
                (WorkerQueue,),
                {
                    "inflight": self._inflight,
                    "needs": staticmethod(needs),
                    "patience": settings.swap_patience_seconds,
                },
            ),
            worker_ttl=20,
            log_job_description=False,
        )

    def request_stop(self, signum: Any, frame: Any) -> None:
        self.stopping = self._runner.leaving = True
        super().request_stop(signum, frame)

    def set_shutdown_requested_date(self) -> None:
        """Nothing: a signal handler must not wait for Redis."""

    def _set_ip_address(self, connection: Connection) -> None:
        # RQ reads it from CLIENT INFO, which redis-py cannot parse for a socket in a folder whose
        # name has a space; nobody uses it.
        self.ip_address = "unknown"

    def register_birth(self) -> None:
        # Our lease says that no other process lives under this name, whatever RQ's key says.
        self.connection.delete(self.key)
        super().register_birth()

    def run_maintenance_tasks(self) -> None:
        """Nothing: the janitor tidies up, by the records."""

    def get_heartbeat_ttl(self, job: Job, working_time: float = 0.0) -> int:
        return rq.BOOKS

    def prepare_job_execution(self, job: Job, remove_from_intermediate_queue: bool = False) -> None:
        super().prepare_job_execution(job, remove_from_intermediate_queue=False)
        self.connection.lrem(self._inflight, 1, job.id)

    def perform_job(self, job: Job, queue: Queue, execution: Execution) -> bool:
        self._heart.follow(Beating(job.id, self._runner.prepare()))
        begun = time.monotonic()
        try:
            return super().perform_job(job, queue, execution)
        finally:
            self._worked(time.monotonic() - begun)
            self._heart.follow(None)

    def kill_horse(self, sig: Any = None) -> None:
        """Called by RQ's stop command, in its own thread: the heart looks at the job's flag."""
        self._heart.wake()

    def _finalize_success(
        self, job: Job, queue: Queue, execution: Execution, return_value: Any
    ) -> None:
        self._close(job, execution)

    def _finalize_failure(
        self, job: Job, queue: Queue, execution: Execution, exc_info: Any
    ) -> None:
        reason = exc_info[1]
        if not isinstance(reason, NotOurs | GaveBack):
            log.error("Job %s was left as it is: %s", job.id, reason, exc_info=exc_info)
        self._close(job, execution)
        if isinstance(reason, GaveBack):
            raise SystemExit(0)

    def _close(self, job: Job, execution: Execution) -> None:
        """RQ forgets a job that has ended; of any other it may hold what somebody else needs."""
        self._stopped_job_id = None
        self.executions.pop(execution.id, None)
        if self._queue.ended(job.id):
            rq.forget(job.id, self.connection)
