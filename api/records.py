"""Jobs in Redis as the event loop reads them: at once, or not at all."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import redis
from starlette.concurrency import run_in_threadpool

from shared import events, keys
from shared.audio.pcm import SAMPLE_RATE
from shared.connection import AsyncConnection
from shared.errors import QueueUnavailable
from shared.jobs import JobRecord, JobView
from shared.queue import JobQueue

_PATIENCE = 0.8
"""Seconds for one reading, with the opening of a connection."""
_CHUNK_MAX = SAMPLE_RATE // 2
"""No published chunk is longer, so one that holds a sample begins at most this much before it."""
_CHUNKS = 16
"""Entries of a stream read at once."""


@dataclass(frozen=True)
class Seen:
    """A job at one moment."""

    record: JobRecord
    news: events.Waiting


class Records:
    """Records and streams; every method raises QueueUnavailable when Redis does not answer."""

    def __init__(self, connection: AsyncConnection, queue: JobQueue) -> None:
        self._redis = connection
        self._queue = queue

    async def close(self) -> None:
        await self._redis.aclose()

    async def see(self, job_id: str) -> Seen | None:
        """A job as it is now; None if Redis does not know it."""
        async with answering():
            fields = await self._redis.hgetall(keys.job(job_id))
        if b"id" not in fields:
            return None
        record = JobRecord.decode(fields)
        return Seen(record, _news(await run_in_threadpool(self._queue.describe, record)))

    async def recent(self, record: JobRecord, cursor: int) -> bytes:
        """Audio from the cursor on, as far as the job's stream still has it without a gap."""
        async with answering():
            found = await self._redis.xrange(
                keys.stream(record.id), min=max(0, cursor - _CHUNK_MAX), count=_CHUNKS
            )
        sound = bytearray()
        for entry_id, fields in found:
            entry = events.from_stream(entry_id, fields)
            position = cursor + len(sound) // 2
            if entry.take != record.take or entry.sample > position:
                break
            if entry.audio and position < entry.finish:
                sound += entry.audio[2 * (position - entry.sample) :]
        return bytes(sound)


@asynccontextmanager
async def answering() -> AsyncGenerator[None]:
    """Raises QueueUnavailable where Redis does not answer in time."""
    try:
        async with asyncio.timeout(_PATIENCE):
            yield
    except (redis.ConnectionError, redis.TimeoutError, TimeoutError) as error:
        raise QueueUnavailable("The queue does not answer.", retry_after=2) from error


def _news(view: JobView) -> events.Waiting:
    return events.Waiting(
        id=view.id,
        state=view.state,
        progress=view.progress,
        stage=view.stage,
        position=view.position,
        eta_seconds=view.eta_seconds,
        audio_seconds=view.audio_seconds,
    )
