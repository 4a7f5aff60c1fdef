"""`/tts`, `/voices`, `/emotions`, `/cache/clear`: for scripts, and for clients that expect them."""

import os
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack, ExitStack, aclosing
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_202_ACCEPTED

from api import bodies
from api.admission import Sender
from api.audio import Growing, engine_headers, job_audio, warning_headers
from api.deps import Context, Here
from api.leaving import CLIENT_GONE, unless_gone
from api.models import clear_caches
from api.speaking import Heard, begin, hear
from api.tasks import list_emotions
from shared import events, spool
from shared.audio.encode import Track
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.shaping import Shaping
from shared.binding import check_names
from shared.dialects.simple import REFERENCES, Speech
from shared.dialects.voices import Chosen
from shared.errors import InvalidRequest, JobFailed, TextTooLong
from shared.jobs import EngineInfo, JobRecord
from shared.requests import contract
from shared.requests.declared import Format
from shared.resolution import Files
from shared.stores import master
from shared.stores.recipe import Timings
from shared.views import PlainVoice
from shared.voices.view import VoiceQuery, VoiceView, search

router = APIRouter(tags=["simple"])

_BLOCK = SAMPLE_RATE * 5
"""Samples that are read at once."""
_PIECE = 1 << 18
_REFERENCE = REFERENCES[0]
_WORDS = Speech.names() - {*REFERENCES}
"""Parts of a form that are text."""
_FIELDS = Speech.model_json_schema()
_RECORDING = {
    "type": "string",
    "format": "binary",
    "description": "A recording of the voice, 3 to 60 seconds; 10 to 20 are best.",
}
_WORDS_OF_FORM = {
    **_FIELDS,
    "properties": {name: it for name, it in _FIELDS["properties"].items() if name != _REFERENCE},
}
_FORM = {
    **_FIELDS,
    "properties": _FIELDS["properties"] | dict.fromkeys(REFERENCES, _RECORDING),
}
_ASKED: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _FIELDS},
            bodies.FORM: {"schema": _FORM},
            bodies.URLENCODED: {"schema": _WORDS_OF_FORM},
        },
    }
}
_NOT_IN_ADDRESS = {"reference", "transcript", "lexicon"}
"""Fields that no address has: a recording, what it says, and what is no word."""
_LONGEST_ADDRESSED = 2_000
"""Characters of a text in an address, each of which may take 12 there: servers and proxies drop
addresses of more than 8 to 64 KiB without a word."""
_PARAMETERS: dict[str, Any] = {
    "parameters": [
        {
            "name": name,
            "in": "query",
            "required": name in _FIELDS["required"],
            "schema": field | ({"maxLength": _LONGEST_ADDRESSED} if name == "text" else {}),
            "description": field.get("description", ""),
        }
        for name, field in sorted(
            _FIELDS["properties"].items(), key=lambda it: it[0] not in _FIELDS["required"]
        )
        if name not in _NOT_IN_ADDRESS
    ]
}
_METRICS = {
    "X-Job-Id": "The job; GET /v1/jobs/{id} has all of it.",
    "X-Seed": "With it, the same engine says the same again.",
    "X-TTS-Engine": "What spoke.",
    "X-TTS-Preview": "`true` where it is not Qwen3-TTS.",
    "X-Queue-Ms": "Until the job began.",
    "X-TTS-Warnings": "JSON list of remarks; absent where there are none.",
    "X-First-Audio-Ms": "From then to the first sound.",
    "X-Generation-Ms": "What making it took, but for loading a checkpoint.",
    "X-Real-Time-Factor": "Generation time per second of audio; under 1 is faster than real time.",
    "X-Audio-Seconds": "Length of what is sent.",
    "X-TTS-Cache": "`codes` and `prompts`: `hit`, `miss` or `partial`; `none` asked, `unknown`.",
}
_SPOKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound. With `stream`, headers from X-First-Audio-Ms on are left out.",
        "content": {entry.media_type.split(";")[0]: {} for entry in FORMATS.values()},
        "headers": {
            name: {"description": meaning, "schema": {"type": "string"}}
            for name, meaning in _METRICS.items()
        },
    }
}


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


# --- speak ---


@router.post(
    "/tts", summary="Speak", response_class=Response, responses=_SPOKEN, openapi_extra=_ASKED
)
async def speak(
    request: Request,
    here: Here,
    stream: Annotated[bool, Query(description="Send the sound while it is made.")] = False,
) -> Response:
    """A text becomes sound, which is the answer; what it took stands in the headers.

    The fields come as JSON or as a form, which may bring a recording of the voice. Whoever goes
    away stops it.
    """
    async with bodies.read(request, REFERENCES, words=_WORDS) as body:
        speech = Speech.of_words(body.words) if body.fields is None else Speech.of(body.fields)
        recordings = _recordings(body)
        asked = await run_in_threadpool(speech.chosen, here.library, recorded=bool(recordings))
        files = await _examined(here, asked, recordings)
    record = await begin(here, Sender(request.state.client), asked.task, asked.fields, files)
    answered = _streamed if stream or speech.stream else _whole
    return await answered(request, here, speech, record)


@router.get(
    "/tts",
    summary="Speak by address",
    response_class=Response,
    responses=_SPOKEN,
    openapi_extra=_PARAMETERS,
)
async def speak_by_address(request: Request, here: Here) -> Response:
    """The same for whatever only has an address, such as `<audio src>`.

    A page of another site may not use it, whether its browser names the page or not.
    """
    _require_no_stranger(request, here)
    said = request.query_params.multi_items()
    if len(words := dict(said)) < len(said):
        raise InvalidRequest("A parameter is given twice.")
    speech = Speech.of_words(words)
    if len(speech.text) > _LONGEST_ADDRESSED:
        raise TextTooLong(
            f"A text in an address may have {_LONGEST_ADDRESSED:,} characters.",
            param="text",
            hint="POST it.",
        )
    asked = await run_in_threadpool(speech.chosen, here.library)
    record = await begin(here, Sender(request.state.client), asked.task, asked.fields)
    return await (_streamed if speech.stream else _whole)(request, here, speech, record)


def _require_no_stranger(request: Request, here: Context) -> None:
    """What a page embeds is asked for without an `Origin`, so others must tell where it is from.

    Raises ForbiddenHost.
    """
    headers = request.headers
    if headers.get("sec-fetch-site") == "cross-site" and "origin" not in headers:
        # Of a page that hides its address nothing is left but that it is another's.
        origin = "/".join(headers.get("referer", "null").split("/")[:3])
        page = {"host": headers.get("host", ""), "origin": origin}
        check_names(here.settings, here.settings.host, page, here.settings.cors_origins)


def _recordings(body: bodies.Body) -> dict[str, BinaryIO]:
    """The recording of a form, by our name for it. Raises InvalidRequest for several."""
    if len(body.files) > 1:
        raise InvalidRequest(f"One recording, please, not {len(body.files)}.", param=_REFERENCE)
    return dict.fromkeys([_REFERENCE] if body.files else [], *body.files.values())


async def _examined(here: Context, asked: Chosen, recordings: Mapping[str, BinaryIO]) -> Files:
    """The recording, checked; not before the rest of the request is."""
    declared = contract(asked.task)
    if recordings:
        await run_in_threadpool(here.resolution.check, declared, asked.fields, [*recordings])
    return await bodies.examined(here, declared, recordings)


# --- the whole ---


async def _whole(request: Request, here: Context, speech: Speech, record: JobRecord) -> Response:
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


async def _streamed(request: Request, here: Context, speech: Speech, record: JobRecord) -> Response:
    """A response that begins with the sound, so that its headers can say what speaks."""
    async with AsyncExitStack() as unless_sent:
        messages = hear(here, record.id)
        unless_sent.push_async_callback(messages.aclose)
        engine = await unless_gone(request, _engine(messages))
        if engine is None:
            return Response(status_code=CLIENT_GONE)
        begun = await run_in_threadpool(here.queue.get, record.id)
        unless_sent.pop_all()
    return Growing(
        _sound(messages, Shaping(speech.format, speed=speech.speed)),
        media_type=FORMATS[speech.format].media_type,
        headers={
            **_known_before(record, engine),
            **_queued(begun),
            **warning_headers(begun.warnings or []),
        },
    )


async def _engine(messages: AsyncGenerator[Heard]) -> EngineInfo:
    """What will speak, as soon as that is known."""
    async for message in messages:
        if isinstance(message, events.Header):
            return message.engine
    raise _silent()


async def _sound(messages: AsyncGenerator[Heard], shaping: Shaping) -> AsyncGenerator[bytes]:
    async with aclosing(messages):
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


# --- what there is ---


@router.get("/voices", summary="List voices")
def list_voices(here: Here, query: Annotated[VoiceQuery, Query()]) -> list[PlainVoice]:
    """Every voice that `/tts` can speak with: the library by name, then the preset speakers."""
    return [_plain(voice) for voice in search(here.library, query).items]


router.add_api_route("/emotions", list_emotions, summary="List emotions", methods=["GET"])
router.add_api_route(
    "/cache/clear",
    clear_caches,
    summary="Clear caches",
    methods=["POST"],
    status_code=HTTP_202_ACCEPTED,
)


def _plain(voice: VoiceView) -> PlainVoice:
    return PlainVoice(
        id=voice.id,
        name=voice.name,
        kind=voice.kind,
        language=voice.language,
        description=voice.description,
        sample=voice.links["sample"] if voice.has_sample else None,
    )
