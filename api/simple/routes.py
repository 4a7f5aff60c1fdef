"""`/tts`, `/voices`, `/emotions`, `/cache/clear`."""

from collections.abc import Mapping
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_202_ACCEPTED

from api import bodies
from api.admission import Sender
from api.deps import Context, Here
from api.models import clear_caches
from api.simple.answer import streamed, whole
from api.simple.description import ASKED, LONGEST_ADDRESSED, PARAMETERS, SPOKEN
from api.speaking import begin
from api.tasks import list_emotions
from shared.binding import check_names
from shared.dialects.simple import REFERENCES, Speech
from shared.dialects.voices import Chosen
from shared.errors import InvalidRequest, TextTooLong
from shared.requests import contract
from shared.resolution import Files
from shared.views import PlainVoice
from shared.voices.view import VoiceQuery, VoiceView, search

router = APIRouter(tags=["simple"])

_REFERENCE = REFERENCES[0]
_WORDS = Speech.names() - {*REFERENCES}
"""Parts of a form that are text."""


class PlainQuery(VoiceQuery):
    """Which voices are wanted; whoever expects a plain list looks for no second page."""

    limit: int = Field(default=1_000, ge=1, le=1_000)


@router.post(
    "/tts", summary="Speak", response_class=Response, responses=SPOKEN, openapi_extra=ASKED
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
    answered = streamed if stream or speech.stream else whole
    return await answered(request, here, speech, record)


@router.get(
    "/tts",
    summary="Speak by address",
    response_class=Response,
    responses=SPOKEN,
    openapi_extra=PARAMETERS,
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
    if len(speech.text) > LONGEST_ADDRESSED:
        raise TextTooLong(
            f"A text in an address may have {LONGEST_ADDRESSED:,} characters.",
            param="text",
            hint="POST it.",
        )
    asked = await run_in_threadpool(speech.chosen, here.library)
    record = await begin(here, Sender(request.state.client), asked.task, asked.fields)
    return await (streamed if speech.stream else whole)(request, here, speech, record)


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


# --- what there is ---


@router.get("/voices", summary="List voices")
def list_voices(here: Here, query: Annotated[PlainQuery, Query()]) -> list[PlainVoice]:
    """The voices that `/tts` can speak with: the library by name, then the preset speakers."""
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
