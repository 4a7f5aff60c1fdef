"""One subscription, one reading of each message and one look a second, however many listen.

A channel keeps a job's latest entries once, and a listener only its place among them. One that is
too slow loses its place, not its audio: it reads what it missed from the stream or the file.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import redis

from api.records import Seen
from api.stopping import stop
from shared import events, keys
from shared.connection import AsyncConnection
from shared.errors import QueueUnavailable, ServiceStopping

MISSED = events.Entry(kind=b"", seq=0, sample=0, take=0, data=b"")
"""Stands for entries that did not come through."""

_KEPT = 64
"""Entries a listener may be behind before it has to catch up by itself."""
_FRESH = 1.0
"""Seconds for which a look at a job is good if nothing happens."""
_TELL = 3.0
"""Seconds between two words to the workers that somebody listens."""
_BELIEVED = 10
"""Seconds for which such a word is good; there is none that somebody has gone."""
_RETRY = 0.2
"""Seconds between two tries while Redis is away."""
_IDLE = "tts:channel:-"
"""A channel nobody publishes on: a subscription must hold at least one."""

log = logging.getLogger(__name__)


@dataclass
class Look:
    """What one look at a job found, for all who listen to it."""

    heard: int
    """Entries of the channel that had come when it began; it knows of all of them."""
    seen: Seen | None = None
    trouble: QueueUnavailable | None = None
    fresh: bool = True


class Channel:
    """What this process hears and knows of one job."""

    def __init__(self, job_id: str, see: Callable[[], Awaitable[Seen | None]]) -> None:
        self.job_id = job_id
        self._see = see
        self._entries: deque[events.Entry] = deque(maxlen=_KEPT)
        self._bell = asyncio.Event()
        self._turn = asyncio.Lock()
        self._look = Look(heard=0, fresh=False)
        self.heard = 0
        """Entries that have come so far."""
        self.listeners = 0
        self.hearers = 0
        """Those of them who want the sound."""
        self.closed = False

    def close(self) -> None:
        """Send all listeners home."""
        self.closed = True
        self._ring()

    def post(self, entry: events.Entry) -> None:
        """Let all listeners have an entry."""
        self._entries.append(entry)
        self.heard += 1
        self._ring()

    def entry(self, number: int) -> events.Entry | None:
        """An entry by its number, None if it is no longer kept."""
        place = number - self.heard + len(self._entries)
        return self._entries[place] if place >= 0 else None

    async def bell(self) -> None:
        """Come back when there is an entry or a look has aged."""
        await self._bell.wait()

    async def look(self, since: int) -> Look:
        """The job as it was after `since` entries or later."""
        async with self._turn:
            if not self._look.fresh or self._look.heard < since:
                self._look = await self._look_now()
            return self._look

    async def _look_now(self) -> Look:
        look = Look(self.heard)
        try:
            look.seen = await self._see()
        except QueueUnavailable as error:
            look.trouble = error
        asyncio.get_running_loop().call_later(_FRESH, self._age, look)
        return look

    def _age(self, look: Look) -> None:
        look.fresh = False
        self._ring()

    def _ring(self) -> None:
        """Wake those who wait now, not those who will."""
        self._bell.set()
        self._bell.clear()


class Ear:
    """One listener's place on a channel."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._next = channel.heard
        self._look = Look(heard=0, fresh=False)

    async def look(self) -> Seen | None:
        """The job, as new as anything heard; None if Redis has lost it.

        Raises QueueUnavailable, and ServiceStopping once nobody may listen any more.
        """
        if self._channel.closed:
            raise ServiceStopping("The service is stopping.")
        self._look = await self._channel.look(self._next)
        if self._look.trouble:
            raise QueueUnavailable(self._look.trouble.message, retry_after=2)
        return self._look.seen

    async def next(self) -> events.Entry | None:
        """The next entry, or MISSED; None when it is time to look again."""
        while self._current and self._next == self._channel.heard:
            await self._channel.bell()
        if not self._current:
            return None
        entry = self._channel.entry(self._next)
        if entry is None:
            self._next = self._channel.heard
            return MISSED
        self._next += 1
        return entry

    @property
    def _current(self) -> bool:
        return self._look.fresh and not self._channel.closed


class Hub:
    """This process's ear in Redis."""

    def __init__(
        self, connection: AsyncConnection, see: Callable[[str], Awaitable[Seen | None]]
    ) -> None:
        self._redis = connection
        self._see = see
        self._pubsub = connection.pubsub()
        self._channels: dict[str, Channel] = {}
        self._subscribed: set[str] = set()
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._telling: asyncio.Task[None] | None = None
        self._changes: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def listeners(self) -> int:
        return sum(channel.listeners for channel in self._channels.values())

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="relay")
        self._telling = asyncio.create_task(self._keep_telling(), name="presence")

    def close(self) -> None:
        """Send home all who listen, and who will."""
        self._closed = True
        for channel in self._channels.values():
            channel.close()

    async def stop(self) -> None:
        await stop(*self._changes, *filter(None, (self._task, self._telling)))
        await self._pubsub.aclose()
        await self._redis.aclose()

    @contextmanager
    def listen(self, job_id: str, *, sound: bool = True) -> Generator[Ear]:
        """A place on the job's channel, from now on.

        Nobody waits for the subscription: once Redis confirms it, the listener looks anew. Only
        who wants the `sound` is one that the workers hurry for.
        """
        name = keys.channel(job_id)
        channel = self._channels.setdefault(name, Channel(job_id, partial(self._see, job_id)))
        channel.closed = self._closed
        channel.listeners += 1
        channel.hearers += sound
        if sound and channel.hearers == 1:
            self._change(self._tell([job_id]))
        self._change(self._settle(name))
        try:
            yield Ear(channel)
        finally:
            channel.listeners -= 1
            channel.hearers -= sound
            if not channel.listeners:
                del self._channels[name]
                self._change(self._settle(name))

    def _change(self, change: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(change)
        self._changes.add(task)
        task.add_done_callback(self._changes.discard)

    async def _settle(self, name: str) -> None:
        """Hear a channel as long as somebody listens."""
        async with self._lock:
            wanted = name in self._channels
            if wanted == (name in self._subscribed):
                return
            (self._subscribed.add if wanted else self._subscribed.discard)(name)
            # If the connection is broken, so is what `_hear` waits for: it begins anew.
            with suppress(redis.RedisError):
                await (self._pubsub.subscribe if wanted else self._pubsub.unsubscribe)(name)

    async def _keep_telling(self) -> None:
        while True:
            await asyncio.sleep(_TELL)
            heard = [it.job_id for it in self._channels.values() if it.hearers]
            await self._tell(heard)

    async def _tell(self, job_ids: Sequence[str]) -> None:
        """Let the workers know that somebody listens to these jobs."""
        with suppress(redis.RedisError):  # it is said again, and nobody misses sound by it
            async with self._redis.pipeline(transaction=False) as pipeline:
                for job_id in job_ids:
                    pipeline.set(keys.listening(job_id), 1, ex=_BELIEVED)
                await pipeline.execute()

    async def _run(self) -> None:
        while True:
            try:
                await self._hear()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                log.warning("The relay lost Redis: %s", error)
            except Exception:
                # Without the relay this process would be deaf for the rest of its life.
                log.exception("The relay met a fault and begins anew.")
            for channel in self._channels.values():
                channel.post(MISSED)
            await asyncio.sleep(_RETRY)

    async def _hear(self) -> None:
        async with self._lock:
            await self._pubsub.aclose()
            self._pubsub = self._redis.pubsub()
            self._subscribed = set(self._channels)
            await self._pubsub.subscribe(_IDLE, *self._subscribed)
        while True:
            message = await self._pubsub.get_message(timeout=2)
            if message is not None and message["channel"] is not None:
                self._deliver(message["type"], message["channel"].decode(), message["data"])

    def _deliver(self, kind: str, name: str, data: bytes) -> None:
        channel = self._channels.get(name)
        if channel is None:
            return
        if kind == "subscribe":
            channel.post(MISSED)
        elif kind == "message":
            channel.post(_entry(name, data))


def _entry(name: str, message: bytes) -> events.Entry:
    try:
        return events.from_channel(message)
    except ValueError:
        log.exception("A message on %s is not understood: %r", name, message[:80])
        return MISSED
