"""`/v1/voices`: the library: find, make, change, hear, take out and bring in."""

import base64
from functools import partial
from io import BytesIO
from typing import Annotated, Any, cast

from anyio import to_thread
from fastapi import APIRouter, Form, Header, Query, Request, Response, UploadFile
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_201_CREATED, HTTP_204_NO_CONTENT

from api import bodies
from api.audio import finished
from api.deps import Context, Here
from api.files import FILE_RESPONSES, serve_bytes
from shared import asking
from shared.audio import clip as wav
from shared.audio import reference
from shared.errors import (
    AudioTooLong,
    BodyTooLarge,
    Conflict,
    InvalidRequest,
    NoSample,
    UnknownFile,
    VoiceInUse,
)
from shared.receiving import Received
from shared.requests import CONTRACTS
from shared.requests.declared import Transcript
from shared.stores.recipe import Recipe
from shared.stores.voice_record import SAMPLE, Sample
from shared.voices import archive, making, naming
from shared.voices.changes import NewVoice, VoiceChanges
from shared.voices.making import Made
from shared.voices.view import VoicePage, VoiceQuery, VoiceView, search, view

router = APIRouter(prefix="/v1/voices", tags=["voices"])

_VOICE = "voice"
_REFERENCE = "reference"
_FILE = "file"
_SENT = "0" * 64
"""Stands in the JSON for a recording that came along."""
_WAV = "audio/wav"
_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
_LARGEST_PROMPT = 4 << 20
"""Bytes of a prompt file of the qwen-tts package, which holds a minute of codes at most."""
_AUDIO = "audio.wav"
"""What every finished job has."""
_NEW: dict[str, Any] = {
    "required": True,
    "content": {
        bodies.FORM: {
            "schema": {
                "type": "object",
                "properties": {_VOICE: NewVoice.model_json_schema(), _REFERENCE: bodies.BINARY},
                "required": [_VOICE, _REFERENCE],
                "additionalProperties": False,
            },
            "encoding": {_VOICE: {"contentType": "application/json"}},
        },
        "application/json": {"schema": NewVoice.model_json_schema()},
    },
}

Range = Annotated[str | None, Header()]


class SampleSource(BaseModel):
    """Where a sample comes from."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    job: Annotated[str, Field(max_length=60)]
    """A finished job in which this voice spoke, for a minute at most."""


# --- find ---


@router.get("", summary="Find voices")
def find(here: Here, query: Annotated[VoiceQuery, Query()]) -> VoicePage:
    """The voices by name, the preset speakers last."""
    return search(here.library, query)


@router.get("/{id}", summary="Look at a voice")
def look(here: Here, id: str) -> VoiceView:
    """One voice, with the links to its sample and its export."""
    return view(here.library, id)


# --- make and change ---


@router.post(
    "",
    status_code=HTTP_201_CREATED,
    summary="Make a voice",
    openapi_extra={"requestBody": _NEW},
)
async def create(request: Request, response: Response, here: Here) -> VoiceView:
    """From a recording, from a candidate that a job designed, or from several voices.

    Only clone voices whose owners agree, and say so in `consent`.
    """
    async with bodies.read(request, [_REFERENCE], _VOICE) as body:
        file = body.files.get(_REFERENCE)
        new = NewVoice.parse(_with_reference(body.fields) if file else body.fields)
        await run_in_threadpool(here.library.require_free, new.name)
        received = await bodies.examine(here, "reference", file.file, _REFERENCE) if file else None
    made = await run_in_threadpool(_made, here, new, received)
    return await run_in_threadpool(_keep, here, made, request, response)


# Before the routes with `/{id}`, of which none takes a POST: so it stays even if one comes.
@router.post("/import", status_code=HTTP_201_CREATED, summary="Bring a voice in")
async def bring(
    request: Request,
    response: Response,
    here: Here,
    file: UploadFile,
    name: Annotated[str | None, Form(max_length=200)] = None,
    checkpoint: Annotated[str | None, Form(max_length=100)] = None,
) -> VoiceView:
    """A zip that the export made, or a prompt file (`.pt`) of the qwen-tts package.

    `name` is given instead of the one in the zip; a prompt file has none, so there it is needed.
    `checkpoint` says which one made a prompt file; left out, the one whose size it has.
    """
    chosen = naming.checked_name(name) if name else None
    if await run_in_threadpool(archive.is_prompt_of_the_package, file.file):
        made = await run_in_threadpool(_prompted, here, file, chosen, checkpoint)
    else:
        unpack = partial(archive.unpack, file.file, chosen)
        made = await to_thread.run_sync(unpack, limiter=here.decoding)
    return await run_in_threadpool(_keep, here, made, request, response)


@router.patch("/{id}", summary="Change a voice")
def change(here: Here, id: str, changes: VoiceChanges) -> VoiceView:
    """What is left out stays as it is; of a preset speaker only tags and settings can change."""
    here.library.change(id, changes)
    return view(here.library, id)


@router.delete("/{id}", summary="Delete a voice", status_code=HTTP_204_NO_CONTENT)
def delete(here: Here, id: str) -> None:
    """For good, with its recordings; a preset speaker is put back to how it came."""
    for record in here.queue.active():
        if id in _named(record.task, record.request):
            raise VoiceInUse(f"Job {record.id} speaks with this voice.", param="id")
    here.library.delete(id)


# --- its recordings ---


@router.head("/{id}/clips/{name}", include_in_schema=False)
@router.get(
    "/{id}/clips/{name}",
    summary="Get a recording of a voice",
    response_class=Response,
    responses=FILE_RESPONSES,
)
def clip(*, request: Request, here: Here, id: str, name: str, range: Range = None) -> Response:
    """By its file name, or by its emotion; whole, or the part that a Range header names."""
    for one in here.library.get(id).clips:
        if name in (one.file, one.emotion):
            return _sound(here, request, id, one.file, range)
    raise UnknownFile("This voice has no such recording.", param="name")


@router.put("/{id}/clips/{name}", summary="Give a voice an emotion")
async def record(
    here: Here,
    id: str,
    name: str,
    file: UploadFile,
    transcript: Annotated[Transcript | None, Form()] = None,
) -> VoiceView:
    """A recording of the same person in the mood `name`, which requests with that `emotion` use.

    One that is there already is replaced, and its transcript with it.
    """
    voice = await run_in_threadpool(here.library.get, id)
    received = await bodies.examine(here, "reference", file.file, _FILE)
    remarks = received.facts.warnings
    if transcript:
        fit = reference.require_fit(transcript, received.facts.seconds, voice.language)
        remarks = [*remarks, *fit]
    await run_in_threadpool(here.library.record, id, name, received.data, transcript)
    return await run_in_threadpool(view, here.library, id, remarks)


@router.delete("/{id}/clips/{name}", summary="Take an emotion from a voice")
def erase(here: Here, id: str, name: str) -> VoiceView:
    """Delete the recording of the mood `name`."""
    here.library.erase(id, name)
    return view(here.library, id)


# --- its sample ---


@router.head("/{id}/sample", include_in_schema=False)
@router.get(
    "/{id}/sample",
    summary="Hear a voice",
    response_class=Response,
    responses=FILE_RESPONSES,
)
def sample(*, request: Request, here: Here, id: str, range: Range = None) -> Response:
    """Its sample, or else the recording that it is made from."""
    files = here.library.files(id)
    clips = [one.file for one in here.library.get(id).clips]
    name = next((name for name in (SAMPLE, *clips) if name in files), None)
    if name is None:
        raise NoSample("There is no sample of this voice yet.", param="id")
    return _sound(here, request, id, name, range)


@router.put("/{id}/sample", summary="Choose the sample of a voice")
def choose_sample(here: Here, id: str, source: SampleSource) -> VoiceView:
    """What this voice said in a finished job is what people hear of it from now on."""
    here.library.get(id)
    recipe = finished(here, source.job)
    if id != _speaker(recipe):
        raise Conflict("Another voice spoke in this job.", param="job")
    if recipe.duration_seconds > reference.LONGEST:
        raise AudioTooLong(f"A sample has at most {reference.LONGEST:g} seconds.", param="job")
    heard = wav.decode(_output(here, recipe, _AUDIO), reference.LONGEST, "job")
    engine = Sample(engine=recipe.engine.name, preview=recipe.engine.preview)
    here.library.hear(id, wav.dumps(heard.samples), engine)
    return view(here.library, id)


# --- out ---


@router.get(
    "/{id}/export", summary="Take a voice out", response_class=Response, responses={200: _ZIP}
)
def export(here: Here, id: str) -> Response:
    """The voice with its recordings and prompts as one zip, for `POST /v1/voices/import`."""
    packed = archive.pack(here.library, id)
    headers = {
        "Content-Disposition": f'attachment; filename="{id}.zip"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(packed, headers=headers, media_type="application/zip")


# --- steps ---


def _with_reference(fields: Any) -> dict[str, Any]:
    """What the JSON says, as if the recording beside it had been sent before."""
    if not isinstance(fields, dict):
        raise InvalidRequest("The part `voice` must be a JSON object.", param=_VOICE)
    if _REFERENCE in fields:
        raise InvalidRequest("A file and the id of another are given.", param=_REFERENCE)
    return {**cast("dict[str, Any]", fields), _REFERENCE: _SENT}


def _made(here: Context, new: NewVoice, received: Received | None) -> Made:
    """The voice that was asked for; nothing is kept yet."""
    if received:
        return making.clone(new, received.data, received.facts)
    if new.reference:
        upload = here.uploads.get("reference", new.reference)
        return making.clone(new, here.uploads.read("reference", upload.id), upload)
    if new.mix:
        return making.mix(here.library, new, new.mix)
    return _designed(here, new, finished(here, new.from_job or ""))


def _designed(here: Context, new: NewVoice, recipe: Recipe) -> Made:
    found = [one for one in recipe.candidates if one.number == new.candidate]
    if not found:
        count = len(recipe.candidates) or "no"
        raise InvalidRequest(
            f"The job has {count} candidates; number {new.candidate} is not among them.",
            param="candidate",
        )
    clip = _output(here, recipe, found[0].file).read()
    return making.design(
        new.name, found[0], clip, recipe.id, recipe.engine, said=new, language=new.language
    )


def _prompted(here: Context, file: UploadFile, name: str | None, checkpoint: str | None) -> Made:
    """The voice in a prompt file of the package, which only a worker can read."""
    if name is None:
        raise InvalidRequest("A prompt file has no name in it.", param="name", hint="Send `name`.")
    here.library.require_free(name)
    file.file.seek(0)
    data = file.file.read(_LARGEST_PROMPT + 1)
    if len(data) > _LARGEST_PROMPT:
        raise BodyTooLarge(f"A prompt file may have {_LARGEST_PROMPT >> 20} MB.", param=_FILE)
    question = asking.ReadPrompt(file=base64.b64encode(data).decode(), checkpoint=checkpoint)
    return making.prepare(name, asking.ask(here.redis, question)["prompts"])


def _keep(here: Context, made: Made, request: Request, response: Response) -> VoiceView:
    voice_id = here.library.create(made.record, made.files)
    shown = view(here.library, voice_id, made.warnings)
    response.headers["Location"] = request.scope.get("root_path", "") + shown.links["self"]
    return shown


def _output(here: Context, recipe: Recipe, name: str) -> BytesIO:
    return BytesIO(here.outputs.read(recipe.id, name, 0, here.outputs.size(recipe.id, name)))


def _sound(
    here: Context, request: Request, voice_id: str, name: str, asked: str | None
) -> Response:
    return serve_bytes(
        here.library.store.read(voice_id, name),
        asked,
        _WAV,
        download_name=f"{voice_id}-{name}",
        head=request.method == "HEAD",
    )


def _speaker(recipe: Recipe) -> str | None:
    """The voice of the library that spoke in a job."""
    if recipe.voice:
        return recipe.voice.id
    return next(iter(_named(recipe.task, recipe.request)), None)


def _named(task: str, request: dict[str, Any]) -> set[str]:
    """The voices of the library that a request names."""
    if task not in CONTRACTS:
        return set()
    return {request[field] for field in CONTRACTS[task].voices() if request.get(field)}
