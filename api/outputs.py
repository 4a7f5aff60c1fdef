"""Finished outputs: find, mark, throw away, restore, download."""

import time
from typing import Annotated

from fastapi import APIRouter, Header, Query, Request, Response, status
from fastapi.responses import StreamingResponse

from api.archive import archive
from api.deps import Context, Here
from api.files import FILE_RESPONSES, serve
from shared.stores import cleanup, listing
from shared.stores.outputs import Marks

router = APIRouter(prefix="/v1/outputs", tags=["outputs"])

MOST_PACKED = 100
"""Outputs in one archive."""
_GIGABYTE = 1_000_000_000

_ZIP = {"content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}


@router.get("", summary="Find outputs")
def find(here: Here, query: Annotated[listing.Query, Query()]) -> listing.Page:
    """A page of what was made, the latest first unless asked otherwise."""
    return here.index.search(query)


@router.get(
    ".zip", summary="Download several outputs", response_class=Response, responses={200: _ZIP}
)
def download_all(
    here: Here, id: Annotated[list[str], Query(min_length=1, max_length=MOST_PACKED)]
) -> StreamingResponse:
    """Every file of up to 100 outputs as one archive with a folder for each."""
    known = {each.output.id: each.output for each in here.index.runs()}
    found = [known.get(each) or here.index.get(each) for each in dict.fromkeys(id)]
    return _packed(here, "outputs", *found)


# What follows stands before `/{id}`, which would take it for ids.
@router.get("/usage", summary="Disk use")
def usage(here: Here) -> listing.Disk:
    """How much room outputs and trash take, how much is left, and the rules of retention."""
    settings = here.settings
    return listing.Disk(
        **dict(here.index.usage()),
        outputs_keep_days=settings.outputs_keep_days,
        outputs_max_bytes=settings.outputs_max_gb * _GIGABYTE,
        trash_keep_days=settings.trash_keep_days,
    )


@router.get("/facets", summary="List tasks, voices and tags")
def facets(here: Here) -> listing.Facets:
    """The tasks, voices, tags and engines of all outputs, with how many have each."""
    return here.index.facets()


@router.post("/clean", summary="Clean up")
def clean(here: Here, rule: cleanup.Rule) -> cleanup.Cleaned:
    """Tell which outputs are old; with `"preview": false`, move them into the trash.

    Outputs that a waiting or running job needs stay where they are.
    """
    return cleanup.clean(here.outputs, here.index, rule, time.time(), _used(here))


@router.post("/restore", summary="Restore several outputs")
def restore_all(here: Here, named: cleanup.Named) -> cleanup.Restored:
    """Take up to 10,000 outputs out of the trash, and tell which of them are gone."""
    return cleanup.restore(here.index, named.ids)


@router.get("/trash", summary="Look into the trash")
def trash(here: Here, limit: Annotated[int, Query(ge=1, le=500)] = 50) -> listing.TrashPage:
    """The outputs that were thrown away last, and can still be restored."""
    return here.index.trash(limit)


@router.delete("/trash", summary="Empty the trash")
def empty(here: Here) -> cleanup.Emptied:
    """Delete every output in the trash for good, starred ones too. Nothing brings them back."""
    return cleanup.empty(here.outputs)


@router.get(
    "/{id}.zip", summary="Download an output", response_class=Response, responses={200: _ZIP}
)
def download(here: Here, id: str) -> StreamingResponse:
    """Every file of an output as one archive, packed while it is sent."""
    output = here.index.get(id)
    return _packed(here, output.id, output)


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


def _packed(here: Context, name: str, *outputs: listing.Output) -> StreamingResponse:
    headers = {
        "Content-Disposition": f'attachment; filename="{name}.zip"',
        "X-Content-Type-Options": "nosniff",
    }
    return StreamingResponse(
        archive(here.outputs, *outputs), headers=headers, media_type="application/zip"
    )


def _used(here: Context) -> set[str]:
    """Outputs of jobs that have not ended, and those from which such jobs take something."""
    used: set[str] = set()
    for record in here.queue.active():
        sources = (record.id, record.line, record.request.get("continues"))
        used |= {str(source).partition("/")[0] for source in sources if source}
    return used
