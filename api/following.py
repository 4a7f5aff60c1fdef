"""Following a job from any sample: the older past from the file, the recent from Redis, then live.

What a listener is told of the job comes from its record, not from the stream, so nobody waits for
an event that was lost; what it hears is counted in samples, so nothing is heard twice.
"""

import sys
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass

from starlette.concurrency import run_in_threadpool

from api.deps import Context
from api.records import Seen
from api.relay import MISSED, Ear
from shared import events
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import JobLost, QueueUnavailable, UnknownFile, UnknownJob, UnknownOutput
from shared.jobs import JobRecord
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

_BLOCK = SAMPLE_RATE
"""Samples read at once when catching up."""
_ALL = sys.maxsize
_RESTART = "The audio began anew."
"""Said where the worker, an older one, gave no reason."""


@dataclass
class _Told:
    """What the listener knows already."""

    cursor: int
    take: int
    begun: bool = False
    ended: bool = False
    header: bool = False
    warnings: int = 0
    news: tuple[object, ...] = ()
    owed: int = _ALL
    """Samples up to which live entries cannot be counted on; the rest is on its way."""


async def follow(
    context: Context, job_id: str, after: int = 0, take: int | None = None, audio: bool = True
) -> AsyncGenerator[Message]:
    """Everything about a job from sample `after` of `take` on, ending with `End`.

    A cursor without its take counts from the first. Raises UnknownJob; QueueUnavailable when
    Redis is away at the beginning, and rides out an outage after that; ServiceStopping.
    """
    told = _Told(after, take or 0)
    with context.hub.listen(job_id, sound=audio) as ear:
        async for message in _attend(context, ear, told, audio):
            yield message
    if not told.ended:
        async for message in _remembered(context, job_id, told, audio):
            yield message


async def _attend(context: Context, ear: Ear, told: _Told, audio: bool) -> AsyncGenerator[Message]:
    """Everything until the job has ended, or its record is gone."""
    while not told.ended:
        try:
            if (seen := await ear.look()) is None:
                return
            async for message in _catch_up(context, seen, told, audio):
                yield message
        except QueueUnavailable:
            if not told.begun:
                raise
        if not told.ended:
            async for piece in _live(ear, told, audio):
                yield piece


async def _live(ear: Ear, told: _Told, audio: bool) -> AsyncGenerator[bytes]:
    """Audio as it is published, until there is a reason to look at the record again."""
    while (entry := await ear.next()) is not None:
        if entry is MISSED:
            told.owed = _ALL
        if entry.audio is None:
            return
        if not audio or entry.take < told.take:
            continue
        if entry.take > told.take or entry.sample > told.cursor or not told.header:
            told.owed = _ALL
            return
        if piece := entry.audio[2 * (told.cursor - entry.sample) :]:
            told.cursor = entry.finish
            yield piece


async def _catch_up(
    context: Context, seen: Seen, told: _Told, audio: bool
) -> AsyncIterator[Message]:
    """All that the record says and the listener does not know."""
    record, told.begun = seen.record, True
    if told.take != record.take and (told.cursor or told.header):
        told.cursor = 0
        yield events.Restart(take=record.take, reason=record.restart_reason or _RESTART)
    told.take = record.take
    if (news := _gist(seen.news)) != told.news:
        told.news = news
        yield seen.news
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
        told.ended = True
        yield _end(record)


async def _audio(
    context: Context, record: JobRecord, told: _Told
) -> AsyncIterator[bytes | events.Fault]:
    """The audio between the cursor and what the record says was delivered.

    A live listener gets the newest from its channel; here it would be asked for once for each of
    them. What is a whole look late was lost on the way.
    """
    until = record.samples if record.state.terminal else min(record.samples, told.owed)
    told.owed = record.samples
    while told.cursor < until:
        try:
            piece = await context.records.recent(record, told.cursor)
            piece = piece or await _read(context, record.id, told.cursor, until)
        except (UnknownFile, UnknownOutput) as error:
            # Taken back with a failed or cancelled job, or between the hands of two attempts.
            if record.state is JobState.SUCCEEDED:
                yield events.Fault(error=error.body()["error"])
            return
        if not piece:
            return
        told.cursor += len(piece) // 2
        yield piece


async def _read(context: Context, job_id: str, first: int, until: int) -> bytes:
    """Audio from the file, at most up to sample `until`."""
    count = min(_BLOCK, until - first)
    return await run_in_threadpool(master.read, context.outputs, job_id, first, count)


async def _remembered(
    context: Context, job_id: str, told: _Told, audio: bool
) -> AsyncIterator[Message]:
    """A job that Redis has forgotten, from its output. Raises UnknownJob if nobody knew it."""
    try:
        recipe = await run_in_threadpool(context.index.recipe, job_id)
    except (UnknownOutput, UnknownFile) as error:
        if not told.begun:
            raise UnknownJob("There is no job of that id.", param="id") from error
        yield events.Fault(error=JobLost("The queue has lost this job.").body()["error"])
        yield _end_of_nothing(job_id, told)
        return
    if told.take != recipe.take and (told.cursor or told.header):
        told.cursor = 0
        yield events.Restart(take=recipe.take, reason=_RESTART)
    if not told.header:
        yield _header_of(recipe)
    for warning in recipe.warnings[told.warnings :]:
        yield events.Notice(message=warning)
    while audio and told.cursor < recipe.samples:
        piece = await _read(context, job_id, told.cursor, recipe.samples)
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


def _header_of(recipe: Recipe) -> events.Header:
    return events.Header(
        id=recipe.id,
        take=recipe.take,
        sample_rate=recipe.stream_rate,
        engine=recipe.engine,
        mastered=not recipe.stream,
    )


def _gist(news: events.Waiting) -> tuple[object, ...]:
    """What makes news worth telling."""
    return (news.state, news.stage, news.position, round(news.progress, 2))


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


def _end_of_nothing(job_id: str, told: _Told) -> events.End:
    return events.End(
        id=job_id, state=JobState.FAILED, samples=told.cursor, result=None, warnings=[]
    )
