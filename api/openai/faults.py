"""Faults as OpenAI's clients know them: what does not fit is 400, and every answer has an id."""

from collections.abc import Callable, Coroutine
from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from fastapi.routing import APIRoute
from starlette.requests import ClientDisconnect

from api import errors
from api.bodies import require_few_values
from api.leaving import CLIENT_GONE
from shared.errors import SpeechError, UnknownVoice

_UNPROCESSABLE = 422
_BAD_REQUEST = 400

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class Route(APIRoute):
    """A route under `/v1/audio`."""

    def get_route_handler(self) -> Handler:
        handle = super().get_route_handler()

        async def handler(request: Request) -> Response:
            try:
                require_few_values(await request.body())
                return await handle(request)
            except ClientDisconnect:
                return Response(status_code=CLIENT_GONE)
            except (RequestValidationError, SpeechError) as error:
                return refusal(errors.ours(error))

        return handler


def refusal(error: SpeechError) -> JSONResponse:
    """The answer to a request that cannot be met.

    OpenAI's service says 400 of every parameter that is wrong, a voice that is unknown included;
    only a model that is unknown is 404.
    """
    response = errors.answer(error)
    if error.status == _UNPROCESSABLE or isinstance(error, UnknownVoice):
        response.status_code = _BAD_REQUEST
    return response
