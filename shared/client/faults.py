"""Errors of the API as the exceptions they were before they crossed the wire."""

from collections.abc import Iterator, Mapping
from typing import Any

import httpx
from pydantic import ValidationError
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from shared.errors import JobFailed, SpeechError
from shared.jobs import JobView
from shared.states import JobState
from shared.views import ErrorBody


class ServiceUnreachable(SpeechError):
    """Nothing answers at the service's address."""

    code = "service_unreachable"
    status = 503
    hint = "Start it with `make run`, or say where it is with API_URL."


class UnknownFault(SpeechError):
    """The service answered with an error that this client does not know."""

    code = "unknown_fault"


def from_http(response: httpx.Response) -> SpeechError:
    """The exception that an error response stands for; its body must have been read."""
    return _from_answer(response.status_code, response.content, response.headers)


def from_handshake(error: InvalidStatus) -> SpeechError:
    """The exception that the refusal of a WebSocket stands for."""
    refusal = error.response
    return _from_answer(refusal.status_code, bytes(refusal.body), refusal.headers)


def _from_answer(status: int, content: bytes, headers: Mapping[str, str]) -> SpeechError:
    try:
        body = ErrorBody.model_validate_json(content)
    except ValidationError:
        return UnknownFault(f"The service answered with status {status}.")
    return from_body(body.error.model_dump(), headers.get("Retry-After"))


def from_body(error: dict[str, Any], retry_after: str | None = None) -> SpeechError:
    """The exception that the `error` of a body or of a stream stands for."""
    kind = _KINDS.get(str(error.get("code")), UnknownFault)
    return kind(
        str(error.get("message", "The service met a fault.")),
        param=error.get("param"),
        hint=error.get("hint"),
        retry_after=float(retry_after) if retry_after and retry_after.isdigit() else None,
    )


def require_success(job: JobView) -> JobView:
    """A job that is to have succeeded. Raises its own error, or JobFailed if it was cancelled."""
    if job.error:
        raise from_body(job.error)
    if job.state is not JobState.SUCCEEDED:
        raise JobFailed(f"The job was {job.state.value}.")
    return job


def unreachable(
    url: str, error: httpx.TransportError | OSError | WebSocketException
) -> ServiceUnreachable:
    """Why a call did not get through."""
    return ServiceUnreachable(f"{url} does not answer: {error or type(error).__name__}.")


def broken(error: ConnectionClosed) -> ServiceUnreachable:
    """A connection that ended before what it was for."""
    return ServiceUnreachable(f"The connection broke: {error}.")


def _all(kind: type[SpeechError]) -> Iterator[type[SpeechError]]:
    yield kind
    for derived in kind.__subclasses__():
        yield from _all(derived)


# The first declared wins, so that a base keeps the code that its subclasses inherit.
_KINDS: dict[str, type[SpeechError]] = {}
for _kind in _all(SpeechError):
    _KINDS.setdefault(_kind.code, _kind)
