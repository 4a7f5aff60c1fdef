"""`/v1/uploads`: files for requests, sent before them."""

from datetime import timedelta
from io import BytesIO
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_201_CREATED

from api import bodies
from api.audio import finished
from api.deps import Context, Here
from shared.errors import BodyTooLarge, InvalidRequest, UnknownFile
from shared.requests.declared import UploadKind, explain
from shared.stores.uploads import Upload

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])

Kind = Annotated[
    UploadKind,
    Query(
        description="What it is for: a voice to be cloned, sound to be encoded, codes, a document "
        "to be read, a plan of one, a cover."
    ),
]
_FILE = "file"


class OutputFile(BaseModel):
    """A file that a finished job left."""

    model_config = ConfigDict(extra="forbid", strict=True, use_attribute_docstrings=True)

    job: Annotated[str, Field(max_length=60)]
    file: Annotated[str, Field(max_length=100)]
    """One of the names in the job's `result.files`."""


_BODY = bodies.described(
    OutputFile.model_json_schema(),
    {_FILE: "A recording, codes that `codec_encode` wrote, a document, a plan, or a picture."},
)


@router.post(
    "",
    status_code=HTTP_201_CREATED,
    summary="Send a file",
    openapi_extra={"requestBody": _BODY},
)
async def send(request: Request, response: Response, here: Here, kind: Kind) -> Upload:
    """A file for a request, or one that a job left; it is checked now, and kept for a while.

    Its `id` stands in the request for it. The same sound sent again has the same id.
    """
    async with bodies.read(request, [_FILE]) as body:
        if _FILE in body.files:
            source, name = body.files[_FILE], body.names[_FILE]
        else:
            source, name = await run_in_threadpool(_of_output, here, body.fields)
        received = await bodies.examine(here, kind, source, _FILE, name)
    upload = await run_in_threadpool(received.keep, here.uploads)
    root = request.scope.get("root_path", "")
    response.headers["Location"] = f"{root}{router.prefix}/{upload.kind}/{upload.id}"
    return _shown(here, upload)


@router.get("/{kind}/{id}", summary="Look at a file")
def look(here: Here, kind: UploadKind, id: str) -> Upload:
    """What is known of a file that was sent."""
    return _shown(here, here.uploads.get(kind, id))


def _shown(here: Context, upload: Upload) -> Upload:
    """An upload with the time after which it may go."""
    keep = timedelta(hours=here.settings.uploads_keep_hours)
    return upload.model_copy(update={"expires_at": upload.created_at + keep})


def _of_output(here: Context, fields: Any) -> tuple[BinaryIO, str]:
    """A file of a finished job, no larger than one that can be sent, and its name."""
    if fields is None:
        raise InvalidRequest(
            f"No file came: there is no part `{_FILE}`, or it broke off.", param=_FILE
        )
    try:
        wanted = OutputFile.model_validate(fields)
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error
    recipe = finished(here, wanted.job)
    fact = recipe.files.get(wanted.file)
    if fact is None:
        raise UnknownFile("The job has no file of that name.", param=_FILE)
    if fact.bytes > here.settings.max_upload_mb << 20:
        raise BodyTooLarge(
            f"{wanted.file} has {fact.bytes} bytes; a file may have "
            f"{here.settings.max_upload_mb} MB.",
            param=_FILE,
        )
    return BytesIO(here.outputs.read(recipe.id, wanted.file, 0, fact.bytes)), wanted.file
