"""Finished outputs: find, mark, throw away, restore, download."""

from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from api.archive import archive
from api.deps import Here
from api.files import FILE_RESPONSES, serve
from shared.stores import listing
from shared.stores.outputs import Marks

router = APIRouter(prefix="/v1/outputs", tags=["outputs"])

_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("", summary="Find outputs")
def find(here: Here, query: Annotated[listing.Query, Query()]) -> listing.Page:
    """A page of what was made, the latest first unless asked otherwise."""
    return here.index.search(query)


# The next two stand before `/{id}`, which would take them for ids.
@router.get("/usage", summary="Disk use")
def usage(here: Here) -> listing.Usage:
    """How much the outputs take, and how much room is left."""
    return here.index.usage()


@router.get(
    "/{id}.zip", summary="Download an output", response_class=Response, responses={200: _ZIP}
)
def download(here: Here, id: str) -> StreamingResponse:
    """Every file of an output as one archive, packed while it is sent."""
    output = here.index.get(id)
    headers = {
        "Content-Disposition": f'attachment; filename="{output.id}.zip"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(
        archive(here.outputs, output), headers=headers, media_type="application/zip"
    )


@router.get("/{id}", summary="Look at an output")
def look(here: Here, id: str) -> listing.Output:
    """One output, with the request that made it."""
    return here.index.get(id)


@router.patch("/{id}", summary="Star, tag or name an output")
def mark(here: Here, id: str, marks: Marks) -> listing.Output:
    """What is left out stays as it is; tags replace those before."""
    return here.index.mark(id, marks)


@router.delete("/{id}", summary="Throw an output away", status_code=status.HTTP_204_NO_CONTENT)
def discard(here: Here, id: str) -> None:
    """It goes to the trash, from which it can be restored for a while."""
    here.outputs.trash(id)


@router.post("/{id}/restore", summary="Restore an output")
def restore(here: Here, id: str) -> listing.Output:
    """Take it out of the trash."""
    return here.index.restore(id)


@router.head("/{id}/files/{name}", include_in_schema=False)
@router.get(
    "/{id}/files/{name}",
    summary="Get a file of an output",
    response_class=Response,
    responses=FILE_RESPONSES,
)
def file(
    *,
    request: Request,
    here: Here,
    id: str,
    name: str,
    range: Annotated[str | None, Header()] = None,
) -> Response:
    """Whole, or the part that a Range header names."""
    fact = here.index.get(id).files.get(name)
    return serve(
        here.outputs,
        id,
        name,
        range,
        fact.media_type if fact else "application/octet-stream",
        download_name=f"{id}-{name}",
        etag=fact.sha256 if fact else None,
        head=request.method == "HEAD",
    )
