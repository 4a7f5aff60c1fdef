"""`POST /v1/audio/speech`: a text spoken while the client waits, as OpenAI's service does it."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, aclosing
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from api.admission import Sender
from api.audio import Growing, engine_headers, warning_headers
from api.bodies import examined
from api.deps import Context, Here
from api.leaving import CLIENT_GONE, unless_gone
from api.openai import events, order
from api.openai.faults import Route
from api.openai.hearing import Hearing
from api.openai.order import Order
from api.openai.request import SpeechBody
from api.speaking import begin, hear
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE
from shared.dialects import words
from shared.errors import SpeechError
from shared.jobs import JobRecord
from shared.requests import contract
from shared.requests.declared import Format

router = APIRouter(prefix="/v1/audio", tags=["openai"], route_class=Route)

_TYPES: dict[Format, str] = {"opus": "audio/opus"}
"""Where OpenAI says another type than we do; what is in it is the same."""
_NO_STORE = {"Cache-Control": "no-store"}
_SPOKEN: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The sound, from the first sample on.",
        "content": {
            **{_TYPES.get(name, it.media_type.split(";")[0]): {} for name, it in FORMATS.items()},
            events.MEDIA_TYPE: {},
        },
    }
}


@router.post("/speech", response_class=Response, responses=_SPOKEN)
async def speak(body: SpeechBody, request: Request, here: Here) -> Response:
    """Speak a text, as OpenAI's clients ask for it: sound leaves while it is made.

    What fails before the first sound is an error; after it the answer breaks off. A client that
    goes away stops the job.
    """
    placed = await run_in_threadpool(order.place, here, body)
    record = await _begun(here, request, placed)
    async with AsyncExitStack() as unless_sent:
        hearing = Hearing(hear(here, record.id), body.most_samples)
        unless_sent.push_async_callback(hearing.close)
        waited = _whole(placed, hearing) if placed.whole else _opened(hearing)
        sound = await unless_gone(request, waited)
        if sound is None:
            return Response(status_code=CLIENT_GONE)
        headers = _headers(placed, record, hearing)
        if placed.whole:
            headers |= _at_the_end(placed, hearing)
            return Response(sound, media_type=_media_type(body), headers=headers)
        unless_sent.pop_all()
    if placed.events:
        return Growing(_told(placed, hearing), media_type=events.MEDIA_TYPE, headers=headers)
    return Growing(_sent(placed, hearing), media_type=_media_type(body), headers=headers)


async def _begun(here: Context, request: Request, placed: Order) -> JobRecord:
    """Admit the job, with the recording that came in the body."""
    with order.in_their_words():
        recording = await run_in_threadpool(order.reference, placed.body)
        files = await examined(here, contract(placed.task), recording)
        sender = Sender(request.state.client)
        return await begin(here, sender, placed.task, placed.fields, files)


async def _opened(hearing: Hearing) -> bytes:
    await hearing.open()
    return b""


async def _whole(placed: Order, hearing: Hearing) -> bytes:
    """The finished file."""
    await hearing.open()
    shaping = placed.shaping()
    async with aclosing(hearing.sound()) as sound:
        async for piece in sound:
            shaping.feed(piece)
    return shaping.finish()


async def _sent(placed: Order, hearing: Hearing) -> AsyncGenerator[bytes]:
    """The encoded sound; a failure breaks the answer off, lest it pass for whole."""
    shaping = placed.shaping()
    async with aclosing(hearing.sound()) as sound:
        async for piece in sound:
            if data := shaping.feed(piece):
                yield data
    if data := shaping.finish():
        yield data


async def _told(placed: Order, hearing: Hearing) -> AsyncGenerator[bytes]:
    """The same as events. A failure is told, and breaks the answer off for who does not know it."""
    try:
        async with aclosing(_sent(placed, hearing)) as sound:
            async for data in sound:
                yield events.delta(data)
    except SpeechError as error:
        yield events.failed(error)
        raise
    yield events.done(hearing.usage)


# --- headers ---------------------------------------------------------------------------------


def _headers(placed: Order, record: JobRecord, hearing: Hearing) -> dict[str, str]:
    headers = {**_NO_STORE, "X-Job-Id": record.id, "X-Seed": str(record.seed)}
    if hearing.engine:
        headers |= engine_headers(hearing.engine)
    return headers | warning_headers([*placed.warnings, *hearing.warnings])


def _at_the_end(placed: Order, hearing: Hearing) -> dict[str, str]:
    """What is first known when all has been said."""
    headers = {"X-Finish-Reason": hearing.finish_reason}
    if placed.body.word_timestamps:
        headers |= _timed(hearing.result, placed.body.speed)
    return headers


def _timed(result: dict[str, Any] | None, speed: float) -> dict[str, str]:
    """The words; of speech that was cut nobody has timed them."""
    return {words.OMITTED: "true"} if result is None else words.headers(result, speed)


def _media_type(body: SpeechBody) -> str:
    if body.response_format == "pcm" and body.sample_rate != SAMPLE_RATE:
        return f"audio/pcm;rate={body.sample_rate};channels=1"
    spec = FORMATS[body.response_format]
    return _TYPES.get(body.response_format, spec.media_type)
