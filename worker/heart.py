"""The worker's own thread: renews leases, tells its status, and ends a worker that hangs."""

import logging
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass

import redis

from shared import keys
from shared.connection import Connection
from shared.settings import Settings
from shared.status import WorkerStatus
from worker.lease import Lease
from worker.pulse import Pulse

HUNG = 75
"""Exit status of a worker that ended itself; the supervisor starts it again."""

_RETRY = 0.5
"""Seconds after a beat that failed."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Beating:
    """The job that the worker runs at the moment."""

    job_id: str
    pulse: Pulse


class Heart:
    """Beats every third of the lease, and at once when woken, for as long as the process lives."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        lease: Lease,
        status: Callable[[str | None], WorkerStatus],
    ) -> None:
        self._redis = connection
        self._settings = settings
        self._lease = lease
        self._status = status
        self._job: Beating | None = None
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name="heart", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Beat no more and give the name up."""
        self._stopped = True
        self.wake()
        self._thread.join(timeout=5)
        name = self._settings.worker_name
        try:
            self._redis.delete(keys.worker(name))
            self._redis.srem(keys.WORKERS, name)
            self._lease.release()
        except redis.RedisError as error:
            log.warning("The lease is left to run out: %s", error)

    def follow(self, job: Beating | None) -> None:
        """Watch over this job from now on, and say so at once."""
        self._job = job
        self.wake()

    def wake(self) -> None:
        """Beat now: somebody wants the present job to stop, or there is something to tell."""
        self._wake.set()

    def tell(self) -> None:
        """Publish the worker's status now."""
        name, job = self._settings.worker_name, self._job
        told = self._status(job.job_id if job else None)
        self._redis.sadd(keys.WORKERS, name)
        life = int(self._settings.lease_seconds)
        self._redis.set(keys.worker(name), told.model_dump_json(), ex=life)

    def _run(self) -> None:
        interval = min(self._settings.lease_seconds, self._settings.stall_seconds) / 3
        pause = interval
        while not self._stopped:
            self._wake.wait(pause)
            self._wake.clear()
            self._watch_over()
            pause = interval if self._beat() else min(interval, _RETRY)

    def _watch_over(self) -> None:
        job = self._job
        if job and job.pulse.overdue(self._settings.stall_seconds):
            log.error("No sign of life for %.0f s: the worker ends itself.", job.pulse.silence)
            os._exit(HUNG)

    def _beat(self) -> bool:
        """One beat; False if it has to be tried again soon."""
        if self._stopped:
            return True
        try:
            self._keep_name()
            self._look_for_cancel()
            self.tell()
        except redis.RedisError as error:
            log.warning("Redis does not answer the heart: %s", error)
            return False
        except Exception:  # a heart that stops beating would cost the worker its jobs
            log.exception("A beat met a fault.")
            return False
        return True

    def _keep_name(self) -> None:
        if not self._lease.renew():
            log.error("Another process holds this worker's name by now: the worker ends itself.")
            os._exit(HUNG)

    def _look_for_cancel(self) -> None:
        job = self._job
        if job and self._redis.hexists(keys.job(job.job_id), "cancel"):
            job.pulse.cancel()
