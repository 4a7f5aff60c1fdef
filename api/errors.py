"""Every fault becomes one body, whatever raised it."""

import logging
import math
from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from shared.errors import InternalError, InvalidRequest, NotFound, SpeechError
from shared.requests.declared import explain

log = logging.getLogger(__name__)


class MethodNotAllowed(SpeechError):
    """The path exists, the method does not."""

    code = "method_not_allowed"
    status = 405
    type = "invalid_request_error"


def install(app: FastAPI) -> None:
    """Answer every kind of fault with the one body."""
    app.add_exception_handler(SpeechError, _speech_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(Exception, _fault)


def answer(error: SpeechError) -> JSONResponse:
    """The response that an error stands for."""
    headers: dict[str, str] = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(math.ceil(error.retry_after))
    if error.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    return JSONResponse(error.body(), error.status, headers)


async def _speech_error(_request: Request, error: Exception) -> JSONResponse:
    return answer(error if isinstance(error, SpeechError) else InternalError(str(error)))


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    faults: Sequence[Any] = error.errors() if isinstance(error, RequestValidationError) else []
    return answer(
        _explained(dict(faults[0])) if faults else InvalidRequest("The request is wrong.")
    )


def _explained(fault: dict[str, Any]) -> SpeechError:
    """A validation fault without the place it was found in (`body`, `query`, `path`)."""
    return explain({**fault, "loc": fault["loc"][1:]})


async def _http(_request: Request, error: Exception) -> JSONResponse:
    status = error.status_code if isinstance(error, HTTPException) else 500
    if status == 404:
        return answer(NotFound("There is nothing at this address.", hint="See /docs."))
    if status == 405:
        return answer(MethodNotAllowed("This method is not allowed here.", hint="See /docs."))
    refused = InvalidRequest(str(getattr(error, "detail", "The request was refused.")))
    return JSONResponse(refused.body(), status)


async def _fault(request: Request, error: Exception) -> JSONResponse:
    log.exception("A fault at %s %s.", request.method, request.url.path, exc_info=error)
    return answer(InternalError("The service met a fault of its own; its log has the details."))
