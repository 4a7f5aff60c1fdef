"""Sound and files under the dashboard's own address, so that browsers need not reach the API.

Only jobs and voices can be asked for, by id; no other address is fetched through here.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Request, Response, status
from fastapi.responses import StreamingResponse
from pydantic import AfterValidator
from starlette.types import Receive, Scope, Send

from shared import events
from shared.client import AsyncClient, ServiceUnreachable, calls
from shared.client.call import Call
from shared.client.faults import from_body
from shared.client.frames import Frame
from shared.entity_tags import is_known
from shared.errors import AudioNotReady
from shared.requests.declared import Format
from shared.states import JobState
from shared.stores import outputs, voices
from ui import library, picker
from ui.guard import HEALTH

router = APIRouter()

_WAIT = 20.0
"""Seconds that a listener of a silent job waits before being told to ask again."""
_PASSED = (
    "accept-ranges",
    "cache-control",
    "content-disposition",
    "content-length",
    "content-range",
    "content-type",
    "etag",
    "x-content-type-options",
    "x-tts-engine",
    "x-tts-preview",
)
_KEPT = ("cache-control", "etag")
"""Those of an answer that the browser has already."""


def _client(request: Request) -> AsyncClient:
    return request.app.state.client


Service = Annotated[AsyncClient, Depends(_client)]
FileName = Annotated[str, AfterValidator(outputs.checked_name)]
VoiceId = Annotated[str, AfterValidator(voices.checked_id)]
"""Anything else is refused before an address is made of it."""
Points = Annotated[int, Query(ge=16, le=4_000)]


@dataclass
class _Place:
    """Where in a job's audio a listener is."""

    after: int
    """Samples."""
    take: int | None
    """Which beginning of the audio the samples are counted from."""


class _Relay(StreamingResponse):
    """A streamed response that closes what it reads from, however it ends."""

    def __init__(self, content: AsyncIterator[bytes], source: AsyncExitStack, **rest: Any) -> None:
        super().__init__(content, **rest)
        self._source = source

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with self._source:
            await super().__call__(scope, receive, send)


@router.get(HEALTH)
async def health() -> dict[str, str]:
    """The dashboard itself; whether the service can speak is told on its pages."""
    return {"status": "ok"}


@router.get("/live/{id}.pcm")
async def live(
    id: UUID,
    service: Service,
    after: Annotated[int, Query(ge=0)] = 0,
    take: Annotated[int | None, Query(ge=0)] = None,
) -> Response:
    """Sound as it is made, s16le, from sample `after` of `take` on.

    The headers `X-Speech-After` and `X-Speech-Take` say what it really begins with: another take
    means that what was heard before no longer counts. 202: nothing yet, ask again. 204: nothing
    follows, `X-Speech-State` says how the job ended. A response may end early; ask again for the
    rest.
    """
    place = _Place(after, take)
    async with AsyncExitStack() as opening:
        listening = await opening.enter_async_context(service.attach(str(id), after, take=take))
        frames = aiter(listening)
        first = await _first(frames, place)
        headers = {"Cache-Control": "no-store", "X-Speech-After": str(place.after)}
        if place.take is not None:
            headers["X-Speech-Take"] = str(place.take)
        if first is None:
            return Response(status_code=202, headers=headers)
        if isinstance(first, JobState):
            return Response(status_code=204, headers=headers | {"X-Speech-State": first.value})
        sound = _sound(first, frames)
        return _Relay(sound, opening.pop_all(), media_type="audio/pcm", headers=headers)


@router.get("/audio/{id}.{format}")
async def audio(id: UUID, format: Format, request: Request, service: Service) -> Response:
    """The finished audio, whole or the range asked for."""
    return await _passed(service, calls.audio(str(id), format), request)


@router.get("/waveform/{id}")
async def waveform(id: UUID, request: Request, service: Service, points: Points = 600) -> Response:
    """What the finished audio looks like; what else the address says only makes it another one."""
    asked = calls.waveform(str(id), points)
    return await _passed(service, Call(asked.method, asked.path, bytes, asked.query), request)


@router.get("/file/{id}/{name}")
async def file(id: UUID, name: FileName, request: Request, service: Service) -> Response:
    """A file of a job's result, whole or the range asked for."""
    return await _passed(service, calls.file(str(id), name), request)


@router.get("/voice")
async def heard(service: Service) -> dict[str, Any]:
    """All voices, as pickers show them, and the words that pickers need."""
    return picker.listing((await service.voices(limit=library.MOST)).items)


@router.post("/voice/{id}/sample")
async def read(id: VoiceId, service: Service) -> dict[str, str]:
    """Let a voice read its sentence; the `job` can be heard at once."""
    return {"job": (await service.read_sample(id)).id}


@router.put("/voice/{id}/sample/{job}")
async def keep(id: VoiceId, job: UUID, service: Service) -> dict[str, bool]:
    """Let what a job said be the sample of a voice."""
    voice = await service.set_voice_sample(id, str(job))
    return {"preview": bool(voice.sample and voice.sample.preview)}


@router.get("/outputs.zip")
async def archive(
    id: Annotated[list[UUID], Query(min_length=1, max_length=100)],
    request: Request,
    service: Service,
) -> Response:
    """All files of outputs, as one zip."""
    asked = calls.archives([str(run) for run in id])
    return await _passed(service, asked, request)


@router.get("/voice/{id}/sample")
async def sample(id: VoiceId, request: Request, service: Service) -> Response:
    """What there is to hear of a voice."""
    return await _passed(service, calls.voice_sample(id), request)


@router.get("/voice/{id}/clips/{name}")
async def clip(id: VoiceId, name: FileName, request: Request, service: Service) -> Response:
    """A recording that a voice is made from."""
    return await _passed(service, calls.voice_clip(id, name), request)


@router.get("/voice/{id}/export")
async def export(id: VoiceId, request: Request, service: Service) -> Response:
    """A voice as one zip."""
    return await _passed(service, calls.export_voice(id), request)


async def _passed(service: AsyncClient, call: Call[bytes], request: Request) -> Response:
    """What the service answers, with those of its headers that a browser needs; nothing of what the
    browser has already."""
    async with AsyncExitStack() as opening:
        part = service.part(call, request.headers.get("range"))
        answer = await opening.enter_async_context(part)
        headers = {name: answer.headers[name] for name in _PASSED if name in answer.headers}
        if is_known(headers.get("etag", ""), request.headers.get("if-none-match", "")):
            kept = {name: headers[name] for name in _KEPT if name in headers}
            return Response(status_code=status.HTTP_304_NOT_MODIFIED, headers=kept)
        return _Relay(
            answer.aiter_raw(), opening.pop_all(), status_code=answer.status_code, headers=headers
        )


async def _first(frames: AsyncIterator[Frame | bytes], place: _Place) -> bytes | JobState | None:
    """The first sound, or how the job ended, or None after a while.

    Raises AudioNotReady if the job failed, and whatever the service says of itself.
    """
    fault: dict[str, Any] = {}
    try:
        async with asyncio.timeout(_WAIT):
            async for frame in frames:
                match frame:
                    case bytes():
                        return frame
                    case events.Restart(take=take):
                        place.after, place.take = 0, take
                    case events.Header(take=take):
                        place.take = take
                    case events.Fault(error=error):
                        fault = error
                    case events.End() if fault:
                        raise AudioNotReady(str(fault["message"]), hint=fault.get("hint"))
                    case events.End(state=state):
                        return state
                    case _:
                        continue
    except TimeoutError:
        return None
    except ServiceUnreachable as error:
        raise (from_body(fault) if fault else error) from error
    raise ServiceUnreachable("The service ended the connection.")


async def _sound(first: bytes, frames: AsyncIterator[Frame | bytes]) -> AsyncGenerator[bytes]:
    """Sound up to anything that the listener must ask about."""
    yield first
    async for frame in frames:
        match frame:
            case bytes():
                yield frame
            case events.Restart() | events.Fault() | events.End():
                return
            case _:
                continue
