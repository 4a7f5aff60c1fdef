"""The queue as the API and the tools see it: submit, look, pause, cancel.

RQ delivers; the job record is the only truth about state, and only `transition` and its sister
scripts change it.
"""

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import uuid_utils
from pydantic import ValidationError

from shared import audit, batches, events, keys, logs, rq, scripts, tracing, turns
from shared import submission as submitted
from shared.batches import BatchRecord, BatchView, Item
from shared.connection import Connection, answered
from shared.errors import (
    AlreadyEnded,
    IdempotencyConflict,
    IllegalTransition,
    NotPausable,
    QueueFull,
    QueueUnavailable,
    SpeechError,
    TooManyJobs,
    UnknownBatch,
    UnknownJob,
)
from shared.jobs import JobRecord, JobView, encode, flat, has_lines, view
from shared.lineup import Lineup
from shared.requests import redacted
from shared.settings import Settings
from shared.states import JobState, origins
from shared.submission import Batch, Idempotency, Submission
from shared.webhooks import outbox, webhook

log = logging.getLogger(__name__)

_HEALS = 86_400.0
"""Seconds after which an entry of the active set heals itself; the janitor renews live ones."""
_FULL_SHARE = 0.8
"""Share of Redis' memory limit above which no job is admitted."""
_BATCH_KEEP = 30 * 86_400
"""Seconds that a batch is remembered whose jobs do not end."""
_STREAM_AFTERLIFE = 10
"""Seconds that an ended job's stream stays; its audio is in the file."""
_PAUSED = "Paused."
_GIVES_WAY = "Somebody waits for a short answer."


@dataclass(frozen=True)
class Retaking:
    """A job that makes a take of a line of an output."""

    job: str
    line: int
    """Its number."""
    seed: int


class JobQueue:
    """Jobs in Redis. Every method raises QueueUnavailable when Redis does not answer."""

    def __init__(
        self,
        connection: Connection,
        settings: Settings,
        quota: Callable[[str], int | None] = lambda _: None,
        ended: Callable[[JobRecord], None] = lambda _: None,
    ) -> None:
        """`quota` says how many jobs a client may have, where it is not MAX_CLIENT_JOBS; `ended`
        hears of each job that is ended here."""
        self._redis = connection
        self._settings = settings
        self._quota = quota
        self._told = ended
        self.lineup = Lineup(connection, settings.swap_patience_seconds)

    # --- submit ---

    def submit(self, submission: Submission) -> tuple[JobRecord, bool]:
        """Admit a job and enqueue it; False and the first job for a repeat with the same key.

        Raises QueueFull, TooManyJobs or IdempotencyConflict.
        """
        with answered(), tracing.span("submit", {"tts.task": submission.request.name}):
            self._refuse_when_memory_is_short()
            record = submitted.record(submission, self._settings)
            outcome, job_id = self._admit(record, submission)
            if outcome == "known":
                record = self.get(job_id)
            logs.learn(job_id=record.id, client=record.client)
            if outcome == "admitted":
                _audit(record.id, submission)
            if record.state is JobState.QUEUED:
                self._put(record)
            return record, outcome == "admitted"

    def submit_all(self, batch: Batch) -> tuple[BatchRecord, bool]:
        """Admit a batch and enqueue its jobs; False and the first batch for a repeat of it.

        Where there is no room for all of it none is admitted, unless it may be a part. Raises
        QueueFull, TooManyJobs or IdempotencyConflict.
        """
        with answered():
            self._refuse_when_memory_is_short()
            batch_id = str(uuid_utils.uuid7())
            items, jobs = submitted.entries(batch, batch_id, self._settings)
            outcome, known = self._admit_all(batch, batch_id, items, jobs)
            record = self.batch(known)
            if outcome == "admitted":
                record = record.model_copy(update={"items": items})
                admitted = set(record.jobs)
                for item, sent in zip(items, batch.items, strict=True):
                    if item.job in admitted and isinstance(sent, Submission):
                        _audit(item.job, sent)
            self._put_all(record)
            return record, outcome == "admitted"

    def known(self, client: str, idempotency: Idempotency) -> JobRecord | None:
        """The job of an earlier request with the same key, None for the first.

        Whether the request could be met now is not asked: it was met. Raises IdempotencyConflict.
        """
        with answered():
            job_id = self._known(client, idempotency)
            if job_id is None:
                return None
            record = self.get(job_id)
            if record.state is JobState.QUEUED:
                self._put(record)
            return record

    def known_batch(self, client: str, idempotency: Idempotency) -> BatchRecord | None:
        """The same for a batch."""
        with answered():
            batch_id = self._known(client, idempotency)
            if batch_id is None:
                return None
            record = self.batch(batch_id)
            self._put_all(record)
            return record

    def _known(self, client: str, idempotency: Idempotency) -> str | None:
        """What an earlier request with the same key has made. Raises IdempotencyConflict."""
        found = self._redis.get(submitted.remembered_at(client, idempotency))
        if found is None:
            return None
        made, _, digest = found.decode().partition(" ")
        if digest != idempotency.digest:
            self._refuse("conflict")
        return made

    def _put_all(self, record: BatchRecord) -> None:
        """Enqueue the jobs of a batch that wait, those again that RQ does not know."""
        for job in self._records(record.jobs):
            if job.state is JobState.QUEUED:
                self._put(job)

    def _put(self, record: JobRecord, at_front: bool = False) -> None:
        rq.queue(record.queue, self._redis).put(record.id, record.task, at_front)

    def requeue(self, record: JobRecord) -> None:
        """Hand a job to RQ once more, as the next of its queue, ahead of those that came later."""
        with answered():
            rq.forget(record.id, self._redis)
            self._put(record, at_front=True)

    def _admit(self, record: JobRecord, submission: Submission) -> tuple[str, str]:
        outcome, job_id = scripts.run(
            self._redis,
            "admit",
            [
                keys.ACTIVE,
                keys.client(record.client),
                submitted.remembered_at(record.client, submission.idempotency),
                keys.job(record.id),
                keys.JOBS,
            ],
            [
                record.created_at,
                record.id,
                self._settings.max_queue,
                self.most(record.client),
                int(_HEALS),
                submission.idempotency.digest if submission.idempotency else "",
                self._settings.job_keep_seconds,
                *flat(encode(**record.model_dump(exclude_unset=True))),
            ],
        )
        self._refuse(outcome.decode())
        return outcome.decode(), job_id.decode()

    def _admit_all(
        self, batch: Batch, batch_id: str, items: Sequence[Item], jobs: Sequence[JobRecord]
    ) -> tuple[str, str]:
        kept = items if self._settings.store_text else [item.without_words() for item in items]
        facts = encode(
            id=batch_id,
            client=batch.client,
            created_at=time.time(),
            items=kept,
            **webhook.fields(batch.webhook, "batch"),
        )
        records = [(job.id, flat(encode(**job.model_dump(exclude_unset=True)))) for job in jobs]
        outcome, known = scripts.run(
            self._redis,
            "admit_batch",
            [
                keys.ACTIVE,
                keys.client(batch.client),
                submitted.remembered_at(batch.client, batch.idempotency),
                keys.JOBS,
                keys.batch(batch_id),
                *(keys.job(job.id) for job in jobs),
            ],
            [
                time.time(),
                batch_id,
                self._settings.max_queue,
                self.most(batch.client),
                int(_HEALS),
                batch.idempotency.digest if batch.idempotency else "",
                self._settings.job_keep_seconds,
                _BATCH_KEEP,
                int(batch.partial),
                len(flat(facts)),
                *flat(facts),
                *(part for job_id, fields in records for part in (job_id, len(fields), *fields)),
            ],
        )
        self._refuse(outcome.decode())
        return outcome.decode(), known.decode()

    def most(self, client: str) -> int:
        """Jobs that a client may have at once."""
        return self._quota(client) or self._settings.max_client_jobs

    def _refuse(self, outcome: str) -> None:
        if error := self._refusal(outcome):
            raise error

    def _refusal(self, outcome: str) -> SpeechError | None:
        """What the queue says to one job more."""
        if outcome == "queue_full":
            return QueueFull(
                f"{self._settings.max_queue} jobs wait or run already.",
                retry_after=self.lineup.drain(),
            )
        if outcome == "too_many":
            return TooManyJobs(
                "You have as many jobs waiting or running as you may.",
                retry_after=self.lineup.drain(),
            )
        if outcome == "conflict":
            return IdempotencyConflict("This Idempotency-Key was used with another body.")
        return None

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

    def batch(self, batch_id: str) -> BatchRecord:
        """The record of a batch. Raises UnknownBatch."""
        with answered():
            fields = self._redis.hgetall(keys.batch(batch_id))
        if b"id" not in fields:
            raise UnknownBatch("There is no batch of that id.", param="id")
        return BatchRecord.decode(fields)

    def describe_batch(self, record: BatchRecord) -> BatchView:
        """A batch with what became of each item."""
        refusal = self._refusal(record.refused)
        return batches.view(record, refusal.body()["error"] if refusal else {})

    def ended(self, job_id: str) -> bool:
        """True for a job that has ended, or that nobody remembers."""
        try:
            return self.get(job_id).state.terminal
        except UnknownJob:
            return True

    def look(self, job_id: str) -> JobView:
        """What a client sees of a job. Raises UnknownJob."""
        return self.describe(self.get(job_id))

    def describe(self, record: JobRecord) -> JobView:
        """A record with its place in the queue and the time until it is done."""
        if record.state is JobState.QUEUED:
            place = self.lineup.place(record)
            return view(record, position=place.ahead, eta_seconds=_rounded(place.seconds))
        if record.state is JobState.RUNNING:
            return view(record, eta_seconds=_rounded(self.lineup.left(record)))
        return view(record)

    def recent(self, limit: int, before: str | None = None) -> Iterator[JobRecord]:
        """Remembered jobs, the newest first, from the one after `before`."""
        with answered():
            while ids := self._page(before, limit):
                yield from self._records(ids)
                before = ids[-1]

    def _page(self, before: str | None, limit: int) -> list[str]:
        """Ids after `before`, whose rank may have moved since the last look."""
        rank = self._redis.zrevrank(keys.JOBS, before) if before else -1
        if rank is None:
            return []
        found = self._redis.zrevrange(keys.JOBS, rank + 1, rank + limit)
        return [job_id.decode() for job_id in found]

    def active(self) -> list[JobRecord]:
        """All jobs that wait, run or are paused."""
        with answered():
            return list(
                self._records(job_id.decode() for job_id in self._redis.zrange(keys.ACTIVE, 0, -1))
            )

    def retaking(self, output: str) -> list[Retaking]:
        """The active jobs that make takes of lines of an output; nothing else of them is read."""
        with answered():
            ids = [job_id.decode() for job_id in self._redis.zrange(keys.ACTIVE, 0, -1)]
            with self._redis.pipeline(transaction=False) as pipeline:
                for job_id in ids:
                    pipeline.hmget(keys.job(job_id), "line", "seed")
                found = zip(ids, pipeline.execute(), strict=True)
        places = [(job_id, (line or b"").decode(), seed) for job_id, (line, seed) in found]
        return [
            Retaking(job_id, int(line.partition("/")[2]), int(seed))
            for job_id, line, seed in places
            if line.startswith(f"{output}/")
        ]

    def listened(self, job_id: str) -> bool:
        """Whether somebody was attached to a job within the last seconds, on any API process."""
        with answered():
            return bool(self._redis.exists(keys.listening(job_id)))

    def busy(self) -> int:
        """How many jobs wait, run or are paused."""
        with answered():
            return self._redis.zcard(keys.ACTIVE)

    def lengths(self) -> dict[str, int]:
        """How many jobs wait in each queue."""
        with answered():
            return {name: self._redis.llen(rq.queue(name, self._redis).key) for name in keys.QUEUES}

    def _records(self, job_ids: Iterable[str]) -> Iterator[JobRecord]:
        with self._redis.pipeline(transaction=False) as pipeline:
            for job_id in job_ids:
                pipeline.hgetall(keys.job(job_id))
            for fields in pipeline.execute():
                if b"id" in fields and (record := _readable(fields)):
                    yield record

    # --- change ---

    def transition(
        self,
        record: JobRecord,
        target: JobState,
        *,
        attempt: int | None = None,
        holder: str = "",
        waiting: bool = False,
        reason: str = "",
        **fields: Any,
    ) -> int:
        """Take a job to `target` and tell its listeners; returns the attempt.

        With `attempt`, only while that attempt runs, and with `holder`, only while that worker runs
        it; with `waiting`, only while none does. Raises IllegalTransition, or its subclass Fenced
        where an attempt no longer holds.
        """
        allowed = origins(target) if attempt is None else [JobState.RUNNING]
        if waiting:
            allowed.remove(JobState.RUNNING)
        if target.terminal and not self._settings.store_text:
            fields["request"] = redacted(record.task, record.request)
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
                    keys.WEBHOOKS,
                    keys.batch(record.batch),
                ],
                [
                    time.time(),
                    record.id,
                    target.value,
                    "".join(f"{state.value}," for state in allowed),
                    "" if attempt is None else attempt,
                    holder,
                    int(target.terminal),
                    self._settings.job_keep_seconds,
                    _STREAM_AFTERLIFE,
                    event.model_dump_json(),
                    outbox.keeping(self._settings),
                    *flat(encode(**fields)),
                ],
            )
        if isinstance(outcome, int):
            if target.terminal:
                self._tell_end(record.model_copy(update={"state": target, **fields}))
            return outcome
        if attempt is not None:
            raise Fenced(f"Attempt {attempt} of job {record.id} no longer holds.")
        raise IllegalTransition(
            f"Job {record.id} cannot go from {outcome.decode()} to {target.value}."
        )

    def _tell_end(self, known: JobRecord) -> None:
        """A job has ended, which stays true if Redis cannot be asked for the whole record."""
        try:
            record = self.get(known.id)
        except (QueueUnavailable, UnknownJob):
            record = known
        audit.ended(record)
        self._told(record)

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
        _require_active(self.get(job_id))
        with answered():
            while not (self._withdraw(job_id) or self._interrupt(job_id)):
                if self.get(job_id).state.terminal:
                    break
        return self.get(job_id)

    def _withdraw(self, job_id: str) -> bool:
        """End a job that waits; a worker that has taken it meanwhile finds it ended."""
        try:
            self.transition(
                self.get(job_id), JobState.CANCELLED, waiting=True, finished_at=time.time()
            )
        except IllegalTransition:
            return False
        rq.forget(job_id, self._redis)
        return True

    def _interrupt(self, job_id: str) -> bool:
        """Ask a job that runs to stop; False if it does not run."""
        worker = self._flag(job_id, "cancel", True, JobState.RUNNING)
        if worker is None:
            return False
        rq.interrupt(job_id, worker, self._redis)
        return True

    def _flag(self, job_id: str, field: str, value: bool, *states: JobState) -> str | None:
        """Ask something of a job in one of these states: its last worker, or None in no such."""
        allowed = "".join(f"{state.value}," for state in states)
        worker = scripts.run(self._redis, "flag", [keys.job(job_id)], [field, int(value), allowed])
        return None if worker is None else worker.decode()

    # --- pause and go on ---

    def pause(self, job_id: str) -> JobRecord:
        """Let a pipeline rest: at once while it waits, after its present line while it runs.

        It keeps its place among the active jobs, so it counts towards MAX_QUEUE and
        MAX_CLIENT_JOBS: whoever resumes it is never refused. Raises UnknownJob, AlreadyEnded or
        NotPausable.
        """
        while not _rests(record := self.get(job_id)):
            _require_pausable(record)
            with answered():
                if not self._set_aside(record):
                    self._flag(job_id, "pause", True, JobState.RUNNING, JobState.PAUSED)
        return record

    def resume(self, job_id: str) -> JobRecord:
        """Let a paused job wait again, as the next of its queue; any other goes on as it does.

        Raises UnknownJob or AlreadyEnded.
        """
        while not _goes_on(record := self.get(job_id)):
            _require_active(record)
            with answered():
                if not self._wake(record):
                    self._flag(job_id, "pause", False, JobState.RUNNING, JobState.QUEUED)
        return record

    def between(self, record: JobRecord) -> JobState:
        """What becomes of a running job between two lines, asked in one round trip.

        PAUSED if somebody paused it; QUEUED if an interactive job waits that this process's worker
        would take before it; else RUNNING. The first two are told to `step_aside`.
        """
        prefixes = [keys.job(""), rq.JOB_PREFIX, turns.WINDOW]
        lane = [rq.queue(keys.INTERACTIVE, self._redis).key] if self._gives_way(record) else []
        with answered():
            found = scripts.run(self._redis, "between", [keys.job(record.id), *lane], prefixes)
        return JobState(found.decode())

    def _gives_way(self, record: JobRecord) -> bool:
        """Whether this process's worker takes interactive jobs before those of this one's queue."""
        served = self._settings.worker_queues
        if record.queue not in served or keys.INTERACTIVE not in served:
            return False
        return served.index(keys.INTERACTIVE) < served.index(record.queue)

    def step_aside(self, record: JobRecord, attempt: int, state: JobState) -> None:
        """Give a running job back between two lines: to wait (QUEUED) or to rest (PAUSED).

        When it is taken up again, by this worker or another, it is the same attempt: nobody hears
        of it, and the growing run stays in the same hands. So the fence cannot tell the two
        holders apart, and it is the caller who must see to it: write the last byte before the
        call, and leave the job, its run and its stream alone from then on, whatever this raises.
        One that was resumed meanwhile does not rest, but waits; one that was cancelled has ended.

        Raises Fenced, and QueueUnavailable, after which the job may or may not have been given
        back; if it was and RQ does not know it, recovery sees to that.
        """
        if state not in (JobState.QUEUED, JobState.PAUSED):
            raise ValueError(f"A job does not step aside to be {state.value}.")
        reason = _PAUSED if state is JobState.PAUSED else _GIVES_WAY
        me = self._settings.worker_name
        self.transition(record, state, attempt=attempt, holder=me, reason=reason, yielded=True)
        with answered():
            if self.get(record.id).cancel and self._withdraw(record.id):
                return  # somebody stopped it after its last look
            if state is JobState.QUEUED:
                self.requeue(record)
            else:
                self._rest(record.id)

    def _set_aside(self, record: JobRecord) -> bool:
        """Pause a job that waits; a worker that has taken it meanwhile leaves it alone."""
        try:
            self.transition(record, JobState.PAUSED, waiting=True, reason=_PAUSED, pause=True)
        except IllegalTransition:
            return False
        self._rest(record.id)
        return True

    def _rest(self, job_id: str) -> None:
        """RQ forgets a job that was paused; one that was resumed meanwhile waits after all."""
        rq.forget(job_id, self._redis)
        record = self.get(job_id)
        if record.state is JobState.PAUSED and not record.pause:
            self._wake(record)
        elif record.state is JobState.QUEUED:
            self.requeue(record)

    def _wake(self, record: JobRecord) -> bool:
        """Let a job that rests wait again; False if it does not rest."""
        try:
            self.transition(record, JobState.QUEUED, waiting=True, pause=False)
        except IllegalTransition:
            return False
        self.requeue(record)
        return True

    def release(self, record: JobRecord) -> None:
        """Take an ended job from among the active."""
        self._redis.zrem(keys.ACTIVE, record.id)
        self._redis.zrem(keys.client(record.client), record.id)


class Fenced(IllegalTransition):
    """Somebody else has begun the job anew; whatever this attempt still does counts for nothing."""

    code = "fenced"


def _require_active(record: JobRecord) -> None:
    if record.state.terminal:
        raise AlreadyEnded(f"The job has already ended as {record.state.value}.", param="id")


def _require_pausable(record: JobRecord) -> None:
    _require_active(record)
    if not has_lines(record.task):
        raise NotPausable(f"{record.task} is spoken in one go.", param="id")


def _rests(record: JobRecord) -> bool:
    """True for a job that is paused, or will be after its present line."""
    return record.pause and record.state in (JobState.PAUSED, JobState.RUNNING)


def _goes_on(record: JobRecord) -> bool:
    """True for a job that is not paused and will not be."""
    return not record.pause and record.state in (JobState.QUEUED, JobState.RUNNING)


def _readable(fields: dict[bytes, bytes]) -> JobRecord | None:
    """A record, unless another version of the service wrote what this one cannot read."""
    try:
        return JobRecord.decode(fields)
    except ValidationError as error:
        log.error("The record of job %r cannot be read: %s", fields[b"id"], error)
        return None


def _audit(job_id: str, submission: Submission) -> None:
    audit.admitted(job_id, submission.client, submission.request, submission.estimate)


def _rounded(seconds: float) -> float:
    """Tenths of a second, never 0: it is not done yet."""
    return max(0.1, round(seconds, 1))
