"""Voices out of what somebody sent: a recording, a job, other voices, or the file of a voice."""

import base64
from io import BytesIO
from typing import Annotated, Any, BinaryIO, Self, cast

from anyio import to_thread
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool

from api import questions
from api.audio import finished
from api.bodies import FORM, Body
from api.deps import Context
from shared.asking import ReadPrompt
from shared.errors import BodyTooLarge, InvalidRequest
from shared.receiving import Received
from shared.requests.declared import Transcript, explain
from shared.stores.recipe import Recipe
from shared.voices import archive, making, naming
from shared.voices.changes import NewVoice
from shared.voices.making import Made

VOICE = "voice"
REFERENCE = "reference"
FILE = "file"
_SENT = "0" * 64
"""Stands in the JSON for a recording that came along."""


class _Words(BaseModel):
    """What a form says beside its file."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    @classmethod
    def of(cls, body: Body) -> Self:
        """Raises InvalidRequest; what was left empty was left out."""
        said = {name: word for name, word in body.words.items() if word}
        try:
            return cls.model_validate(said)
        except ValidationError as error:
            raise explain(dict(error.errors(include_url=False)[0])) from error


class Arrival(_Words):
    """What is said of a voice that is brought in."""

    name: Annotated[str, AfterValidator(naming.checked_name)] | None = None
    """Instead of the name in the zip; a prompt file has none."""
    checkpoint: str | None = Field(default=None, max_length=100)
    """Which one made a prompt file; left out, the one whose size it has."""


class Spoken(_Words):
    """What is said of a recording."""

    transcript: Transcript | None = None
    """Every word of it."""


def file_of(body: Body) -> BinaryIO:
    """The file of a form. Raises InvalidRequest where none came."""
    if FILE not in body.files:
        raise InvalidRequest(
            f"No file came: there is no part `{FILE}`, or it broke off.",
            param=FILE,
            hint=f"Send {FORM} with `{FILE}`. In the words of curl: -F {FILE}=@voice.zip",
        )
    return body.files[FILE]


def asked(body: Body) -> NewVoice:
    """The voice that is asked for; a recording beside the JSON is as one that was sent before."""
    if REFERENCE not in body.files:
        return NewVoice.parse(body.fields)
    if not isinstance(body.fields, dict):
        raise InvalidRequest(f"The part `{VOICE}` must be a JSON object.", param=VOICE)
    fields = cast("dict[str, Any]", body.fields)
    if REFERENCE in fields:
        raise InvalidRequest("A file and the id of another are given.", param=REFERENCE)
    return NewVoice.parse({**fields, REFERENCE: _SENT})


def made(here: Context, new: NewVoice, received: Received | None) -> Made:
    """The voice that was asked for; nothing is kept yet."""
    if received:
        return making.clone(new, received.data, received.facts)
    if new.reference:
        upload = here.uploads.get("reference", new.reference)
        return making.clone(new, here.uploads.read("reference", upload.id), upload)
    if new.mix:
        return making.mix(here.library, new, new.mix)
    return _designed(here, new, finished(here, new.from_job or ""))


async def brought(here: Context, file: BinaryIO, arrival: Arrival) -> Made:
    """The voice in a zip, which is looked at here, or in a prompt file, which only a worker reads.

    A zip is unpacked and its recordings decoded in one go, as all files are: one at a time.
    """
    parts = await to_thread.run_sync(_opened, here, file, arrival, limiter=here.decoding)
    if isinstance(parts, Made):
        return parts
    read = await questions.ask(here, parts)
    return await run_in_threadpool(making.prepare, arrival.name or "", read["prompts"])


def output(here: Context, recipe: Recipe, name: str) -> BytesIO:
    """A file of a finished job."""
    return BytesIO(here.outputs.read(recipe.id, name, 0, here.outputs.size(recipe.id, name)))


def _designed(here: Context, new: NewVoice, recipe: Recipe) -> Made:
    found = [one for one in recipe.candidates if one.number == new.candidate]
    if not found:
        count = len(recipe.candidates) or "no"
        raise InvalidRequest(
            f"The job has {count} candidates; number {new.candidate} is not among them.",
            param="candidate",
        )
    clip = output(here, recipe, found[0].file).read()
    return making.design(
        new.name, found[0], clip, recipe.id, recipe.engine, said=new, language=new.language
    )


def _opened(here: Context, file: BinaryIO, arrival: Arrival) -> Made | ReadPrompt:
    """The voice in a zip; of a prompt file, what a worker is to be asked."""
    if archive.is_prompt_of_the_package(file):
        return _question(here, file, arrival)
    parcel = archive.unpack(file, arrival.name)
    here.library.require_free(parcel.record.name)
    return parcel.open()


def _question(here: Context, file: BinaryIO, arrival: Arrival) -> ReadPrompt:
    if arrival.name is None:
        raise InvalidRequest("A prompt file has no name in it.", param="name", hint="Send `name`.")
    here.library.require_free(arrival.name)
    file.seek(0)
    data = file.read(archive.LARGEST_OF_THE_PACKAGE + 1)
    if len(data) > archive.LARGEST_OF_THE_PACKAGE:
        most = archive.LARGEST_OF_THE_PACKAGE >> 20
        raise BodyTooLarge(f"A prompt file may have {most} MB.", param=FILE)
    return ReadPrompt(file=base64.b64encode(data).decode(), checkpoint=arrival.checkpoint)
