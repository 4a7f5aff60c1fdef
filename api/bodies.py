"""What a request brings: JSON, or a form with JSON in one part and files in others."""

import hashlib
import json
import re
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast
from urllib.parse import parse_qsl

from anyio import to_thread
from fastapi import Request
from pydantic import BaseModel
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from api.deps import Context
from api.errors import AS_JSON
from shared import receiving, spool
from shared.errors import BodyTooLarge, InvalidRequest
from shared.receiving import Received
from shared.requests.declared import Declared, UploadKind

FORM = "multipart/form-data"
URLENCODED = "application/x-www-form-urlencoded"
"""A form without files."""
REQUEST = "request"
"""The part of a job's form that holds the JSON."""

_BINARY = {"type": "string", "format": "binary"}
"""A file in the schema of a form."""
_JSON = re.compile(r"application/([^/]+\+)?json")
LONGEST_PART = 1 << 20
"""Bytes of JSON in a form, which Starlette keeps in memory; files go to disk."""
LONGEST_TEXT = 32 << 20
"""The same where a whole document may be in it, with every letter escaped."""
_TOO_LONG = "exceeded maximum size"
"""What Starlette says of a longer one."""
_MOST_PARTS = 40
"""More than any form has, so that one too many is refused by its name."""
_MOST_VALUES = 2_000_000
"""Brackets and commas in JSON, inside of texts too; as lists they would take 200 MB."""
_BLOCK = 1 << 20
_SHOWN = 100
"""Characters of a name that somebody made up, in an answer."""


@dataclass(frozen=True)
class Body:
    """What came, before anybody looked whether it makes sense."""

    fields: Any
    """The JSON; None for a form that has none."""
    files: Mapping[str, BinaryIO] = field(default_factory=dict[str, BinaryIO])
    names: Mapping[str, str] = field(default_factory=dict[str, str])
    """What the files are called, by whoever sent them."""
    words: Mapping[str, str] = field(default_factory=dict[str, str])
    """What a form says beside its files, without JSON."""


@asynccontextmanager
async def read(
    request: Request,
    files: Collection[str] = (),
    part: str | None = None,
    words: Collection[str] = (),
    longest: int = LONGEST_PART,
) -> AsyncGenerator[Body]:
    """The body of a request: JSON, or a form with some of `files` and with JSON as `part`.

    Where it has no JSON at all, `words` are the parts of the form that are plain text; such a form
    may come without files, as a browser sends it. What is no file has `longest` bytes at most in a
    form.

    The files are open as long as the block lasts, and leave nothing on the disk after it. Raises
    InvalidRequest, BodyTooLarge for JSON in a form, and StoreUnavailable where files find no room.
    """
    try:
        yield await _read(request, files, part, words, longest)
    finally:
        await request.close()


async def sums(files: Mapping[str, BinaryIO]) -> dict[str, str]:
    """The sha256 of files as they were sent."""
    return {name: await to_thread.run_sync(_sum, file) for name, file in files.items()}


def document_names(contract: type[Declared], body: Body) -> dict[str, str]:
    """What the documents of a request are called: the endings decide how they are read."""
    kinds = contract.uploads()
    return {name: word for name, word in body.names.items() if kinds[name] == "document"}


async def examined(
    here: Context,
    contract: type[Declared],
    files: Mapping[str, BinaryIO],
    names: Mapping[str, str] | None = None,
) -> dict[str, Received]:
    """The files of a request, checked as its contract says, each kept by nobody yet."""
    kinds, names = contract.uploads(), names or {}
    return {
        field: await examine(here, kinds[field], file, field, names.get(field, ""))
        for field, file in files.items()
    }


async def examine(
    here: Context, kind: UploadKind, file: BinaryIO, param: str, name: str = ""
) -> Received:
    """A file that was sent, checked in a thread, one at a time in this process.

    So decoding takes one core at most, and whoever waits for it keeps no thread waiting too.
    """
    return await to_thread.run_sync(
        receiving.examine, kind, file, here.settings, param, name, limiter=here.decoding
    )


def schema(contract: type[Declared]) -> dict[str, Any]:
    """What the OpenAPI document says of the body of a contract."""
    fields = _whole(contract.model_json_schema())
    files = {name: fields["properties"][name]["description"] for name in contract.uploads()}
    body = described(fields, files, REQUEST)
    for kind, media in body["content"].items():
        example = {REQUEST: contract.example} if kind == FORM else contract.example
        media["examples"] = {"example": {"value": example}}
    return {"requestBody": body}


def described(
    fields: dict[str, Any], files: Mapping[str, str], part: str | None = None
) -> dict[str, Any]:
    """What the OpenAPI document says of a body: JSON, or a form.

    `fields` is the schema of the JSON; a form brings `files`, each with what it is, and as `part`
    the JSON without what they stand for.
    """
    content: dict[str, Any] = {"application/json": {"schema": fields}}
    if files:
        content[FORM] = _form(fields, files, part)
    return {"required": True, "content": content}


def described_form(words: type[BaseModel], files: Mapping[str, str]) -> dict[str, Any]:
    """What the OpenAPI document says of a form of `files` and `words`, which has no JSON."""
    form = _form({}, files, None)
    form["schema"]["properties"] |= words.model_json_schema()["properties"]
    return {"required": True, "content": {FORM: form}}


def _whole(schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with the models inside it written out: in the document, references lead nowhere."""
    models: dict[str, dict[str, Any]] = schema.get("$defs", {})

    def written(part: Any) -> Any:
        if isinstance(part, list):
            return [written(one) for one in cast(list[Any], part)]
        if not isinstance(part, dict):
            return part
        own = cast(dict[str, Any], part)
        model = models[str(own["$ref"]).rpartition("/")[2]] if "$ref" in own else own
        return {name: written(one) for name, one in {**model, **own}.items() if name != "$ref"}

    return {name: written(part) for name, part in schema.items() if name != "$defs"}


def _form(fields: dict[str, Any], files: Mapping[str, str], part: str | None) -> dict[str, Any]:
    parts: dict[str, Any] = {name: {**_BINARY, "description": files[name]} for name in files}
    schema = {"type": "object", "properties": parts, "additionalProperties": False}
    if part is None:
        return {"schema": {**schema, "required": [*files]}}
    needed = [name for name in fields.get("required", ()) if name not in files]
    parts[part] = {**fields, "required": needed}
    return {
        "schema": {**schema, "required": [part] if needed else []},
        "encoding": {part: {"contentType": "application/json"}},
    }


async def _read(
    request: Request,
    files: Collection[str],
    part: str | None,
    words: Collection[str],
    longest: int,
) -> Body:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        if kind == FORM and files:
            with spool.explained():
                form = await request.form(
                    max_files=_MOST_PARTS, max_fields=_MOST_PARTS, max_part_size=longest
                )
            return await _sorted(form, files, part, words, longest)
        if kind == URLENCODED and words:
            return await _sorted(_pairs(await request.body(), longest), (), part, words, longest)
        if _JSON.fullmatch(kind):
            return Body(_parsed(await request.body()))
    except ClientDisconnect as error:
        raise InvalidRequest("The body broke off.") from error
    except HTTPException as error:  # what Starlette says of a form
        if _TOO_LONG in error.detail:
            raise _too_long(longest) from error
        raise InvalidRequest(f"The form cannot be read: {error.detail}") from error
    raise InvalidRequest("The body was not sent as JSON.", hint=_how(files, part, words))


def _pairs(body: bytes, longest: int) -> FormData:
    """A form without files. Raises BodyTooLarge and InvalidRequest."""
    if len(body) > longest:
        raise _too_long(longest)
    if body.lstrip().startswith(b"{"):  # as curl sends what it is not told of
        raise InvalidRequest("The body was sent as a form, and looks like JSON.", hint=AS_JSON)
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_MOST_PARTS)
    except ValueError as error:
        raise InvalidRequest(f"The form cannot be read: {error}.") from error
    return FormData([*pairs])


def _how(files: Collection[str], part: str | None, words: Collection[str]) -> str:
    if words:
        return f"{AS_JSON} Or send a form: {URLENCODED}, or {FORM} with a file."
    if not files:
        return AS_JSON
    beside = f" and the JSON as `{part}`" if part else ""
    return f"{AS_JSON} Or send {FORM} with {_listed(files)}{beside}."


async def _sorted(
    form: FormData,
    files: Collection[str],
    part: str | None,
    words: Collection[str],
    longest: int,
) -> Body:
    """The parts of a form, none twice and none unknown."""
    fields: Any = None
    found: dict[str, BinaryIO] = {}
    names: dict[str, str] = {}
    said: dict[str, str] = {}
    for name, value in form.multi_items():
        shown = name[:_SHOWN]
        if len(form.getlist(name)) > 1:
            raise InvalidRequest(f"There are several parts {shown!r}.", param=shown)
        if name == part:
            fields = _parsed(await _text(value, longest))
        elif name in words:
            if not isinstance(value, str):
                raise InvalidRequest(f"The part `{name}` is a file, not text.", param=name)
            said[name] = value
        elif name not in files:
            known = _listed([*files, *filter(None, [part]), *words])
            raise InvalidRequest(f"There is no part {shown!r}. Known are: {known}.", param=shown)
        elif isinstance(value, str):
            raise InvalidRequest(
                f"The part `{name}` is no file: it has no file name.",
                param=name,
                hint=f"In the words of curl: -F {name}=@recording.wav",
            )
        else:
            found[name] = value.file
            names[name] = value.filename or ""
    return Body(fields, found, names, said)


def _listed(names: Collection[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


async def _text(value: str | UploadFile, longest: int) -> str | bytes:
    """The JSON of a form, whether it was put there as a field or as a file."""
    text = value if isinstance(value, str) else await value.read(longest + 1)
    if len(text) > longest:
        raise _too_long(longest)
    return text


def _too_long(longest: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"What is no file may have {longest >> 20} MiB in a form.",
        hint="Send what is long as a file.",
    )


def require_few_values(text: str | bytes) -> None:
    """Refuse what would be far more in memory than it was on the way, before it is read."""
    counts = map(text.count, "{[,") if isinstance(text, str) else map(text.count, b"{[,")
    if len(text) > _MOST_VALUES and sum(counts) > _MOST_VALUES:
        raise BodyTooLarge(
            f"The body has more than {_MOST_VALUES:,} values.",
            hint="Send what is long as a file.",
        )


def _sum(file: BinaryIO) -> str:
    digest = hashlib.sha256()
    while block := file.read(_BLOCK):
        digest.update(block)
    file.seek(0)
    return digest.hexdigest()


def _parsed(text: str | bytes) -> Any:
    require_few_values(text)
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidRequest(
            f"The body is not JSON: {error.msg} at character {error.pos}."
        ) from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequest(
            "The body cannot be read.", hint="Send one JSON object in UTF-8."
        ) from error
