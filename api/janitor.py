"""Tidying up, by one API process at a time: lost workers, left-over runs, retention."""

import logging
import threading
import time
from contextlib import suppress
from uuid import uuid4

import redis
from pydantic import ValidationError

from api.deps import Context
from shared import keys
from shared.errors import SpeechError, UnknownJob
from shared.jobs import JobRecord, resumable
from shared.recovery import Recovery
from shared.requests import CONTRACTS
from shared.stores import retention
from shared.stores.uploads import WORDS, room

_INTERVAL = 3.0
_LOCK_MILLISECONDS = 10_000
_SWEEP_EVERY = 60.0
"""Seconds between two looks at what has grown old."""
_WORDS_KEPT = 600.0
"""Seconds that somebody has who sent a document to ask for it, where no texts are kept."""
_LEFT_OVER = 60.0
"""Seconds after which a growing run of an unknown job is a left-over."""

log = logging.getLogger(__name__)


class Janitor:
    """A thread that tidies up whenever it holds the lock."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._recovery = Recovery(context.redis, context.queue, context.settings)
        self._me = uuid4().hex
        self._swept = 0.0
        self._unknown: dict[str, float] = {}
        self._patient_until = 0.0
        self._wait_for_hearts()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="janitor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()

    def tidy(self) -> None:
        """Tidy up now; what only grows old is looked at once a minute."""
        self._recovery.recover_the_lost()
        self._discard_left_overs()
        if time.monotonic() - self._swept < _SWEEP_EVERY:
            return
        self._swept = time.monotonic()
        self._recovery.keep_places()
        self._forget_expired()
        context = self._context
        retention.sweep(context.outputs, context.index, context.settings, time.time())
        self._purge_uploads()

    def _run(self) -> None:
        while not self._stopped.wait(_INTERVAL):
            try:
                if self._holds_lock() and time.monotonic() > self._patient_until:
                    self.tidy()
            except (redis.RedisError, SpeechError) as error:
                log.warning("Tidying up has to wait: %s", error)
                self._wait_for_hearts()
            except Exception:  # one thing that cannot be tidied must not end all tidying
                log.exception("Tidying up met a fault.")

    def _wait_for_hearts(self) -> None:
        """After an outage every lease may have run out: let those who live renew theirs first."""
        beat = self._context.settings.lease_seconds / 3
        self._patient_until = time.monotonic() + beat + _INTERVAL

    def _holds_lock(self) -> bool:
        connection = self._context.redis
        if connection.set(keys.JANITOR, self._me, nx=True, px=_LOCK_MILLISECONDS):
            return True
        if connection.get(keys.JANITOR) != self._me.encode():
            return False
        connection.pexpire(keys.JANITOR, _LOCK_MILLISECONDS)
        return True

    def _purge_uploads(self) -> None:
        """Files that were sent and are old, but those that a job may yet ask for.

        One that can be resumed as another asks for the same plan.
        """
        settings = self._context.settings
        before = time.time() - 3_600 * settings.uploads_keep_hours
        left = filter(None, map(self._record, self._context.outputs.growing()))
        wanted = {
            upload_id
            for record in (*self._context.queue.active(), *left)
            if record.task in CONTRACTS
            for field in CONTRACTS[record.task].uploads()
            if (upload_id := record.request.get(field))
        }
        purged = self._context.uploads.purge(before, wanted, room(settings))
        if not settings.store_text:
            purged += self._context.uploads.purge(time.time() - _WORDS_KEPT, wanted, kinds=WORDS)
        if purged:
            log.info("Purged %d uploads.", purged)

    def _forget_expired(self) -> None:
        """Jobs whose record has expired leave the list of jobs too."""
        connection = self._context.redis
        horizon = time.time() - self._context.settings.job_keep_seconds
        for job_id in connection.zrangebyscore(keys.JOBS, "-inf", horizon):
            if not connection.exists(keys.job(job_id.decode())):
                connection.zrem(keys.JOBS, job_id)

    def _discard_left_overs(self) -> None:
        """Growing runs whose job has ended; one whose job is unknown only after a while.

        A run is finished before its job is said to have succeeded, so no live run is among them.
        What a pipeline has spoken that failed or was cancelled stays as long as its record, and
        longer if a job goes on with it.
        """
        now = time.monotonic()
        growing = {run: self._use(run) for run in self._context.outputs.growing()}
        self._unknown = {
            run: self._unknown.get(run, now) for run, use in growing.items() if use is None
        }
        left = {
            run
            for run, use in growing.items()
            if use is False or (use is None and now - self._unknown[run] > _LEFT_OVER)
        }
        for run in left - self._continued() if left else ():
            log.info("Discarding what job %s left.", run)
            self._context.outputs.discard(run)

    def _continued(self) -> set[str]:
        """Jobs whose lines another one may yet take over."""
        return {record.request.get("continues") or "" for record in self._context.queue.active()}

    def _use(self, run: str) -> bool | None:
        """Whether somebody may yet need what grows; None where nobody knows its job."""
        try:
            record = self._context.queue.get(run)
        except UnknownJob:
            return None
        except ValidationError:
            # Another version of the service wrote this record: its run is none of our business.
            return True
        return not record.state.terminal or resumable(record)

    def _record(self, run: str) -> JobRecord | None:
        """The record of the job that a run grows or grew for, as far as it can be read."""
        with suppress(UnknownJob, ValidationError):
            return self._context.queue.get(run)
        return None
