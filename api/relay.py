"""One subscription per job and process, however many listen; nobody's mailbox grows without bound.

A listener that is too slow loses its mailbox's content, not its audio: it is told that it lags, and
reads what it missed from the stream or the file.
"""

import asyncio
import logging
from collections import deque
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress

import redis

from shared import events, keys
from shared.connection import AsyncConnection

_MAILBOX = 64
"""Entries a listener may be behind before it has to catch up by itself."""
_IDLE = "tts:channel:-"
"""A channel nobody publishes on: a subscription must hold at least one."""

log = logging.getLogger(__name__)


class Mailbox:
    """What one listener has not read yet."""

    def __init__(self) -> None:
        self._entries: deque[events.Entry] = deque()
        self._lags = False
        self._bell = asyncio.Event()

    def post(self, entry: events.Entry | None) -> None:
        """Deliver an entry; None, or one too many, means that the listener must catch up."""
        if entry is None or len(self._entries) >= _MAILBOX:
            self._entries.clear()
            self._lags = True
        else:
            self._entries.append(entry)
        self._bell.set()

    async def next(self, seconds: float) -> events.Entry | None:
        """The next entry, or None when the listener should look at the record and catch up."""
        if not self._entries and not self._lags:
            self._bell.clear()
            # Not `wait_for`, which before Python 3.12 starts a task for every piece and listener.
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._bell.wait()
        if self._lags or not self._entries:
            self._lags = False
            self._entries.clear()
            return None
        return self._entries.popleft()


class Hub:
    """This process's ear in Redis."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._redis = connection
        self._pubsub = connection.pubsub()
        self._mailboxes: dict[str, set[Mailbox]] = {}
        self._lock = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None

    @property
    def redis(self) -> AsyncConnection:
        return self._redis

    @property
    def listeners(self) -> int:
        return sum(len(boxes) for boxes in self._mailboxes.values())

    @property
    def alive(self) -> bool:
        return self._task is not None and not self._task.done()

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="relay")

    async def stop(self) -> None:
        if self._task:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
        await self._pubsub.aclose()
        await self._redis.aclose()

    @asynccontextmanager
    async def listen(self, job_id: str) -> AsyncGenerator[Mailbox]:
        """A mailbox that gets the job's entries from now on."""
        channel, mailbox = keys.channel(job_id), Mailbox()
        async with self._lock:
            first = channel not in self._mailboxes
            self._mailboxes.setdefault(channel, set()).add(mailbox)
            if first:
                await self._ask(self._pubsub.subscribe, channel)
        try:
            yield mailbox
        finally:
            async with self._lock:
                boxes = self._mailboxes[channel]
                boxes.discard(mailbox)
                if not boxes:
                    del self._mailboxes[channel]
                    await self._ask(self._pubsub.unsubscribe, channel)

    async def _ask(self, verb: AsyncConnection, channel: str) -> None:
        """Change the subscription; while Redis is away it is renewed on reconnecting."""
        with suppress(redis.ConnectionError, redis.TimeoutError):
            await verb(channel)

    async def _run(self) -> None:
        while True:
            try:
                await self._renew()
                while True:
                    await self._receive()
            except (redis.ConnectionError, redis.TimeoutError) as error:
                log.warning("The relay lost Redis: %s", error)
                self._wake_all()
                await self._pubsub.aclose()
                await asyncio.sleep(0.2)

    async def _renew(self) -> None:
        async with self._lock:
            self._pubsub = self._redis.pubsub()
            await self._pubsub.subscribe(_IDLE, *self._mailboxes)
        self._wake_all()

    async def _receive(self) -> None:
        message = await self._pubsub.get_message(ignore_subscribe_messages=True, timeout=2)
        if message is None:
            return
        entry = events.from_channel(message["data"])
        for mailbox in self._mailboxes.get(message["channel"].decode(), ()):
            mailbox.post(entry)

    def _wake_all(self) -> None:
        for boxes in self._mailboxes.values():
            for mailbox in boxes:
                mailbox.post(None)
