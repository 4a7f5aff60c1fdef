"""Giving back what dead workers held, and mending a job whose record and RQ disagree.

Who is alive is decided by one thing: the lease of the worker that has the job. All here may be
done by any process and any number of times; `recover` alone needs the worker's lease.
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
from shared.status import WorkerStatus

_CLAIM_MILLISECONDS = 10_000
"""How long a lost worker's name is held while its jobs are given back."""

Suspect = tuple[str, JobState, int]
"""A job in a state of an attempt."""

log = logging.getLogger(__name__)


class Recovery:
    """What a new-born worker does for its predecessor, and the janitor for everyone."""

    def __init__(self, connection: Connection, queue: JobQueue, settings: Settings) -> None:
        self._redis = connection
        self._queue = queue
        self._settings = settings
        self._me = f"recovery-{uuid4().hex}"
        self._suspects: dict[Suspect, float] = {}
        """What looked astray, and since when: one look may fall between two steps."""

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
            # It may have died between a job's end and RQ's hearing of it.
            for job_id in filter(self._queue.ended, rq.started(worker, self._redis)):
                rq.forget(job_id, self._redis)
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

    def keep_places(self) -> None:
        """Keep the places of active jobs from healing away."""
        for record in self._queue.active():
            self._queue.keep_active(record)

    # --- mending ---

    def _mend_all(self, dead: str = "") -> None:
        """Make active records and RQ agree again, the record being the truth.

        What a worker known to be `dead` held is mended at once; anything else must have looked
        astray before, and its worker, if it lives, must have said since then that it is not at it.
        """
        now = time.time()
        with answered():
            said = {worker.name: worker for worker in status.workers(self._redis)}
            listed = self._listed()
            seen: dict[Suspect, float] = {}
            for record in self._queue.active():
                owner = self._owner(record)
                if not self._astray(record, owner, listed, said, dead):
                    continue
                suspect = (record.id, record.state, record.attempt)
                since = seen[suspect] = self._suspects.get(suspect, now)
                told = said[owner].told_at if owner in said else now
                if (dead and owner == dead) or (since < now and told > since):
                    self._try(self._mend, record)
            self._suspects = seen

    def _owner(self, record: JobRecord) -> str:
        """The worker that has the job, or that RQ gave it to; empty if it waits."""
        if record.state is JobState.RUNNING:
            return record.worker
        started = rq.status(record.id, self._redis) is JobStatus.STARTED
        return rq.owner(record.id, self._redis) if started else ""

    def _astray(
        self,
        record: JobRecord,
        owner: str,
        listed: set[str],
        said: dict[str, WorkerStatus],
        dead: str,
    ) -> bool:
        """True for a job that nobody will take or end."""
        if record.state.terminal:
            return True
        if record.state is JobState.PAUSED:
            return False  # nobody is to take it, whatever RQ says
        if owner:
            lost = owner == dead or not self._redis.exists(keys.lease(owner))
            return lost or (owner in said and said[owner].job != record.id)
        return rq.status(record.id, self._redis) is None or record.id not in listed

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
