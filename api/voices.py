"""`/v1/voices`: the library: find, make, change, hear, take out and bring in."""

from collections.abc import Mapping
from contextlib import suppress
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_201_CREATED, HTTP_202_ACCEPTED, HTTP_204_NO_CONTENT

from api import bodies, incoming
from api.admission import Sender, enter, known
from api.audio import finished
from api.deps import Context, Here
from api.files import FILE_RESPONSES, serve_bytes
from api.incoming import FILE, REFERENCE, VOICE, Arrival, Spoken
from api.jobs import IdempotencyKey, idempotency_of, submitted, told
from shared import emotions
from shared.audio import clip as wav
from shared.audio import reference
from shared.errors import (
    AudioTooLong,
    Conflict,
    NoSample,
    UnknownFile,
    UnknownUpload,
    UnknownVoice,
    VoiceInUse,
)
from shared.jobs import JobView
from shared.requests import CONTRACTS, contract
from shared.stores.master import FINISHED
from shared.stores.recipe import Recipe
from shared.stores.voice_record import SAMPLE, Sample, Voice
from shared.text.samples import SAMPLES
from shared.voices import archive
from shared.voices.changes import NewVoice, VoiceChanges
from shared.voices.making import Made
from shared.voices.view import VoicePage, VoiceQuery, VoiceView, search, view

router = APIRouter(prefix="/v1/voices", tags=["voices"])

_WAV = "audio/wav"
_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
_RECORDING = "A recording of one person, 3 to 60 seconds; 10 to 20 are best."
_NEW = bodies.described(NewVoice.model_json_schema(), {REFERENCE: _RECORDING}, VOICE)
_ARRIVAL = bodies.described_form(Arrival, {FILE: "A zip of a voice, or a prompt file (`.pt`)."})
_MOOD = bodies.described_form(Spoken, {FILE: _RECORDING})

Range = Annotated[str | None, Header()]


def _present(here: Here, id: str) -> str:
    """The id of a voice that is there, damaged or not. Raises UnknownVoice."""
    if id not in here.library.ids():
        raise UnknownVoice("There is no such voice.", param="id")
    return id


Id = Annotated[str, Depends(_present)]


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
def look(here: Here, id: Id) -> VoiceView:
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
    async with bodies.read(request, [REFERENCE], VOICE) as body:
        new = incoming.asked(body)
        await run_in_threadpool(here.library.require_free, new.name)
        file = body.files.get(REFERENCE)
        received = await bodies.examine(here, "reference", file, REFERENCE) if file else None
    made = await run_in_threadpool(incoming.made, here, new, received)
    return await run_in_threadpool(_keep, here, made, request, response)


# Before the routes with `/{id}`, of which none takes a POST: so it stays even if one comes.
@router.post(
    "/import",
    status_code=HTTP_201_CREATED,
    summary="Bring a voice in",
    openapi_extra={"requestBody": _ARRIVAL},
)
async def bring(request: Request, response: Response, here: Here) -> VoiceView:
    """A zip that the export made, or a prompt file (`.pt`) of the qwen-tts package.

    `name` is given instead of the one in the zip; a prompt file has none, so there it is needed.
    """
    async with bodies.read(request, [FILE], words=Arrival.model_fields) as body:
        made = await incoming.brought(here, incoming.file_of(body), Arrival.of(body))
    return await run_in_threadpool(_keep, here, made, request, response)


@router.patch("/{id}", summary="Change a voice")
def change(here: Here, id: Id, changes: VoiceChanges) -> VoiceView:
    """What is left out stays as it is; of a preset speaker only tags and settings can change."""
    if "transcript" not in changes.model_fields_set:
        here.library.change(id, changes)
        return view(here.library, id)
    with here.library.settled():
        _require_unused(here, id)
        here.library.change(id, changes)
    return view(here.library, id, here.library.fit(id))


@router.delete("/{id}", summary="Delete a voice", status_code=HTTP_204_NO_CONTENT)
def delete(here: Here, id: Id) -> None:
    """For good, with its recordings; a preset speaker is put back to how it came."""
    with here.library.settled():
        _require_unused(here, id)
        here.library.delete(id)


# --- its recordings ---


@router.head("/{id}/clips/{name}", include_in_schema=False)
@router.get(
    "/{id}/clips/{name}",
    summary="Get a recording of a voice",
    response_class=Response,
    responses=FILE_RESPONSES,
)
def clip(*, request: Request, here: Here, id: Id, name: str, range: Range = None) -> Response:
    """By its file name, or by its emotion; whole, or the part that a Range header names."""
    for one in here.library.get(id).clips:
        if name in (one.file, one.emotion):
            return _sound(here, request, id, one.file, range)
    raise UnknownFile("This voice has no such recording.", param="name")


@router.put(
    "/{id}/clips/{name}",
    summary="Give a voice an emotion",
    openapi_extra={"requestBody": _MOOD},
)
async def record(request: Request, here: Here, id: Id, name: str) -> VoiceView:
    """A recording of the same person in the mood `name`, which requests with that `emotion` use.

    One that is there already is replaced, and its transcript with it.
    """
    async with bodies.read(request, [FILE], words=Spoken.model_fields) as body:
        file, transcript = incoming.file_of(body), Spoken.of(body).transcript
        await run_in_threadpool(here.library.require_moods, id, name)
        received = await bodies.examine(here, "reference", file, FILE)

    def keep() -> VoiceView:
        voice, remarks = here.library.get(id), received.facts.warnings
        if transcript:
            fit = reference.require_fit(transcript, received.facts.seconds, voice.language)
            remarks = [*remarks, *fit]
        with here.library.settled():
            if here.library.get(id).clip(emotions.canonical(name)):
                _require_unused(here, id)
            here.library.record(id, name, received.data, transcript)
        return view(here.library, id, remarks)

    return await run_in_threadpool(keep)


@router.delete("/{id}/clips/{name}", summary="Take an emotion from a voice")
def erase(here: Here, id: Id, name: str) -> VoiceView:
    """Delete the recording of the mood `name`."""
    with here.library.settled():
        _require_unused(here, id)
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
def sample(*, request: Request, here: Here, id: Id, range: Range = None) -> Response:
    """Its sample, or else the recording that it is made from."""
    files = here.library.files(id)
    clips = [one.file for one in here.library.get(id).clips]
    name = next((name for name in (SAMPLE, *clips) if name in files), None)
    if name is None:
        raise NoSample("There is no sample of this voice yet.", param="id")
    return _sound(here, request, id, name, range)


@router.post("/{id}/sample", status_code=HTTP_202_ACCEPTED, summary="Let a voice read")
def read(
    here: Here,
    id: Id,
    request: Request,
    response: Response,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """The voice reads a sentence in its own language, as a job that can be heard while it is made.

    Once the job has succeeded, `PUT` its id here: then it is the sample of the voice.
    """
    idempotency = idempotency_of(idempotency_key, "sample", id)
    sender = Sender(request.state.client, idempotency=idempotency)
    if record := known(here, sender):
        return told(here, record, request, response, new=False)
    task, body = _sentence(id, here.library.get(id))
    admitted = partial(enter, here, contract(task), body, sender)
    return submitted(here, admitted, sender, request, response)


@router.put("/{id}/sample", summary="Choose the sample of a voice")
def choose_sample(here: Here, id: Id, source: SampleSource) -> VoiceView:
    """What this voice said in a finished job is what people hear of it from now on."""
    here.library.get(id)
    recipe = finished(here, source.job)
    if id != _speaker(recipe):
        raise Conflict(
            "Another voice spoke in this job.",
            param="job",
            hint="Name a job in which this voice spoke.",
        )
    if recipe.duration_seconds > reference.LONGEST:
        raise AudioTooLong(
            f"A sample has at most {reference.LONGEST:g} seconds.",
            param="job",
            hint="Let the voice say a sentence or two, and name that job.",
        )
    heard = wav.decode(incoming.output(here, recipe, FINISHED), reference.LONGEST, "job")
    engine = Sample(engine=recipe.engine.name, preview=recipe.engine.preview)
    here.library.hear(id, wav.dumps(heard.samples), engine)
    return view(here.library, id)


# --- out ---


@router.get(
    "/{id}/export", summary="Take a voice out", response_class=Response, responses={200: _ZIP}
)
def export(here: Here, id: Id) -> Response:
    """The voice with its recordings and prompts as one zip, for `POST /v1/voices/import`.

    Prompts go along as far as there is room below MAX_UPLOAD_MB; others are made anew when they
    are needed. A service takes the zip in whose own MAX_UPLOAD_MB is no less than its size.
    """
    packed = archive.pack(here.library, id, here.settings.max_upload_mb << 20)
    headers = {
        "Content-Disposition": f'attachment; filename="{id}.zip"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(packed, headers=headers, media_type="application/zip")


# --- steps ---


def _keep(here: Context, made: Made, request: Request, response: Response) -> VoiceView:
    voice_id = here.library.create(made.record, made.files)
    shown = view(here.library, voice_id, made.warnings)
    response.headers["Location"] = request.scope.get("root_path", "") + shown.links["self"]
    return shown


def _sentence(voice_id: str, voice: Voice) -> tuple[str, dict[str, Any]]:
    """The task in which a voice reads, and the request."""
    language = voice.language if voice.language in SAMPLES else "english"
    said = {"text": SAMPLES[language], "language": language}
    if voice.kind == "preset":
        return "custom_voice", {**said, "speaker": voice_id}
    return "voice_clone", {**said, "voice": voice_id}


def _require_unused(here: Context, voice_id: str) -> None:
    """Raises VoiceInUse. Between this and what follows no job may be taken in: `settled`.

    One that is taken in by somebody who does not hold that ends as failed, with UnknownVoice.
    """
    for record in here.queue.active():
        if voice_id in _named(record.task, record.request) | _planned(here, record.request):
            raise VoiceInUse(f"Job {record.id} speaks with this voice.", param="id")


def _planned(here: Context, request: Mapping[str, Any]) -> set[str]:
    """The voices of a pipeline's lines."""
    if not (plan := request.get("plan")):
        return set()
    with suppress(UnknownUpload):
        return set(here.uploads.get("plan", plan).voices)
    return set()


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
