"""The worker's own thread: renews leases, tells its status, and ends a worker that hangs."""

import logging
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import redis
from rq.executions import Execution

from shared import keys, rq, scripts
from shared.connection import Connection
from shared.settings import Settings
from worker.lease import Lease
from worker.pulse import Pulse

HUNG = 75
"""Exit status of a worker that ended itself; the supervisor starts it again."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Beating:
    """The job that the worker runs at the moment."""

    execution: Execution
    queue: str
    pulse: Pulse


class Heart:
    """Beats every third of the lease, for as long as the process lives."""

    def __init__(
        self, connection: Connection, settings: Settings, lease: Lease, status: Callable[[], str]
    ) -> None:
        self._redis = connection
        self._settings = settings
        self._lease = lease
        self._status = status
        self._job: Beating | None = None
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Beat no more and give the name up."""
        self._stopped.set()
        self._thread.join(timeout=5)
        try:
            self._redis.delete(keys.worker(self._settings.worker_name))
            self._lease.release()
        except redis.RedisError as error:
            log.warning("The lease is left to run out: %s", error)

    def follow(self, job: Beating | None) -> None:
        """Keep this job's lease from now on."""
        self._job = job

    def tell(self) -> None:
        """Publish the worker's status now."""
        name = self._settings.worker_name
        self._redis.sadd(keys.WORKERS, name)
        self._redis.set(keys.worker(name), self._status(), ex=int(self._settings.lease_seconds))

    def _run(self) -> None:
        interval = min(self._settings.lease_seconds / 3, self._settings.stall_seconds / 3)
        while not self._stopped.wait(interval):
            self._watch_over()
            try:
                self._beat()
            except redis.RedisError as error:
                log.warning("Redis does not answer the heart: %s", error)

    def _watch_over(self) -> None:
        job = self._job
        if job and job.pulse.silence > self._settings.stall_seconds:
            log.error("No frame for %.0f s: the worker ends itself.", job.pulse.silence)
            os._exit(HUNG)

    def _beat(self) -> None:
        if not self._lease.renew():
            log.error("Another process holds this worker's name by now: the worker ends itself.")
            os._exit(HUNG)
        self.tell()
        if job := self._job:
            self._renew(job)

    def _renew(self, job: Beating) -> None:
        """Renew the execution's lease; one that ran out is left to the fence of the record."""
        execution = job.execution
        _, cancelled = scripts.run(
            self._redis,
            "beat",
            [
                execution.key,
                rq.queue(job.queue, self._redis).registry_key,
                rq.job_executions_key(execution.job_id),
                keys.job(execution.job_id),
            ],
            [
                time.time(),
                int(self._settings.lease_seconds),
                execution.composite_key,
                execution.id,
            ],
        )
        if cancelled:
            job.pulse.cancel()
