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

_NOTHING_SAID = "The service met a fault."


class ServiceUnreachable(SpeechError):
    """Nothing answers at the service's address."""

    code = "service_unreachable"
    status = 503
    hint = "Start it with `make run`, or say where it is with API_URL."


class UnknownFault(SpeechError):
    """An error that this client does not know: of a newer service, or of a proxy before it."""

    code = "unknown_fault"

    def __init__(self, message: str, code: str = "", status: int = 0, **told: Any) -> None:
        """`code` and `status` as they were sent, where they were."""
        super().__init__(message, **told)
        self.code = code or self.code
        self.status = status or self.status


def from_http(response: httpx.Response) -> SpeechError:
    """The exception that an error response stands for; its body must have been read."""
    return _from_answer(response.status_code, response.content, response.headers)


def from_handshake(error: InvalidStatus) -> SpeechError:
    """The exception that the refusal of a WebSocket stands for."""
    refusal = error.response
    return _from_answer(refusal.status_code, bytes(refusal.body), refusal.headers)


def _from_answer(status: int, content: bytes, headers: Mapping[str, str]) -> SpeechError:
    retry_after = headers.get("Retry-After")
    try:
        body = ErrorBody.model_validate_json(content)
    except ValidationError:
        error = {"message": f"The service answered with status {status}."}
    else:
        error = body.error.model_dump()
    return from_body(error, retry_after, status)


def from_body(
    error: dict[str, Any], retry_after: str | None = None, status: int = 0
) -> SpeechError:
    """The exception that the `error` of a body or of a stream stands for."""
    code, message = str(error.get("code") or ""), str(error.get("message", _NOTHING_SAID))
    told: dict[str, Any] = {
        "param": error.get("param"),
        "hint": error.get("hint"),
        "retry_after": float(retry_after) if retry_after and retry_after.isdigit() else None,
    }
    if kind := _KINDS.get(code):
        return kind(message, **told)
    return UnknownFault(message, code, status, **told)


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
    """Why a call did not get through, or its answer did not come to its end."""
    if isinstance(error, httpx.RemoteProtocolError | httpx.ReadError):
        return ServiceUnreachable(f"{url} broke off: {error or type(error).__name__}.")
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
