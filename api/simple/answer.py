"""The sound of a job as the answer to whoever asked for it: whole, or while it grows."""

import os
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, aclosing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Any

from fastapi import Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from api.audio import Growing, engine_headers, job_audio, warning_headers
from api.deps import Context
from api.leaving import CLIENT_GONE, unless_gone
from api.speaking import Heard, hear
from shared import events, spool
from shared.audio.encode import Track
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.shaping import Shaping
from shared.dialects.simple import Speech
from shared.errors import JobFailed
from shared.jobs import EngineInfo, JobRecord
from shared.requests.declared import Format
from shared.stores import master
from shared.stores.recipe import Timings

_BLOCK = SAMPLE_RATE * 5
"""Samples that are read at once."""
_PIECE = 1 << 18


@dataclass(frozen=True)
class _Spoken:
    """A job that has succeeded, as whoever heard it was told."""

    record: JobRecord
    engine: EngineInfo
    end: events.End

    def headers(self, seconds: float) -> dict[str, str]:
        """What it took to make, of so many seconds of sound as are sent."""
        told: dict[str, Any] = self.end.result or {}
        timings = Timings.model_validate(told["timings"])
        return {
            **_known_before(self.record, self.engine),
            "X-Queue-Ms": _milliseconds(timings.queued),
            "X-First-Audio-Ms": _milliseconds(timings.first_audio),
            "X-Generation-Ms": _milliseconds(timings.generation),
            "X-Real-Time-Factor": f"{timings.real_time_factor:.3f}",
            "X-Audio-Seconds": f"{seconds:.3f}",
            "X-TTS-Cache": _cache(told.get("caches")),
            **warning_headers(self.end.warnings),
        }


# --- the whole ---


async def whole(request: Request, here: Context, speech: Speech, record: JobRecord) -> Response:
    """The finished file, once the job has ended."""
    spoken = await unless_gone(request, _spoken(here, record))
    if spoken is None:
        return Response(status_code=CLIENT_GONE)
    if speech.speed == 1:
        response = await job_audio(record.id, request, here)
        # A part of it cannot be had here: asking again speaks again.
        del response.headers["Accept-Ranges"]
        samples = spoken.end.samples
    else:
        sink, samples = await run_in_threadpool(_paced, here, speech, spoken.end)
        response = _file(sink, speech)
    response.headers.update(spoken.headers(samples / SAMPLE_RATE))
    return response


async def _spoken(here: Context, record: JobRecord) -> _Spoken:
    """Hear a job to its good end; who gives up cancels it."""
    engine = record.engine
    async with aclosing(hear(here, record.id)) as messages:
        async for message in messages:
            match message:
                case events.Header():
                    engine = message.engine
                case events.End() if engine:
                    return _Spoken(record, engine, message)
                case _:
                    continue
    raise _silent()


def _paced(here: Context, speech: Speech, end: events.End) -> tuple[IO[bytes], int]:
    """The recording of a job at another speed, as a file that nobody keeps; and its samples."""
    shaping, samples = Shaping("pcm", speed=speech.speed), 0
    with ExitStack() as unless_made, spool.explained():
        sink = unless_made.enter_context(TemporaryFile())
        write, finish = _writing(sink, speech.format)
        for piece in _pieces(here, end, shaping):
            write(piece)
            samples += len(piece) // 2
        finish()
        unless_made.pop_all()
    return sink, samples


def _pieces(here: Context, end: events.End, shaping: Shaping) -> Iterator[bytes]:
    for first in range(0, end.samples, _BLOCK):
        yield shaping.feed(master.read(here.outputs, end.id, first, _BLOCK))
    yield shaping.finish()


def _writing(sink: IO[bytes], format: Format) -> tuple[Callable[[bytes], Any], Callable[[], None]]:
    """How samples get into a file whose header is completed at the end."""
    spec = FORMATS[format]
    if spec.container is None:
        return sink.write, sink.flush
    track = Track(sink, spec, spec.file, SAMPLE_RATE)
    return track.feed, track.finish


def _file(sink: IO[bytes], speech: Speech) -> Response:
    size = sink.seek(0, os.SEEK_END)
    return StreamingResponse(
        _blocks(sink),
        headers={"Content-Length": str(size)},
        media_type=FORMATS[speech.format].media_type,
    )


def _blocks(sink: IO[bytes]) -> Iterator[bytes]:
    with sink:
        sink.seek(0)
        while block := sink.read(_PIECE):
            yield block


# --- while it grows ---


async def streamed(request: Request, here: Context, speech: Speech, record: JobRecord) -> Response:
    """A response that begins with the sound, so that its headers can say what speaks."""
    async with AsyncExitStack() as unless_sent:
        messages = hear(here, record.id)
        unless_sent.push_async_callback(messages.aclose)
        opened = await unless_gone(request, _opened(messages))
        if opened is None:
            return Response(status_code=CLIENT_GONE)
        engine, first = opened
        begun = await run_in_threadpool(here.queue.get, record.id)
        unless_sent.pop_all()
    return Growing(
        _sound(first, messages, Shaping(speech.format, speed=speech.speed)),
        media_type=FORMATS[speech.format].media_type,
        headers={
            **_known_before(record, engine),
            **_queued(begun),
            **warning_headers(begun.warnings or []),
        },
    )


async def _opened(messages: AsyncGenerator[Heard]) -> tuple[EngineInfo, bytes]:
    """What speaks, and the first sound: by then everything has been said that comes before it."""
    engine: EngineInfo | None = None
    async for message in messages:
        if isinstance(message, events.Header):
            engine = message.engine
        elif isinstance(message, bytes) and engine:
            return engine, message
    raise _silent()


async def _sound(
    first: bytes, messages: AsyncGenerator[Heard], shaping: Shaping
) -> AsyncGenerator[bytes]:
    async with aclosing(messages):
        yield shaping.feed(first)
        async for message in messages:
            if isinstance(message, bytes) and (data := shaping.feed(message)):
                yield data
    yield shaping.finish()


def _silent() -> JobFailed:
    return JobFailed("The job ended without a sound.")


# --- headers ---


def _known_before(record: JobRecord, engine: EngineInfo) -> dict[str, str]:
    """What is known when the sound begins."""
    return {
        **engine_headers(engine),
        "X-Job-Id": record.id,
        "X-Seed": str(record.seed),
        "Cache-Control": "no-store",
    }


def _queued(record: JobRecord) -> dict[str, str]:
    waited = (record.started_at or record.created_at) - record.created_at
    return {"X-Queue-Ms": _milliseconds(waited)}


def _milliseconds(seconds: float) -> str:
    return f"{1_000 * max(0.0, seconds):.0f}"


def _cache(caches: dict[str, dict[str, int]] | None) -> str:
    """Of each cache that was asked, whether it had what was wanted."""
    if caches is None:
        return "unknown"
    return ", ".join(f"{name}={_luck(**asked)}" for name, asked in caches.items()) or "none"


def _luck(hits: int, misses: int) -> str:
    return "partial" if hits and misses else "hit" if hits else "miss"
