"""The queue as the API and the tools see it: submit, look, cancel.

RQ delivers and leases; the job record is the only truth about state, and only `transition` and
its sister scripts change it.
"""

import hashlib
import json
import math
import random
import time
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import redis
import uuid_utils
from rq.exceptions import DuplicateJobError

from shared import events, keys, rq, scripts
from shared.connection import Connection
from shared.errors import (
    AlreadyEnded,
    IdempotencyConflict,
    IllegalTransition,
    QueueFull,
    QueueUnavailable,
    SpeechError,
    TooManyJobs,
    UnknownJob,
)
from shared.jobs import JobRecord, JobView, encode, flat, view
from shared.requests import contract
from shared.requests.declared import MAX_SEED, Declared
from shared.settings import Settings
from shared.states import JobState, origins

_HEALS = 86_400.0
"""Seconds after which an entry of the active set heals itself; the janitor renews live ones."""
_FULL_SHARE = 0.8
"""Share of Redis' memory limit above which no job is admitted."""
_STREAM_AFTERLIFE = 10
"""Seconds that an ended job's stream stays; its audio is in the file."""
_LINEUP_LIFE = 0.3
"""Seconds for which the places in the queue are taken as known."""
_UNKNOWN_PACE = 1.0
_PACE_WEIGHT = 0.2


@dataclass(frozen=True)
class Submission:
    """A request on its way into the queue."""

    request: Declared
    client: str
    """Who asks: the key's name or the address; limits count by it."""
    queue: str
    idempotency_key: str | None = None
    again_of: str = ""


@dataclass(frozen=True)
class Place:
    """Where a waiting job stands."""

    ahead: int
    """Jobs that run or wait before it."""
    seconds: float
    """Until it is done, about."""


class JobQueue:
    """Jobs in Redis. Every method raises QueueUnavailable when Redis does not answer."""

    def __init__(self, connection: Connection, settings: Settings) -> None:
        self._redis = connection
        self._settings = settings
        self._places: dict[str, Place] = {}
        self._lined_up_at = 0.0

    # --- submit ---

    def submit(self, submission: Submission) -> tuple[JobRecord, bool]:
        """Admit a job and enqueue it; False and the first job for a repeat with the same key.

        Raises QueueFull, TooManyJobs or IdempotencyConflict.
        """
        with answered():
            self._refuse_when_memory_is_short()
            record = _record(submission)
            outcome, job_id = self._admit(record, submission)
            if outcome == "known":
                return self.get(job_id), False
            self.enqueue(record)
            return record, True

    def enqueue(self, record: JobRecord) -> None:
        """Hand an admitted job to RQ; handing it over twice does no harm."""
        queue = rq.queue(record.queue, self._redis)
        try:
            queue.put(record.id, record.task, self._settings.max_attempts)
        except DuplicateJobError:
            queue.ring()

    def _admit(self, record: JobRecord, submission: Submission) -> tuple[str, str]:
        digest = _digest(submission) if submission.idempotency_key else ""
        outcome, job_id = scripts.run(
            self._redis,
            "admit",
            [
                keys.ACTIVE,
                keys.client(record.client),
                _idempotency(submission),
                keys.job(record.id),
                keys.JOBS,
            ],
            [
                record.created_at,
                record.id,
                self._settings.max_queue,
                self._settings.max_client_jobs,
                int(_HEALS),
                digest,
                self._settings.job_keep_seconds,
                *flat(encode(**record.model_dump(exclude_unset=True))),
            ],
        )
        self._refuse(outcome.decode())
        return outcome.decode(), job_id.decode()

    def _refuse(self, outcome: str) -> None:
        if outcome == "queue_full":
            raise QueueFull(
                f"{self._settings.max_queue} jobs wait or run already.", retry_after=self._drain()
            )
        if outcome == "too_many":
            raise TooManyJobs(
                f"You have {self._settings.max_client_jobs} jobs waiting or running already.",
                retry_after=self._drain(),
            )
        if outcome == "conflict":
            raise IdempotencyConflict("This Idempotency-Key was used with another body.")

    def _drain(self) -> float:
        """Seconds until a place is likely to be free."""
        pace = self.pace()
        soonest = min((_remaining(record, pace) for record in self.active()), default=1.0)
        return max(1.0, math.ceil(soonest))

    def _refuse_when_memory_is_short(self) -> None:
        memory: dict[str, Any] = self._redis.info("memory")
        limit = memory.get("maxmemory", 0)
        if limit and memory["used_memory"] > _FULL_SHARE * limit:
            raise QueueFull("The queue's memory is nearly used up.", retry_after=10)

    # --- look ---

    def get(self, job_id: str) -> JobRecord:
        """The record of a job. Raises UnknownJob."""
        with answered():
            fields = self._redis.hgetall(keys.job(job_id))
        if b"id" not in fields:
            raise UnknownJob("There is no job of that id.", param="id")
        return JobRecord.decode(fields)

    def look(self, job_id: str) -> JobView:
        """What a client sees of a job. Raises UnknownJob."""
        return self.describe(self.get(job_id))

    def describe(self, record: JobRecord) -> JobView:
        """A record with its place in the queue and the time until it is done."""
        if record.state is JobState.QUEUED:
            place = self._lineup(record.id).get(record.id, Place(0, record.estimate))
            return view(record, position=place.ahead, eta_seconds=round(place.seconds, 1))
        if record.state is JobState.RUNNING:
            return view(record, eta_seconds=round(_remaining(record, self.pace()), 1))
        return view(record)

    def recent(self, limit: int, before: str | None = None) -> Iterator[JobRecord]:
        """Remembered jobs, the newest first, from the one after `before`."""
        with answered():
            start = 0
            if before:
                rank = self._redis.zrevrank(keys.JOBS, before)
                start = rank + 1 if rank is not None else 0
            while ids := self._redis.zrevrange(keys.JOBS, start, start + limit - 1):
                yield from self._records(job_id.decode() for job_id in ids)
                start += limit

    def active(self) -> list[JobRecord]:
        """All jobs that wait or run."""
        with answered():
            return list(
                self._records(job_id.decode() for job_id in self._redis.zrange(keys.ACTIVE, 0, -1))
            )

    def lengths(self) -> dict[str, int]:
        """How many jobs wait in each queue."""
        with answered():
            return {name: self._redis.llen(rq.queue(name, self._redis).key) for name in keys.QUEUES}

    def _records(self, job_ids: Iterable[str]) -> Iterator[JobRecord]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hgetall(keys.job(job_id))
            for fields in pipeline.execute():
                if b"id" in fields:
                    yield JobRecord.decode(fields)

    def _lineup(self, job_id: str) -> dict[str, "Place"]:
        """The place of every waiting job, looked up anew a few times a second at most."""
        fresh = time.monotonic() - self._lined_up_at < _LINEUP_LIFE
        if not fresh or job_id not in self._places:
            self._places = self._line_up()
            self._lined_up_at = time.monotonic()
        return self._places

    def _line_up(self) -> dict[str, "Place"]:
        active = {record.id: record for record in self.active()}
        running = [record for record in active.values() if record.state is JobState.RUNNING]
        pace = self.pace()
        ahead, seconds = len(running), sum(_remaining(record, pace) for record in running)
        places: dict[str, Place] = {}
        with answered():
            for name in keys.QUEUES:
                for item in self._redis.lrange(rq.queue(name, self._redis).key, 0, -1):
                    record = active.get(item.decode())
                    if record is None or record.state is not JobState.QUEUED:
                        continue
                    seconds += _remaining(record, pace)
                    places[record.id] = Place(ahead, seconds)
                    ahead += 1
        return places

    def pace(self) -> float:
        """Wall seconds per second of audio of the engine in use, a moving average."""
        with answered():
            engine = self._redis.hget(keys.PACE, "last")
            learnt = self._redis.hget(keys.PACE, engine) if engine else None
        return float(learnt) if learnt else _UNKNOWN_PACE

    def learn_pace(self, engine: str, real_time_factor: float) -> None:
        """Let the estimates follow what was measured."""
        with answered():
            known = self._redis.hget(keys.PACE, engine)
            old = float(known) if known else real_time_factor
            pace = (1 - _PACE_WEIGHT) * old + _PACE_WEIGHT * real_time_factor
            self._redis.hset(keys.PACE, mapping={engine: pace, "last": engine})

    # --- change ---

    def transition(
        self,
        record: JobRecord,
        target: JobState,
        *,
        attempt: int | None = None,
        reason: str = "",
        **fields: Any,
    ) -> int:
        """Take a job to `target` and tell its listeners; returns the attempt.

        With `attempt`, only while that attempt runs. Raises IllegalTransition, or its subclass
        Fenced where an attempt no longer holds.
        """
        allowed = origins(target) if attempt is None else [JobState.RUNNING]
        if target.terminal and not self._settings.store_text:
            fields["request"] = contract(record.task).redact(record.request)
        event = events.State(state=target, reason=reason)
        with answered():
            outcome = scripts.run(
                self._redis,
                "transition",
                [
                    keys.job(record.id),
                    keys.stream(record.id),
                    keys.channel(record.id),
                    keys.ACTIVE,
                    keys.client(record.client),
                ],
                [
                    time.time(),
                    record.id,
                    target.value,
                    "".join(f"{state.value}," for state in allowed),
                    "" if attempt is None else attempt,
                    int(target.terminal),
                    self._settings.job_keep_seconds,
                    _STREAM_AFTERLIFE,
                    event.model_dump_json(),
                    *flat(encode(**fields)),
                ],
            )
        if isinstance(outcome, int):
            return outcome
        if attempt is not None:
            raise Fenced(f"Attempt {attempt} of job {record.id} no longer holds.")
        raise IllegalTransition(
            f"Job {record.id} cannot go from {outcome.decode()} to {target.value}."
        )

    def keep_active(self, record: JobRecord) -> None:
        """Keep a job's place among the active from healing away."""
        place = {record.id: time.time() + _HEALS}
        self._redis.zadd(keys.ACTIVE, place, xx=True)
        self._redis.zadd(keys.client(record.client), place, xx=True)
        self._redis.expire(keys.client(record.client), int(_HEALS))

    def fail(self, record: JobRecord, error: SpeechError, attempt: int | None = None) -> None:
        """End a job with an error."""
        self.transition(
            record,
            JobState.FAILED,
            attempt=attempt,
            reason=error.message,
            error=error.body()["error"],
            finished_at=time.time(),
        )

    def cancel(self, job_id: str) -> JobRecord:
        """Stop a job: at once while it waits, at the next frame while it runs.

        Raises UnknownJob or AlreadyEnded.
        """
        state = self.get(job_id).state
        if state.terminal:
            raise AlreadyEnded(f"The job has already ended as {state.value}.", param="id")
        with answered():
            # The flag first: a worker that begins the job from now on sees it.
            self._redis.hset(keys.job(job_id), "cancel", 1)
            record = self.get(job_id)
            if record.state is JobState.RUNNING or not self._withdraw(record):
                rq.interrupt(job_id, self.get(job_id).worker, self._redis)
        return self.get(job_id)

    def _withdraw(self, record: JobRecord) -> bool:
        """Take a waiting job out of its queue; False if a worker was quicker."""
        waiting = rq.queue(record.queue, self._redis).key
        paused = record.state is JobState.PAUSED
        if not self._redis.lrem(waiting, 1, record.id) and not paused:
            return False
        self.transition(record, JobState.CANCELLED, finished_at=time.time())
        rq.forget(record.id, self._redis)
        return True


class Fenced(IllegalTransition):
    """Somebody else has begun the job anew; whatever this attempt still does counts for nothing."""

    code = "fenced"


@contextmanager
def answered() -> Generator[None]:
    """Turn Redis' silence into the error that a client can act on."""
    try:
        yield
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise QueueUnavailable("The queue does not answer.", retry_after=2) from error
    except redis.OutOfMemoryError as error:
        raise QueueFull("The queue's memory is used up.", retry_after=10) from error


def _record(submission: Submission) -> JobRecord:
    request = submission.request
    seed = request.seed if request.seed is not None else random.SystemRandom().randint(0, MAX_SEED)
    now = time.time()
    return JobRecord.model_validate(
        {
            "id": str(uuid_utils.uuid7()),
            "task": request.name,
            "queue": submission.queue,
            "client": submission.client,
            "request": json.dumps(request.model_dump(mode="json")),
            "seed": seed,
            "estimate": request.estimated_seconds(),
            "created_at": now,
            "again_of": submission.again_of,
            "state": JobState.QUEUED,
            "attempt": 0,
        }
    )


def _digest(submission: Submission) -> str:
    body = [submission.request.name, submission.request.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()


def _idempotency(submission: Submission) -> str:
    name = (submission.idempotency_key or "").encode()
    return keys.idempotency(submission.client, hashlib.sha256(name).hexdigest() if name else "")


def _remaining(record: JobRecord, pace: float) -> float:
    """Seconds until a job that runs now would be done."""
    done = record.progress.fraction if record.progress else 0.0
    return record.estimate * (1 - done) * pace
