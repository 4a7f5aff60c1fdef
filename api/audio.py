"""The sound of a job over HTTP: whole, by range, in another format, or while it grows."""

import json
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import AsyncExitStack, aclosing
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import Response, StreamingResponse
from starlette.concurrency import run_in_threadpool
from starlette.types import Send

from api import files
from api.deps import Context, Here
from api.following import Message, follow
from api.jobs import recipe_of, show_job
from api.leaving import CLIENT_GONE, unless_gone
from shared import events
from shared.audio.encode import encoder
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.audio.recording import transcode
from shared.errors import AudioNotReady, Conflict, JobFailed, NoAudio, SpeechError, UnknownJob
from shared.jobs import EngineInfo, JobView
from shared.requests.declared import Format
from shared.states import JobState
from shared.stores import master, stored_file
from shared.stores.recipe import Recipe

router = APIRouter(prefix="/v1/jobs", tags=["audio"])

log = logging.getLogger(__name__)

MAX_CURSOR = 2**53
"""Samples; JSON readers hold no larger number exactly."""
_BLOCK = SAMPLE_RATE * 5
_LONGEST_WARNINGS = 2_000
"""Characters of a header: proxies take 4 or 8 KiB for all of them together."""
_AFTER = "Samples to leave out at the beginning."
_TAKE = "With follow: the X-Audio-Take of the answer that `after` was counted in."
_AUDIO_RESPONSE: dict[int | str, dict[str, Any]] = {
    200: {"content": {entry.media_type.split(";")[0]: {} for entry in FORMATS.values()}},
    206: {"description": "The range asked for."},
}


@router.head("/{id}/audio", include_in_schema=False)
@router.get("/{id}/audio", response_class=Response, responses=_AUDIO_RESPONSE)
async def job_audio(
    id: str,
    request: Request,
    here: Here,
    format: Annotated[
        Format | None, Query(description="Another format than the job's own.")
    ] = None,
    follow: Annotated[bool, Query(description="Do not wait for the end.")] = False,
    after: Annotated[int, Query(ge=0, le=MAX_CURSOR, description=_AFTER)] = 0,
    take: Annotated[int | None, Query(ge=0, le=MAX_CURSOR, description=_TAKE)] = None,
    span: Annotated[str | None, Header(alias="range", include_in_schema=False)] = None,
) -> Response:
    """The audio of a job: the finished file, or with `follow=1` what there is and what comes."""
    if follow:
        return await _following(here, request, id, format, after, take)
    return await run_in_threadpool(_whole, here, request, id, format, after, span)


@router.head("/{id}/files/{name}", include_in_schema=False)
@router.get("/{id}/files/{name}", response_class=Response, responses=files.FILE_RESPONSES)
def job_file(
    id: str,
    name: str,
    request: Request,
    here: Here,
    span: Annotated[str | None, Header(alias="range", include_in_schema=False)] = None,
) -> Response:
    """One file of a job's result."""
    return _serve(here, finished(here, id), name, request, span)


def _whole(
    here: Context,
    request: Request,
    job_id: str,
    format: Format | None,
    after: int,
    span: str | None,
) -> Response:
    """The finished audio: a file as it lies there, or encoded on the way."""
    recipe = finished(here, job_id)
    chosen = format or own_format(recipe.request)
    own = "" if format else recipe.audio
    name = own or f"audio{FORMATS[chosen].extension}"
    if name in recipe.files and not after:
        response = _serve(here, recipe, name, request, span)
        response.headers.update(engine_headers(recipe.engine))
        return response
    if recipe.stream:
        encode = partial(_recoded, here, recipe, chosen, _finished_file(recipe, after))
    else:
        encode = partial(_encoded, here, recipe, chosen, after)
    encoded = encode() if request.method == "GET" else ()
    return StreamingResponse(
        encoded, media_type=FORMATS[chosen].media_type, headers=engine_headers(recipe.engine)
    )


def _serve(
    here: Context, recipe: Recipe, name: str, request: Request, span: str | None
) -> Response:
    fact = recipe.files.get(name)
    return files.serve(
        here.outputs,
        recipe.id,
        name,
        range_header=span,
        media_type=fact.media_type if fact else "application/octet-stream",
        download_name=f"{recipe.id}-{name}",
        etag=fact.sha256 if fact else None,
        head=request.method == "HEAD",
    )


def engine_headers(engine: EngineInfo) -> dict[str, str]:
    """What spoke, on every response that carries sound."""
    return {"X-TTS-Engine": engine.name, "X-TTS-Preview": str(engine.preview).lower()}


def warning_headers(warnings: Sequence[str]) -> dict[str, str]:
    """Remarks as a list in JSON, which no letter in them can break out of: as many as fit."""
    told = [*warnings]
    while len(line := json.dumps(told)) > _LONGEST_WARNINGS:
        told = [*told[:-2], "…"]
    return {"X-TTS-Warnings": line} if told else {}


def own_format(request: dict[str, Any]) -> Format:
    """The format that a job was asked for; what cannot be streamed, such as m4b, is as wav."""
    asked = request.get("format", "wav")
    return asked if asked in FORMATS else "wav"


def finished(here: Context, job_id: str) -> Recipe:
    """What a job left. Raises UnknownJob, AudioNotReady or NoAudio."""
    try:
        return recipe_of(here, job_id)
    except UnknownJob:
        job = _promising(here, job_id)
    raise AudioNotReady(f"The job is {job.state.value}.")


def _promising(here: Context, job_id: str) -> JobView:
    """A job that has audio or may yet have. Raises UnknownJob or NoAudio."""
    job = show_job(job_id, here)
    if job.error:
        raise NoAudio(f"The job failed: {job.error['message']}", hint=job.error["hint"])
    if job.state is JobState.CANCELLED:
        raise NoAudio("The job was cancelled.")
    return job


def _encoded(here: Context, recipe: Recipe, format: Format, after: int) -> Iterator[bytes]:
    """A finished run in another format, flat in memory."""
    stream = encoder(format, recipe.sample_rate)
    for first in range(after, recipe.samples, _BLOCK):
        yield stream.feed(master.read(here.outputs, recipe.id, first, _BLOCK))
    yield stream.finish()


def _finished_file(recipe: Recipe, after: int) -> str:
    """The file of a pipeline's recording from which others are encoded. Raises Conflict."""
    kept = [name for name in (master.FINISHED, recipe.audio) if name in recipe.files]
    if after or not kept or kept[0].endswith(FORMATS["pcm"].extension):
        raise Conflict(
            "The recording of a pipeline is there as it was finished, whole.",
            param="after" if after else "format",
            hint="Leave `after` out, and of raw PCM `format` too; with `follow=1` both count, and "
            "what was streamed is served, before it was mastered.",
        )
    return kept[0]


def _recoded(here: Context, recipe: Recipe, format: Format, name: str) -> Iterator[bytes]:
    """The finished recording of a pipeline in another format, flat in memory."""
    with stored_file.opened(here.outputs, recipe.id, name) as source:
        yield from transcode(source, format)


async def _following(
    here: Context,
    request: Request,
    job_id: str,
    format: Format | None,
    after: int,
    take: int | None,
) -> Response:
    """A response that begins with the audio, so that its headers can say what speaks."""
    job = await run_in_threadpool(_promising, here, job_id)
    chosen = format or own_format(job.request)
    async with AsyncExitStack() as unless_sent:
        messages = follow(here, job_id, after, take)
        unless_sent.push_async_callback(messages.aclose)
        head = await unless_gone(request, _first(messages))
        if head is None:
            return Response(status_code=CLIENT_GONE)
        headers = {
            **engine_headers(head.engine),
            "X-Job-Id": job_id,
            "X-Audio-Take": str(head.take),
            "Cache-Control": "no-store",
        }
        media_type = FORMATS[chosen].media_type
        if request.method == "HEAD":
            return Response(None, headers=headers, media_type=media_type)
        unless_sent.pop_all()
        sound = _sound(messages, chosen, head.sample_rate)
        return Growing(sound, media_type=media_type, headers=headers)


class Growing(StreamingResponse):
    """Audio that a failure breaks off: without its last chunk nobody takes it for whole."""

    async def stream_response(self, send: Send) -> None:
        try:
            await super().stream_response(send)
        except SpeechError as error:
            log.info("Audio was broken off: %s", error.message)
        finally:
            # A client that reads no more and goes leaves its sound between two pieces, and Python
            # would close it some time later.
            if isinstance(self.body_iterator, AsyncGenerator):
                await self.body_iterator.aclose()


async def _first(messages: AsyncGenerator[Message]) -> events.Header:
    """The header. Raises NoAudio when the job ended before it, Conflict for a cursor outlived."""
    async for message in messages:
        match message:
            case events.Header():
                return message
            case events.Fault(error=error):
                raise NoAudio(f"The job failed: {error['message']}", hint=error["hint"])
            case events.End(state=state):
                raise NoAudio(f"The job was {state.value} before it made a sound.")
            case events.Restart():
                raise Conflict(
                    "The audio began anew since; what was heard of it no longer counts.",
                    param="after",
                    hint="Ask for it from the beginning.",
                )
            case _:
                continue
    raise NoAudio("The job ended before it made a sound.")


async def _sound(
    messages: AsyncGenerator[Message], format: Format, sample_rate: int
) -> AsyncGenerator[bytes]:
    """Encoded audio to the end; a failure breaks the response off, lest it pass for whole."""
    stream = encoder(format, sample_rate)
    async with aclosing(messages):
        async for message in messages:
            match message:
                case bytes():
                    if data := stream.feed(message):
                        yield data
                case events.Restart(reason=reason):
                    raise JobFailed(f"The audio began anew: {reason}")
                case events.Fault(error=error):
                    raise JobFailed(error["message"])
                case events.End(state=state) if state is not JobState.SUCCEEDED:
                    raise JobFailed(f"The job ended as {state.value}.")
                case _:
                    continue
    yield stream.finish()
