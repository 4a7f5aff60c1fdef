"""Every call of the API, described once; the sync and the async client only carry them out."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from pydantic import TypeAdapter

from shared.jobs import JobView
from shared.requests.declared import Format
from shared.stores.listing import Output, Page
from shared.views import Accepted, JobPage, ModelView, Readiness, SpeakerView, Status, TaskView

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """One request and how its answer is read."""

    method: str
    path: str
    read: Callable[[bytes], Answer]
    query: dict[str, Any] = field(default_factory=dict[str, Any])
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict[str, str])
    accept: frozenset[int] = frozenset()
    """Statuses of 400 and above that are an answer, not an error."""


def _json(kind: Any) -> Callable[[bytes], Any]:
    return TypeAdapter(kind).validate_json


def _nothing(_content: bytes) -> None:
    return None


def submit(
    task: str, request: dict[str, Any], priority: str | None = None, key: str | None = None
) -> Call[JobView]:
    headers = {"Idempotency-Key": key} if key else {}
    query = {"priority": priority} if priority else {}
    path = f"/v1/jobs/{_part(task)}"
    return Call("POST", path, _json(JobView), query, request, headers)


def job(job_id: str) -> Call[JobView]:
    return Call("GET", f"/v1/jobs/{_part(job_id)}", _json(JobView))


def jobs(**query: Any) -> Call[JobPage]:
    return Call("GET", "/v1/jobs", _json(JobPage), _without_none(query))


def cancel(job_id: str) -> Call[JobView]:
    return Call("DELETE", f"/v1/jobs/{_part(job_id)}", _json(JobView))


def again(job_id: str) -> Call[JobView]:
    return Call("POST", f"/v1/jobs/{_part(job_id)}/again", _json(JobView))


def audio(job_id: str, format: Format | None = None, follow: bool = False) -> Call[bytes]:
    query = _without_none({"format": format, "follow": "1" if follow else None})
    return Call("GET", f"/v1/jobs/{_part(job_id)}/audio", bytes, query)


def part(job_id: str, format: Format | None, span: str | None) -> Call[bytes]:
    headers = {"Range": span} if span else {}
    return replace(audio(job_id, format), headers=headers, accept=frozenset({416}))


def file(job_id: str, name: str) -> Call[bytes]:
    return Call("GET", f"/v1/jobs/{_part(job_id)}/files/{_part(name)}", bytes)


def events(job_id: str) -> Call[bytes]:
    return Call("GET", f"/v1/jobs/{_part(job_id)}/events", bytes)


def attach(job_id: str) -> str:
    """The path of a job's WebSocket."""
    return f"/v1/jobs/{_part(job_id)}/stream"


def outputs(**query: Any) -> Call[Page]:
    return Call("GET", "/v1/outputs", _json(Page), _without_none(query))


def output(run: str) -> Call[Output]:
    return Call("GET", f"/v1/outputs/{_part(run)}", _json(Output))


def mark(run: str, **marks: Any) -> Call[Output]:
    return Call("PATCH", f"/v1/outputs/{_part(run)}", _json(Output), body=marks)


def discard(run: str) -> Call[None]:
    return Call("DELETE", f"/v1/outputs/{_part(run)}", _nothing)


def restore(run: str) -> Call[Output]:
    return Call("POST", f"/v1/outputs/{_part(run)}/restore", _json(Output))


def archive(run: str) -> Call[bytes]:
    return Call("GET", f"/v1/outputs/{_part(run)}.zip", bytes)


def tasks() -> Call[list[TaskView]]:
    return Call("GET", "/v1/tasks", _json(list[TaskView]))


def speakers() -> Call[list[SpeakerView]]:
    return Call("GET", "/v1/speakers", _json(list[SpeakerView]))


def models() -> Call[list[ModelView]]:
    return Call("GET", "/v1/models", _json(list[ModelView]))


def change_model(checkpoint: str, action: str) -> Call[Accepted]:
    return Call("POST", f"/v1/models/{_part(checkpoint)}/{action}", _json(Accepted))


def unload_all() -> Call[Accepted]:
    return Call("POST", "/v1/models/unload", _json(Accepted))


def clear_caches() -> Call[Accepted]:
    return Call("POST", "/v1/cache/clear", _json(Accepted))


def status() -> Call[Status]:
    return Call("GET", "/v1/status", _json(Status))


def ready() -> Call[Readiness]:
    return Call("GET", "/ready", _json(Readiness), accept=frozenset({503}))


def _part(text: str) -> str:
    """One segment of a path, whatever is in it."""
    return quote(text, safe="")


def _without_none(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}
