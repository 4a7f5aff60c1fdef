"""From a chunk's publication in Redis to its receipt by each of many WebSocket clients.

A subscriber of its own process reads the job's channel as the API does; listeners live in another.
Both stamp what they get with the monotonic clock, which all processes of a machine share, and a
chunk is known in both by the sample at which it ends.
"""

import asyncio
import multiprocessing
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from multiprocessing.connection import Connection as Pipe
from typing import Any

from websockets.asyncio.client import connect

from shared import connection, keys
from shared.client import Client
from shared.client.address import socket_address
from shared.events import from_channel
from tools.bench.service import Service

_TEXT = "The lamp turned, ten seconds, ten seconds, and ten, and nobody counted them. " * 2
_PATIENCE = 60.0

Stamps = dict[int, float]
"""Sample after a chunk → seconds on the monotonic clock."""


def measure(service: Service, listeners: int) -> list[float]:
    """Milliseconds, one value a chunk and listener, sorted."""
    with Client(service.url) as client:
        # It keeps the worker busy until everybody listens.
        ahead = client.submit("custom_voice", {"text": _TEXT * 9, "language": "english"})
        job = client.submit("custom_voice", {"text": _TEXT, "language": "english"})
        with (
            _process(_subscribe, service.redis_url, job.id) as ear,
            _process(_listen, service.url, job.id, listeners) as crowd,
        ):
            for pipe in (ear, crowd):
                _received(pipe)
            client.cancel(ahead.id)
            heard: list[Stamps] = _received(crowd)
            ear.send("enough")
            published: Stamps = _received(ear)
    return sorted(_latencies(published, heard))


@contextmanager
def _process(work: Callable[..., None], *arguments: object) -> Generator[Pipe]:
    """`work` in an interpreter of its own, and a pipe to it; its last argument is the other end."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=work, args=(*arguments, theirs), daemon=True)
    process.start()
    try:
        yield ours
    finally:
        process.join(_PATIENCE)


def _latencies(published: Stamps, heard: Iterable[Stamps]) -> Iterable[float]:
    """Of the chunks that every listener heard live: those after the last one's first."""
    heard = list(heard)
    begun = max(min(stamps) for stamps in heard)
    for stamps in heard:
        for finish, at in stamps.items():
            if finish > begun and finish in published:
                yield 1000 * (at - published[finish])


def _received(pipe: Pipe) -> Any:
    if not pipe.poll(_PATIENCE):
        raise TimeoutError("A process of the measurement says nothing.")
    return pipe.recv()


def _subscribe(redis_url: str, job_id: str, pipe: Pipe) -> None:
    """Process: stamp every chunk of a job as Redis publishes it."""
    stamps: Stamps = {}
    with connection.patient(redis_url) as redis, redis.pubsub() as channel:
        channel.subscribe(keys.channel(job_id))
        pipe.send("listening")
        while not pipe.poll():
            message = channel.get_message(ignore_subscribe_messages=True, timeout=0.5)
            if message is None:
                continue
            now = time.monotonic()
            entry = from_channel(message["data"])
            if entry.audio:
                stamps[entry.finish] = now
    pipe.send(stamps)


def _listen(url: str, job_id: str, listeners: int, pipe: Pipe) -> None:
    """Process: that many WebSocket clients of one job."""
    pipe.send(asyncio.run(_crowd(url, job_id, listeners, pipe)))


async def _crowd(url: str, job_id: str, listeners: int, pipe: Pipe) -> list[Stamps]:
    attached = asyncio.Semaphore(0)
    tasks = [asyncio.create_task(_listener(url, job_id, attached)) for _ in range(listeners)]
    for _ in tasks:
        await attached.acquire()
    pipe.send("attached")
    return await asyncio.gather(*tasks)


async def _listener(url: str, job_id: str, attached: asyncio.Semaphore) -> Stamps:
    stamps: Stamps = {}
    samples, told = 0, False
    address = socket_address(url, f"/v1/jobs/{job_id}/stream", None)
    async with connect(address, max_size=None, open_timeout=_PATIENCE) as socket:
        async for frame in socket:
            if isinstance(frame, bytes):
                now = time.monotonic()
                samples += len(frame) // 2
                stamps[samples] = now
            elif not told:
                told = True
                attached.release()
    return stamps
