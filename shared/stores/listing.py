"""Outputs as clients see them: the item, the question and the page that answers it."""

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Literal, cast

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter

from shared.errors import InvalidRequest
from shared.jobs import EngineInfo, moment
from shared.requests import CONTRACTS
from shared.stores.outputs import Labels, Marks
from shared.stores.recipe import FileFact, Recipe

_EXCERPT = 200
"""Characters of the text in a listing."""

Sort = Literal[
    "-created_at", "created_at", "-duration_seconds", "duration_seconds", "-bytes", "bytes"
]
Moment = Annotated[datetime, AfterValidator(lambda at: at if at.tzinfo else at.replace(tzinfo=UTC))]


_FIELDS: TypeAdapter[tuple[Sort, float, str]] = TypeAdapter(tuple[Sort, float, str])


class Output(Marks):
    """A finished run as clients see it."""

    id: str
    """That of the job which made it."""
    task: str
    text: str
    """The beginning of what is said."""
    voice: str | None
    """Who speaks."""
    language: str | None
    engine: EngineInfo
    preview: bool
    """True when the preview engine spoke, which is not Qwen3-TTS."""
    seed: int
    created_at: datetime
    finished_at: datetime
    duration_seconds: float
    real_time_factor: float
    """Generation time per second of audio; under 1 is faster than real time."""
    bytes: int
    """Of all its files together."""
    audio: str
    """Name of the file in the format asked for."""
    files: dict[str, FileFact]
    warnings: list[str]
    request: dict[str, Any]
    links: dict[str, str]
    """Where its parts are found, relative to the API's root; `files` is a URI template."""


class Query(BaseModel):
    """Which outputs are wanted; everything that is given must hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)

    q: str = Field(default="", max_length=500)
    """Words that all occur in the text, title, tags, voice or task, in any case."""
    task: str | None = None
    voice: str | None = None
    engine: str | None = None
    starred: bool | None = None
    tag: list[str] = Field(default=[], max_length=32)
    """Tags it must all bear."""
    since: Moment | None = None
    """Made then or later; UTC unless it says otherwise."""
    until: Moment | None = None
    """Made before then."""
    sort: Sort = "-created_at"
    """A minus puts the latest, longest or largest first."""
    limit: int = Field(default=50, ge=1, le=500)
    cursor: str | None = Field(default=None, max_length=300)
    """`next_cursor` of the page before."""


class Page(BaseModel):
    """A part of the outputs that were asked for."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[Output]
    total: int
    """How many there are on all pages together."""
    duration_seconds: float
    """How long they all are together."""
    next_cursor: str | None
    """Send it as `cursor` for the next page; null on the last."""


class Usage(BaseModel):
    """What the outputs take; bytes."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    outputs: int
    """How many there are."""
    bytes: int
    trash: int
    """How many are in the trash."""
    trash_bytes: int
    free_bytes: int
    """Room left on the medium."""


class Disk(Usage):
    """The same, with the rules by which outputs go by themselves; 0: no such rule."""

    outputs_keep_days: float
    """Older ones go into the trash, starred ones excepted."""
    outputs_max_bytes: float
    """Above it the oldest are deleted, those in the trash first, starred ones excepted."""
    trash_keep_days: float
    """How long the trash is kept."""


class Facet(BaseModel):
    """Something to filter by."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    value: str
    outputs: int
    """How many have it."""


class Facets(BaseModel):
    """What there is to filter by, the most frequent first."""

    tasks: list[Facet]
    voices: list[Facet]
    tags: list[Facet]
    engines: list[Facet]


class Thrown(Output):
    """An output in the trash."""

    deleted_at: datetime


class TrashPage(BaseModel):
    """What lies in the trash, the latest first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    items: list[Thrown]
    total: int
    """How many there are, those included that cannot be understood and are not listed."""
    bytes: int
    """What all of them take."""


def output(recipe: Recipe, labels: Labels, size: int) -> Output:
    """What clients see of a run whose files take `size` bytes."""
    request = recipe.request
    return Output(
        **{field: getattr(labels, field) for field in Marks.model_fields},
        id=recipe.id,
        task=recipe.task,
        text=_excerpt(said(recipe)),
        voice=_voice(request),
        language=request.get("language"),
        engine=recipe.engine,
        preview=recipe.engine.preview,
        seed=recipe.seed,
        created_at=moment(recipe.created_at),
        finished_at=moment(recipe.finished_at),
        duration_seconds=recipe.duration_seconds,
        real_time_factor=recipe.timings.real_time_factor,
        bytes=size,
        audio=recipe.audio,
        files=recipe.files,
        warnings=recipe.warnings,
        request=request,
        links=links(recipe),
    )


def _voice(request: dict[str, Any]) -> str | None:
    """Who speaks, or reads, if it is one voice; a pipeline names it in a role."""
    first = request.get("speaker") or request.get("voice") or request.get("narrator")
    named = cast(dict[str, Any], first).get("voice") if isinstance(first, dict) else first
    return named if isinstance(named, str) else None


def links(recipe: Recipe) -> dict[str, str]:
    """Where the parts of an output are found, relative to the API's root."""
    base = f"/v1/outputs/{recipe.id}"
    return {
        "self": base,
        "audio": f"{base}/files/{recipe.audio}",
        "files": f"{base}/files/{{name}}",
        "zip": f"{base}.zip",
        "job": f"/v1/jobs/{recipe.id}",
    }


def said(recipe: Recipe) -> str:
    """What is heard, as one text."""
    text = recipe.request.get("text")
    return text if text is not None else " ".join(segment.text for segment in recipe.segments)


def written(recipe: Recipe) -> str:
    """Everything that somebody wrote into the request, as one text."""
    fields = _text_fields(recipe.task)
    return " ".join(part for field in fields for part in _strings(recipe.request.get(field)))


def order(item: Output, sort: Sort) -> tuple[float, str]:
    """What `sort` sorts by; no two outputs share it."""
    value = getattr(item, sort.removeprefix("-"))
    return value.timestamp() if isinstance(value, datetime) else float(value), item.id


def cursor(item: Output, sort: Sort) -> str:
    """The place of `item` in that order as an opaque word; it holds while others come and go."""
    fields = json.dumps([sort, *order(item, sort)])
    return base64.urlsafe_b64encode(fields.encode()).decode().rstrip("=")


def place(cursor: str, sort: Sort) -> tuple[float, str]:
    """The place that `cursor` names. Raises InvalidRequest."""
    try:
        fields = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        given, value, run = _FIELDS.validate_json(fields)
    except ValueError as error:
        raise InvalidRequest("This cursor is none of ours.", param="cursor") from error
    if given != sort:
        raise InvalidRequest(f"This cursor belongs to sort={given}.", param="cursor")
    return value, run


@cache
def _text_fields(task: str) -> tuple[str, ...]:
    """The fields that the contract marks as text; runs of a task that is gone had `text`."""
    contract = CONTRACTS.get(task)
    if contract is None:
        return ("text",)
    return tuple(contract.texts())


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from _strings(list(value.values()))  # pyright: ignore[reportUnknownArgumentType, reportUnknownMemberType]
    elif isinstance(value, list):
        for part in value:  # pyright: ignore[reportUnknownVariableType]
            yield from _strings(part)


def _excerpt(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _EXCERPT else f"{line[: _EXCERPT - 1].rstrip()}…"
