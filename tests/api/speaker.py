"""A worker's part of a job, played by a test word for word; and a listener to it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import redis

from api.app import open_context
from api.deps import Context
from api.following import Message, follow
from shared import events, keys
from shared.audio.pcm import SAMPLE_RATE
from shared.connection import Connection, prompt
from shared.jobs import EngineInfo, encode
from shared.queue import JobQueue
from shared.requests.custom_voice import CustomVoice
from shared.settings import load
from shared.states import JobState
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.submission import Submission
from worker.pulse import Pulse
from worker.recording import Recording

ENGINE = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="",
    preview=True,
    checkpoint="",
    revision="",
)
PATIENCE = 20.0
Kind = TypeVar("Kind")


class Speaker:
    """A job that is begun, spoken and ended as the test says."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = load(redis_url=url, outputs_dir=folder)
        self.redis: Connection = redis.Redis.from_url(url, protocol=2)
        self.queue = JobQueue(self.redis, self.settings)
        self.store = FolderOutputs(folder)
        submission = Submission(CustomVoice.parse({"text": "Hello."}), "me", keys.INTERACTIVE, 1.0)
        self.id = self.queue.submit(submission)[0].id

    def begin(self) -> None:
        """Start an attempt and announce the engine."""
        record = self.queue.get(self.id)
        number = self.queue.transition(record, JobState.RUNNING)
        self.recording = Recording(
            self.redis,
            prompt(self.settings.redis_url),
            self.store.begin(self.id, number),
            self.settings,
            record,
            number,
            Pulse(),
        )
        self.recording.begin("preview/1")
        self.recording.announce(
            events.Header(
                id=self.id,
                take=record.take,
                sample_rate=SAMPLE_RATE,
                engine=ENGINE,
                mastered=True,
            ),
            **encode(engine=ENGINE, fingerprint="preview/1"),
        )

    def say(self, samples: int = 2_000) -> None:
        """One chunk of noise."""
        noise = np.random.default_rng(self.recording.position).uniform(-0.5, 0.5, samples)
        self.recording.take(noise.astype(np.float32))

    def end(self, state: JobState, **fields: Any) -> None:
        self.queue.transition(self.queue.get(self.id), state, **fields)

    def tidy(self) -> None:
        """What happens to an ended job within seconds: its stream expires, its file is deleted."""
        self.redis.delete(keys.stream(self.id))
        self.store.discard(self.id)

    def said(self) -> bytes:
        """The present take: what the file holds."""
        return self.store.read(self.id, MASTER, 0, 1 << 24)

    def calls(self) -> dict[str, int]:
        """How often each command was sent to Redis since `forget_calls`."""
        stats = self.redis.info("commandstats")
        return {name.removeprefix("cmdstat_"): entry["calls"] for name, entry in stats.items()}

    def forget_calls(self) -> None:
        self.redis.config_resetstat()


@dataclass
class Listener:
    """What one listener has been told so far."""

    pcm: bytes = b""
    messages: list[Message] = field(default_factory=list)

    def take(self, message: Message) -> None:
        if isinstance(message, bytes):
            self.pcm += message
            return
        if isinstance(message, events.Restart):
            self.pcm = b""
        self.messages.append(message)

    def of(self, kind: type[Kind]) -> list[Kind]:
        return [message for message in self.messages if isinstance(message, kind)]

    @property
    def end(self) -> events.End:
        last = self.messages[-1]
        assert isinstance(last, events.End)
        return last


@asynccontextmanager
async def serving(speaker: Speaker) -> AsyncGenerator[Context]:
    """What an API process holds, running."""
    context = open_context(speaker.settings)
    context.hub.start()
    try:
        yield context
    finally:
        await context.hub.stop()
        await context.records.close()
        context.redis.close()


async def listen(
    context: Context,
    speaker: Speaker,
    listener: Listener | None = None,
    after: int = 0,
    take: int | None = None,
) -> Listener:
    """Follow the job to its end."""
    listener = listener or Listener()
    async with asyncio.timeout(PATIENCE), aclosing(follow(context, speaker.id, after, take)) as all:
        async for message in all:
            listener.take(message)
    return listener


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)
