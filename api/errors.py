"""Every fault becomes one body, whatever raised it."""

import logging
import math
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request, WebSocket
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.scopes import doors
from shared import logs, spool
from shared.errors import InternalError, InvalidRequest, NotFound, SpeechError
from shared.requests.declared import explain

log = logging.getLogger(__name__)


class MethodNotAllowed(SpeechError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    type = "invalid_request_error"


AS_JSON = "Send the header `Content-Type: application/json`."
"""What to do about a body that was sent as something else."""
_HTTP_FAULTS: dict[int, SpeechError] = {
    400: InvalidRequest("The body cannot be read.", hint="Send one JSON object in UTF-8."),
    404: NotFound("There is nothing at this address.", hint="See /docs."),
    405: MethodNotAllowed("This method is not allowed here.", hint="See /docs."),
}
"""What Starlette and FastAPI raise by themselves, as ours."""
_METHODS = frozenset({"DELETE", "GET", "HEAD", "PATCH", "POST", "PUT"})
"""Those of routes; doors of sockets and mounts have words of their own."""


def install(app: FastAPI) -> None:
    """Answer every kind of fault with the one body."""
    app.add_exception_handler(SpeechError, _refused)
    app.add_exception_handler(RequestValidationError, _refused)
    app.exception_handler(WebSocketRequestValidationError)(_invalid_socket)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def answer(error: SpeechError) -> JSONResponse:
    """The response that an error stands for; the present request is known by its code."""
    logs.learn(code=error.code)
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.body(), error.status, headers)


def ours(error: Exception) -> SpeechError:
    """What does not validate, as one of our errors; those as they are."""
    if isinstance(error, RequestValidationError):
        return _first(error.errors())
    return error if isinstance(error, SpeechError) else InternalError(str(error))


async def _refused(_request: Request, error: Exception) -> JSONResponse:
    return answer(ours(error))


async def _invalid_socket(socket: WebSocket, error: WebSocketRequestValidationError) -> None:
    """A WebSocket whose address does not validate is refused before it is one."""
    await socket.send_denial_response(answer(_first(error.errors())))


def _first(faults: Sequence[Any]) -> SpeechError:
    return _explained(dict(faults[0])) if faults else InvalidRequest("The request is wrong.")


def _explained(fault: dict[str, Any]) -> SpeechError:
    """A validation fault without the place it was found in (`body`, `query`, `path`)."""
    if fault["type"] == "json_invalid":
        at, why = fault["loc"][-1], fault["ctx"]["error"]
        return InvalidRequest(f"The body is not JSON: {why} at character {at}.")
    if isinstance(fault["input"], bytes):
        return InvalidRequest("The body was not sent as JSON.", hint=AS_JSON)
    return explain({**fault, "loc": fault["loc"][1:]})


async def _http(request: Request, error: Exception) -> JSONResponse:
    if isinstance(error.__cause__, SpeechError):
        return answer(error.__cause__)  # FastAPI wraps what stops the reading of a body
    if isinstance(error.__cause__, OSError):
        return answer(spool.refusal(error.__cause__))  # and what stops its files
    if not isinstance(error, HTTPException):
        return answer(InternalError(str(error)))
    if known := _HTTP_FAULTS.get(error.status_code):
        response = answer(known)
    else:
        response = answer(InvalidRequest(error.detail))
        response.status_code = error.status_code
    response.headers.update(error.headers or {})
    if error.status_code == MethodNotAllowed.status:
        response.headers["Allow"] = ", ".join(_allowed(request))
    return response


def _allowed(request: Request) -> list[str]:
    """Every method of this address; Starlette names those of the first route that has it."""
    root = request.scope.get("root_path", "").rstrip("/")
    path = request.scope["path"].removeprefix(root)
    found = {door.method for door in doors(request.app.routes) if door.pattern.match(path)}
    return sorted(found & _METHODS)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.exception("A fault at %s %s.", request.method, request.url.path, exc_info=error)
    return answer(InternalError("The service met a fault of its own; its log has the details."))
