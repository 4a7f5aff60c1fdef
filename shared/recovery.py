"""Giving back what dead workers held, and mending a job whose record and RQ disagree.

Everything here may be done by any process, at any time, twice.
"""

import logging
import time

from rq.job import JobStatus
from rq.registry import StartedJobRegistry
from rq.serializers import JSONSerializer

from shared import keys, rq
from shared.connection import Connection
from shared.errors import IllegalTransition, WorkerLost
from shared.jobs import JobRecord
from shared.queue import JobQueue, answered
from shared.settings import Settings
from shared.states import JobState

_GRACE = 5.0
"""Seconds that a submission may take between its record and its place in RQ."""

log = logging.getLogger(__name__)


class Recovery:
    """What a new-born worker does for its predecessor, and the janitor for everyone."""

    def __init__(self, connection: Connection, queue: JobQueue, settings: Settings) -> None:
        self._redis = connection
        self._queue = queue
        self._settings = settings

    def recover(self, worker: str) -> None:
        """Give back all that a worker held; it must be known to be dead."""
        with answered():
            # First those taken but not started: were an execution given back before, its job
            # would be `queued` again here and be put into the queue twice.
            self._return_inflight(worker)
            self._expire_executions(worker)
            self._bury(worker)
        self.reconcile()

    def recover_the_lost(self) -> None:
        """Give back what every worker held whose lease has run out."""
        with answered():
            for name in self._redis.smembers(keys.WORKERS):
                if not self._redis.exists(keys.lease(name.decode())):
                    log.warning("Worker %s is gone; its jobs are given back.", name.decode())
                    self.recover(name.decode())
                    self._redis.srem(keys.WORKERS, name)
            self._clean_registries()
        self.reconcile()

    def reconcile(self) -> None:
        """Make every active record and RQ agree again, the record being the truth."""
        with answered():
            for record in self._queue.active():
                try:
                    self._mend(record, rq.status(record.id, self._redis))
                except IllegalTransition:
                    # The job took its next step between our look and our hand.
                    continue

    def _mend(self, record: JobRecord, status: JobStatus | None) -> None:
        with_rq = status in (JobStatus.QUEUED, JobStatus.STARTED)
        if not record.state.terminal:
            self._queue.keep_active(record)
        if record.state is JobState.RUNNING and status is not JobStatus.STARTED:
            self._give_back(record, requeue=not with_rq)
        elif record.state is JobState.QUEUED and not with_rq and self._settled(record):
            rq.forget(record.id, self._redis)
            self._queue.enqueue(record)
        elif record.state.terminal:
            self._release(record)

    def _give_back(self, record: JobRecord, requeue: bool) -> None:
        """The worker died over this job: it waits again, unless that happened too often."""
        crashes = record.crashes + 1
        if crashes >= self._settings.max_attempts:
            error = WorkerLost(f"The worker died over this job {crashes} times.")
            self._queue.fail(record, error, attempt=record.attempt)
            rq.forget(record.id, self._redis)
            return
        self._queue.transition(
            record,
            JobState.QUEUED,
            attempt=record.attempt,
            reason="The worker died; another attempt follows.",
            crashes=crashes,
        )
        if requeue:
            rq.forget(record.id, self._redis)
            self._queue.enqueue(record)

    def _settled(self, record: JobRecord) -> bool:
        return time.time() - record.created_at > _GRACE

    def _release(self, record: JobRecord) -> None:
        self._redis.zrem(keys.ACTIVE, record.id)
        self._redis.zrem(keys.client(record.client), record.id)

    def _return_inflight(self, worker: str) -> None:
        inflight = keys.inflight(worker)
        for job_id in reversed([item.decode() for item in self._redis.lrange(inflight, 0, -1)]):
            waiting = rq.status(job_id, self._redis) is JobStatus.QUEUED
            with self._redis.pipeline() as pipeline:
                pipeline.lrem(inflight, 1, job_id)
                if waiting:
                    pipeline.lpush(rq.place(job_id, self._redis), job_id)
                pipeline.execute()

    def _expire_executions(self, worker: str) -> None:
        """Let RQ's own clean-up find the worker's executions abandoned, now."""
        executions = rq.executions_key(worker)
        for composite in [item.decode() for item in self._redis.smembers(executions)]:
            for name in keys.QUEUES:
                self._redis.zadd(rq.queue(name, self._redis).registry_key, {composite: 1}, xx=True)
            self._redis.delete(rq.execution_key(composite))
        self._clean_registries()
        self._redis.delete(executions)

    def _clean_registries(self) -> None:
        for name in keys.QUEUES:
            StartedJobRegistry(
                name,
                connection=self._redis,
                job_class=rq.DeclaredJob,
                serializer=JSONSerializer,
            ).cleanup()

    def _bury(self, worker: str) -> None:
        key = rq.worker_key(worker)
        with self._redis.pipeline() as pipeline:
            pipeline.delete(key)
            pipeline.srem("rq:workers", key)
            for name in keys.QUEUES:
                pipeline.srem(f"rq:workers:{name}", key)
            pipeline.execute()
