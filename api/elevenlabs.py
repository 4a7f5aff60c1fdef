"""`/v1/text-to-speech/…` and `/v2/voices`: what ElevenLabs' clients ask for over HTTP."""

import base64
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.audio import Growing, engine_headers
from api.deps import Context, Here
from api.leaving import CLIENT_GONE, unless_gone
from api.speaking import Heard, begin, hear
from shared import events
from shared.audio.pcm import SAMPLE_RATE
from shared.dialects import elevenlabs, voices
from shared.dialects.elevenlabs import (
    OUTPUT_FORMATS,
    Conversion,
    Leaving,
    OutputFormat,
    ShortConversion,
    Timed,
    VoicesFound,
    WithTimestamps,
)
from shared.errors import JobFailed
from shared.jobs import EngineInfo
from shared.stores.recipe import Segment
from shared.voices.view import VoiceQuery
from shared.voices.view import search as found

router = APIRouter(tags=["elevenlabs"])

_MOST_VOICES = 1_000
_JSON_LINES = "application/x-ndjson"
_HEADERS = {
    name: {"description": meaning, "schema": {"type": "string"}}
    for name, meaning in {
        "request-id": "The job; GET /v1/jobs/{id} has all of it.",
        "character-cost": "Characters of the text.",
        "X-TTS-Engine": "What spoke.",
        "X-TTS-Preview": "`true` where it is not Qwen3-TTS.",
    }.items()
}
_MEDIA_TYPES = {elevenlabs.media_type(output).split(";")[0] for output in OUTPUT_FORMATS}
_AUDIO: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound, sent while it is made.",
        "content": {media_type: {} for media_type in sorted(_MEDIA_TYPES)},
        "headers": _HEADERS,
    }
}
_LINES: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "A line of JSON for each piece of sound; the last one has the alignment.",
        "content": {_JSON_LINES: {"schema": {"type": "string"}}},
        "headers": _HEADERS,
    }
}

VoiceId = Annotated[
    str, Path(max_length=120, description="A voice of the library, a speaker, or an alias.")
]
Output = Annotated[
    OutputFormat, Query(description="Codec, Hz and kbit/s; the last of them is not followed.")
]


# --- speak ---


@router.post(
    "/v1/text-to-speech/{voice_id}",
    summary="Speak, for ElevenLabs' clients",
    response_class=Response,
    responses=_AUDIO,
)
@router.post(
    "/v1/text-to-speech/{voice_id}/stream",
    summary="Speak and stream, for ElevenLabs' clients",
    response_class=Response,
    responses=_AUDIO,
)
async def convert(
    voice_id: VoiceId,
    asked: Conversion,
    request: Request,
    here: Here,
    output_format: Output = elevenlabs.DEFAULT,
) -> Response:
    """A text becomes sound, which is the answer, with `/stream` and without it.

    Of `voice_settings` the speed counts; the models have nothing for the others.
    """
    making = await _begun(here, request, voice_id, asked)
    if making is None:
        return Response(status_code=CLIENT_GONE)
    return Growing(
        _sound(making, Leaving(output_format, asked.speed)),
        media_type=elevenlabs.media_type(output_format),
        headers=making.headers,
    )


@router.post(
    "/v1/text-to-speech/{voice_id}/stream/with-timestamps",
    summary="Speak and stream with timestamps, for ElevenLabs' clients",
    response_class=Response,
    responses=_LINES,
)
async def stream_with_timestamps(
    voice_id: VoiceId,
    asked: Conversion,
    request: Request,
    here: Here,
    output_format: Output = elevenlabs.DEFAULT,
) -> Response:
    """The sound in lines of JSON while it is made, and when each character of it is heard."""
    making = await _begun(here, request, voice_id, asked, words=True)
    if making is None:
        return Response(status_code=CLIENT_GONE)
    return Growing(
        _lines(making, Leaving(output_format, asked.speed)),
        media_type=_JSON_LINES,
        headers=making.headers,
    )


@router.post(
    "/v1/text-to-speech/{voice_id}/with-timestamps",
    summary="Speak with timestamps, for ElevenLabs' clients",
    response_model=WithTimestamps,
)
async def convert_with_timestamps(
    voice_id: VoiceId,
    asked: ShortConversion,
    request: Request,
    here: Here,
    output_format: Output = elevenlabs.DEFAULT,
) -> Response:
    """The sound in one piece, base64, and when each character of it is heard."""
    making = await _begun(here, request, voice_id, asked, words=True)
    told = making and await unless_gone(
        request, _whole(making, Leaving(output_format, asked.speed))
    )
    if making is None or told is None:
        return Response(status_code=CLIENT_GONE)
    body = await run_in_threadpool(told.model_dump_json)
    return Response(body, media_type="application/json", headers=making.headers)


# --- find voices ---


@router.get("/v2/voices", summary="Find voices, for ElevenLabs' clients")
def find_voices(
    request: Request,
    here: Here,
    search: Annotated[str, Query(max_length=500)] = "",
    page_size: Annotated[int, Query(ge=1, le=100)] = 10,
    next_page_token: Annotated[int, Query(ge=0, le=_MOST_VOICES)] = 0,
) -> VoicesFound:
    """The library by name, the preset speakers last; `GET /v1/voices` has them in our own form."""
    page = found(here.library, VoiceQuery(q=search, limit=_MOST_VOICES))
    until = next_page_token + page_size
    more = until < len(page.items)
    return VoicesFound(
        voices=[
            elevenlabs.found(voice, str(request.base_url))
            for voice in page.items[next_page_token:until]
        ],
        has_more=more,
        total_count=page.total,
        next_page_token=str(until) if more else None,
    )


# --- how ---


@dataclass(frozen=True)
class _Making:
    """A job whose engine is known, and what is still to be heard of it."""

    messages: AsyncGenerator[Heard]
    headers: dict[str, str]


async def _begun(
    here: Context, request: Request, voice_id: str, asked: Conversion, words: bool = False
) -> _Making | None:
    """Once the sound is about to come, so that a fault before it has its status; None once the
    client has gone."""
    chosen = await run_in_threadpool(voices.choose, here.library, voice_id, "voice_id")
    fields = {**chosen.fields, **asked.fields(), "words": words}
    record = await begin(here, Sender(request.state.client), chosen.task, fields)
    async with AsyncExitStack() as unless_sent:
        messages = hear(here, record.id)
        unless_sent.push_async_callback(messages.aclose)
        engine = await unless_gone(request, _engine(messages))
        if engine is None:
            return None
        unless_sent.pop_all()
    headers = {
        **engine_headers(engine),
        "request-id": record.id,
        "character-cost": str(len(asked.text)),
        "Cache-Control": "no-store",
    }
    return _Making(messages, headers)


async def _engine(messages: AsyncGenerator[Heard]) -> EngineInfo:
    """What will speak, as soon as that is known."""
    async for message in messages:
        if isinstance(message, events.Header):
            return message.engine
    raise JobFailed("The job ended without a sound.")


async def _sound(making: _Making, leaving: Leaving) -> AsyncGenerator[bytes]:
    async with aclosing(making.messages) as messages:
        async for message in messages:
            if isinstance(message, bytes) and (data := leaving.feed(message)):
                yield data
    yield leaving.finish()


async def _timed(making: _Making, leaving: Leaving) -> AsyncGenerator[tuple[bytes, Timed | None]]:
    """The sound, the last piece with its alignment."""
    end: events.End | None = None
    async with aclosing(making.messages) as messages:
        async for message in messages:
            if isinstance(message, events.End):
                end = message
            elif isinstance(message, bytes) and (data := leaving.feed(message)):
                yield data, None
    yield leaving.finish(), end and _alignment(end, leaving.speed)


def _alignment(end: events.End, speed: float) -> Timed | None:
    told: dict[str, Any] = end.result or {}
    segments = [Segment.model_validate(segment) for segment in told.get("segments", ())]
    pieces = elevenlabs.pieces(segments, speed=speed)
    characters = [*elevenlabs.spread(pieces, end.samples / SAMPLE_RATE / speed)]
    return Timed.of(characters) if characters else None


async def _lines(making: _Making, leaving: Leaving) -> AsyncGenerator[bytes]:
    async with aclosing(_timed(making, leaving)) as pieces:
        async for data, timed in pieces:
            yield _told(data, timed).model_dump_json().encode() + b"\n"


async def _whole(making: _Making, leaving: Leaving) -> WithTimestamps:
    sound, alignment = bytearray(), None
    async with aclosing(_timed(making, leaving)) as pieces:
        async for data, timed in pieces:
            sound += data
            alignment = timed
    return await run_in_threadpool(_told, bytes(sound), alignment)


def _told(data: bytes, timed: Timed | None) -> WithTimestamps:
    return WithTimestamps(
        audio_base64=base64.b64encode(data).decode(),
        alignment=timed,
        normalized_alignment=timed,
    )
