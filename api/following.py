"""Following a job from any sample: the older past from the file, the recent from Redis, then live.

What a listener is told of the job comes from its record, not from the stream, so nobody waits for
an event that was lost; what it hears is counted in samples, so nothing is heard twice.
"""

import time
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

import redis
from starlette.concurrency import run_in_threadpool

from api.deps import Context
from api.relay import Mailbox
from shared import events, keys
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import QueueUnavailable, UnknownFile, UnknownJob, UnknownOutput
from shared.jobs import JobRecord, JobView
from shared.requests import contract
from shared.states import JobState
from shared.stores import master
from shared.stores.recipe import Recipe

Message = (
    events.Header
    | events.Waiting
    | events.Notice
    | events.Restart
    | events.Fault
    | events.End
    | bytes
)
"""What a listener gets; bytes are audio, s16le."""

_LOOK = 1.0
"""Seconds after which a silent job's record is looked at again."""
_BLOCK = SAMPLE_RATE
"""Samples read at once when catching up."""
_CHUNK_MAX = SAMPLE_RATE // 2
"""No published chunk is longer, so one that holds a sample begins at most this much before it."""


@dataclass
class _Told:
    """What the listener knows already."""

    cursor: int
    take: int | None
    header: bool = False
    warnings: int = 0
    waiting: tuple[object, ...] = ()
    looked: float = 0.0


async def follow(
    context: Context, job_id: str, after: int = 0, take: int | None = None, audio: bool = True
) -> AsyncGenerator[Message]:
    """Everything about a job from sample `after` of `take` on, ending with `End`.

    Raises UnknownJob; QueueUnavailable when Redis is away at the beginning, and rides out an
    outage after that.
    """
    told = _Told(after, take)
    record = await fetch(context, job_id)
    if record is None:
        async for message in _finished(context, job_id, told, audio):
            yield message
        return
    async with context.hub.listen(job_id) as mailbox:
        while True:
            try:
                record = await fetch(context, job_id) or record
                async for message in _catch_up(context, record, told, audio):
                    yield message
            except (QueueUnavailable, redis.RedisError):
                await mailbox.next(_LOOK)
                continue
            if record.state.terminal:
                return
            async for piece in _live(mailbox, told, audio):
                yield piece


async def _live(mailbox: Mailbox, told: _Told, audio: bool) -> AsyncGenerator[bytes]:
    """Audio as it is published, until there is a reason to look at the record again."""
    while time.monotonic() - told.looked < _LOOK:
        entry = await mailbox.next(_LOOK)
        if entry is None or entry.audio is None:
            return
        if not audio:
            continue
        if entry.take < (told.take or 0):
            continue
        if entry.take != told.take or entry.sample > told.cursor or not told.header:
            return
        piece = entry.audio[2 * (told.cursor - entry.sample) :]
        if piece:
            told.cursor = entry.finish
            yield piece


async def fetch(context: Context, job_id: str) -> JobRecord | None:
    """The record of a job, None if Redis has forgotten it. Raises QueueUnavailable."""
    try:
        fields = await context.hub.redis.hgetall(keys.job(job_id))
    except (redis.ConnectionError, redis.TimeoutError) as error:
        raise QueueUnavailable("The queue does not answer.", retry_after=2) from error
    return JobRecord.decode(fields) if b"id" in fields else None


async def _catch_up(
    context: Context, record: JobRecord, told: _Told, audio: bool
) -> AsyncIterator[Message]:
    """All that the record says and the listener does not know."""
    told.looked = time.monotonic()
    if told.take is not None and told.take != record.take and (told.cursor or told.header):
        told.cursor = 0
        yield events.Restart(take=record.take, reason="The audio began anew.")
    told.take = record.take
    view = await run_in_threadpool(context.queue.describe, record)
    if (news := _waiting(view)) and news[0] != told.waiting:
        told.waiting = news[0]
        yield news[1]
    if not told.header and record.engine is not None:
        told.header = True
        yield header(record)
    for warning in (record.warnings or [])[told.warnings :]:
        told.warnings += 1
        yield events.Notice(message=warning)
    if audio and told.header:
        async for piece in _audio(context, record, told):
            yield piece
    if record.state.terminal:
        if record.error:
            yield events.Fault(error=record.error)
        yield _end(record)


async def _audio(context: Context, record: JobRecord, told: _Told) -> AsyncIterator[bytes]:
    """The audio between the cursor and what the record says was delivered."""
    while told.cursor < record.samples:
        recent = await _recent(context, record, told.cursor)
        if recent is not None:
            piece = recent
        else:
            count = min(_BLOCK, record.samples - told.cursor)
            piece = await run_in_threadpool(
                master.read, context.outputs, record.id, told.cursor, count
            )
        if not piece:
            return
        told.cursor += len(piece) // 2
        yield piece


async def _recent(context: Context, record: JobRecord, cursor: int) -> bytes | None:
    """Audio from the cursor on, as far as the job's stream still has it."""
    found = await context.hub.redis.xrange(
        keys.stream(record.id), min=max(0, cursor - _CHUNK_MAX), count=16
    )
    for entry_id, fields in found:
        entry = events.from_stream(entry_id, fields)
        if entry.take != record.take or entry.sample > cursor:
            return None
        if entry.audio and entry.sample <= cursor < entry.finish:
            return entry.audio[2 * (cursor - entry.sample) :]
    return None


async def _finished(
    context: Context, job_id: str, told: _Told, audio: bool
) -> AsyncIterator[Message]:
    """A job that Redis has forgotten, from its output."""
    try:
        recipe = await run_in_threadpool(context.index.recipe, job_id)
    except (UnknownOutput, UnknownFile) as error:
        raise UnknownJob("There is no job of that id.", param="id") from error
    yield events.Header(
        id=recipe.id,
        take=told.take or 0,
        sample_rate=recipe.sample_rate,
        engine=recipe.engine,
        mastered=True,
    )
    for warning in recipe.warnings:
        yield events.Notice(message=warning)
    while audio and told.cursor < recipe.samples:
        count = min(_BLOCK, recipe.samples - told.cursor)
        piece = await run_in_threadpool(master.read, context.outputs, job_id, told.cursor, count)
        if not piece:
            break
        told.cursor += len(piece) // 2
        yield piece
    yield _end_of(recipe)


def header(record: JobRecord) -> events.Header:
    """The header of a job whose engine is known."""
    if record.engine is None:
        raise ValueError("the job has no engine yet")
    return events.Header(
        id=record.id,
        take=record.take,
        sample_rate=SAMPLE_RATE,
        engine=record.engine,
        mastered=contract(record.task).kind == "task",
    )


def _waiting(view: JobView) -> tuple[tuple[object, ...], events.Waiting]:
    news = events.Waiting(
        id=view.id,
        state=view.state,
        progress=view.progress,
        stage=view.stage,
        position=view.position,
        eta_seconds=view.eta_seconds,
        audio_seconds=view.audio_seconds,
    )
    return (view.state, view.stage, view.position, round(view.progress, 2)), news


def _end(record: JobRecord) -> events.End:
    return events.End(
        id=record.id,
        state=record.state,
        samples=record.samples,
        result=record.result,
        warnings=record.warnings or [],
    )


def _end_of(recipe: Recipe) -> events.End:
    return events.End(
        id=recipe.id,
        state=JobState.SUCCEEDED,
        samples=recipe.samples,
        result=recipe.result(),
        warnings=recipe.warnings,
    )
