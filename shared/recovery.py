"""Giving back what dead workers held, and mending a job whose record and RQ disagree.

Who is alive is decided by one thing: the lease of the worker that the job's record names. All here
may be done by any process and any number of times; `recover` alone needs the worker's lease.
"""

import logging
import time
from collections.abc import Callable
from uuid import uuid4

from rq.job import JobStatus

from shared import keys, rq, scripts, status
from shared.connection import Connection, answered
from shared.errors import IllegalTransition, WorkerLost
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.settings import Settings
from shared.states import JobState

_CLAIM_MILLISECONDS = 10_000
"""How long a lost worker's name is held while its jobs are given back."""

log = logging.getLogger(__name__)


class Recovery:
    """What a new-born worker does for its predecessor, and the janitor for everyone."""

    def __init__(self, connection: Connection, queue: JobQueue, settings: Settings) -> None:
        self._redis = connection
        self._queue = queue
        self._settings = settings
        self._me = f"recovery-{uuid4().hex}"
        self._suspects: set[str] = set()
        """Jobs that looked astray at the last look: one look may fall between two steps."""

    def recover(self, worker: str) -> None:
        """Give back all that a dead worker held; the caller holds its lease."""
        with answered():
            for record in self._queue.active():
                if record.state is JobState.RUNNING and record.worker == worker:
                    self._try(self._give_back, record)
            for job_id in reversed(self._inflight(worker)):
                scripts.run(
                    self._redis,
                    "return_inflight",
                    [
                        keys.inflight(worker),
                        rq.job_key(job_id),
                        rq.place(job_id, self._redis),
                    ],
                    [job_id],
                )
            rq.bury(worker, self._redis)
        self._mend_all(dead=worker)

    def recover_the_lost(self) -> None:
        """Give back what every worker held whose lease has run out, then mend what is astray."""
        with answered():
            for name in self._names():
                if not self._redis.exists(keys.lease(name)) and self._claim(name):
                    log.warning("Worker %s is gone; what it held is given back.", name)
                    self.recover(name)
                    self._redis.srem(keys.WORKERS, name)
                    scripts.run(self._redis, "release", [keys.lease(name)], [self._me])
        self._mend_all()

    def _claim(self, worker: str) -> bool:
        """Hold a dead worker's name, so that no successor is born meanwhile."""
        claimed = scripts.run(
            self._redis, "lease", [keys.lease(worker)], [self._me, _CLAIM_MILLISECONDS, ""]
        )
        return claimed == 1

    # --- mending ---

    def _mend_all(self, dead: str = "") -> None:
        """Make active records and RQ agree again, the record being the truth."""
        with answered():
            listed = self._listed()
            suspects: set[str] = set()
            for record in self._queue.active():
                self._queue.keep_active(record)
                if self._astray(record, listed, dead):
                    suspects.add(record.id)
                    if record.id in self._suspects or dead:
                        self._try(self._mend, record)
            self._suspects = suspects

    def _astray(self, record: JobRecord, listed: set[str], dead: str) -> bool:
        """True for a job that nobody will take or end."""
        if record.state is JobState.QUEUED:
            found = rq.status(record.id, self._redis)
            if found is JobStatus.STARTED:
                return self._gone(rq.owner(record.id, self._redis), dead)
            return not dead and (found is not JobStatus.QUEUED or record.id not in listed)
        if record.state is JobState.RUNNING:
            if dead:
                return False
            return self._gone(record.worker, dead) or self._abandoned(record)
        return record.state.terminal

    def _mend(self, record: JobRecord) -> None:
        log.warning("Job %s was astray as %s.", record.id, record.state.value)
        if record.state is JobState.QUEUED:
            self._queue.requeue(record)
        elif record.state is JobState.RUNNING:
            self._give_back(record)
        else:
            self._queue.release(record)

    def _give_back(self, record: JobRecord) -> None:
        """The worker died over this job: it waits again, unless that happened too often."""
        crashes = record.crashes + 1
        if record.cancel:
            self._queue.transition(
                record, JobState.CANCELLED, attempt=record.attempt, finished_at=time.time()
            )
            rq.forget(record.id, self._redis)
        elif crashes >= self._settings.max_attempts:
            error = WorkerLost(f"The worker died over this job {crashes} times.")
            self._queue.fail(record, error, attempt=record.attempt)
            rq.forget(record.id, self._redis)
        else:
            self._queue.transition(
                record,
                JobState.QUEUED,
                attempt=record.attempt,
                reason="The worker died; another attempt follows.",
                crashes=crashes,
            )
            self._queue.requeue(record)

    def _try(self, act: Callable[[JobRecord], None], record: JobRecord) -> None:
        try:
            act(record)
        except IllegalTransition:
            # The job took its next step between our look and our hand.
            log.info("Job %s has gone on by itself.", record.id)

    # --- looking ---

    def _listed(self) -> set[str]:
        """Jobs that wait in a queue or have been taken from one."""
        waiting = {job_id for name in keys.QUEUES for job_id in rq.queue(name, self._redis).ids()}
        return waiting.union(*(self._inflight(name) for name in self._names()))

    def _inflight(self, worker: str) -> list[str]:
        return [item.decode() for item in self._redis.lrange(keys.inflight(worker), 0, -1)]

    def _names(self) -> list[str]:
        return [name.decode() for name in self._redis.smembers(keys.WORKERS)]

    def _gone(self, worker: str, dead: str) -> bool:
        return worker == dead or not self._redis.exists(keys.lease(worker))

    def _abandoned(self, record: JobRecord) -> bool:
        """True if its worker lives and says that it runs something else."""
        said = [worker for worker in status.workers(self._redis) if worker.name == record.worker]
        return bool(said) and said[0].job != record.id
