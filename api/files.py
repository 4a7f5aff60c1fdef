"""Files of a run over HTTP: whole or in part, read through the output store in blocks."""

import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from fastapi import Response
from fastapi.responses import JSONResponse, StreamingResponse

from shared.errors import RangeNotSatisfiable, StoreUnavailable
from shared.stores.outputs import OutputStore

BLOCK = 256 * 1024
"""Bytes read from the store at once."""
FILE_RESPONSES: dict[int | str, dict[str, Any]] = {
    status: {
        "description": description,
        "content": {"*/*": {"schema": {"type": "string", "format": "binary"}}},
    }
    for status, description in {200: "The whole file.", 206: "The part asked for."}.items()
}
"""For the OpenAPI page of a route that answers with `serve`."""

_ONE_RANGE = re.compile(r"bytes=\s*(\d{0,19})-(\d{0,19})\s*", re.ASCII | re.IGNORECASE)
_OUTSIDE_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Span:
    """Bytes `start` up to but not including `end`."""

    start: int
    end: int

    @property
    def length(self) -> int:
        return self.end - self.start


def serve(
    store: OutputStore,
    run: str,
    name: str,
    range_header: str | None,
    media_type: str,
    *,
    download_name: str,
    etag: str | None = None,
    head: bool = False,
) -> Response:
    """A file of a run as it is now, whole (200) or the part that `range_header` names (206, 416).

    Who saves it finds it under `download_name`. Raises UnknownOutput and UnknownFile.
    """
    store.read(run, name, 0, 1)
    return _serve(
        store.size(run, name),
        lambda part: blocks(store, run, name, part),
        range_header,
        media_type,
        download_name=download_name,
        etag=etag,
        head=head,
    )


def serve_bytes(
    data: bytes,
    range_header: str | None,
    media_type: str,
    *,
    download_name: str,
    head: bool = False,
) -> Response:
    """The same of what is in memory."""
    return _serve(
        len(data),
        lambda part: iter([data[part.start : part.end]]),
        range_header,
        media_type,
        download_name=download_name,
        etag=hashlib.sha256(data).hexdigest(),
        head=head,
    )


def parse_range(header: str | None, size: int) -> Span | None:
    """The part of `size` bytes that a Range header asks for; None: the whole (RFC 9110, 14.2).

    Several ranges, other units and nonsense ask for the whole. Raises RangeNotSatisfiable.
    """
    match = _ONE_RANGE.fullmatch(header or "")
    if not match or match[1] == match[2] == "":
        return None
    if match[1] == "":
        start, end = max(0, size - int(match[2])), size
    else:
        start, end = int(match[1]), int(match[2] or size) + 1
        if match[2] and end <= start:
            return None
    if start >= size:
        raise RangeNotSatisfiable(f"The file has {size} bytes; {header} lies outside.")
    return Span(start, min(end, size))


def blocks(store: OutputStore, run: str, name: str, span: Span) -> Iterator[bytes]:
    """The bytes of `span`, block by block. Raises StoreUnavailable if the file shrinks."""
    position = span.start
    while position < span.end:
        data = store.read(run, name, position, min(BLOCK, span.end - position))
        if not data:
            raise StoreUnavailable(f"{name} of {run} became shorter while it was sent.")
        position += len(data)
        yield data


def _serve(
    size: int,
    read: Callable[[Span], Iterator[bytes]],
    range_header: str | None,
    media_type: str,
    *,
    download_name: str,
    etag: str | None,
    head: bool,
) -> Response:
    headers = {"Accept-Ranges": "bytes", **_safety(download_name)}
    if etag:
        headers["ETag"] = f'"{etag}"'
    try:
        span = parse_range(range_header, size)
    except RangeNotSatisfiable as error:
        headers["Content-Range"] = f"bytes */{size}"
        return JSONResponse(error.body(), error.status, headers)
    if span:
        headers["Content-Range"] = f"bytes {span.start}-{span.end - 1}/{size}"
    part = span or Span(0, size)
    headers["Content-Length"] = str(part.length)
    status = 206 if span else 200
    if head:
        return Response(None, status, headers, media_type)
    return StreamingResponse(read(part), status, headers, media_type)


def _safety(name: str) -> dict[str, str]:
    """Headers that keep a browser from taking a file for something else."""
    plain = _OUTSIDE_NAME.sub("_", name).strip("._")[:100] or "file"
    return {
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": f'inline; filename="{plain}"',
    }
