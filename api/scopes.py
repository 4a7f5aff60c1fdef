"""Which scope each route asks for: one line a route, and a test that finds one without."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from fastapi.routing import iter_route_contexts
from starlette.routing import BaseRoute, Mount, WebSocketRoute, compile_path
from starlette.types import Scope as Connection

from shared.access.scopes import Scope
from shared.requests import CONTRACTS

Demand = Scope | Literal["nothing"]
"""What a route asks of a key; `nothing` where none is needed at all."""
_SCHEMES = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
}
_SOCKET = "WS"
_ANY = "*"
"""The method of what is mounted, sockets included."""

LISTS = frozenset({"GET /v1/audio/voices", "GET /v1/audio/models"})
"""What some clients ask for without their key; PUBLIC_LISTS lets them."""
ROUTES: dict[Demand, tuple[str, ...]] = {
    "nothing": ("GET /health", "GET /ready"),
    "speak": (
        *(f"POST /v1/jobs/{name}" for name in CONTRACTS),
        "POST /v1/jobs/{task}",
        "POST /v1/jobs/batch",
        "GET /v1/batches/{id}",
        "GET /v1/jobs",
        "GET /v1/jobs/{id}",
        "DELETE /v1/jobs/{id}",
        "POST /v1/jobs/{id}/again",
        "POST /v1/jobs/{id}/retry",
        "POST /v1/jobs/{id}/pause",
        "POST /v1/jobs/{id}/resume",
        "GET /v1/jobs/{id}/events",
        "GET /v1/jobs/{id}/audio",
        "GET /v1/jobs/{id}/files/{name}",
        "WS /v1/jobs/{id}/stream",
        "WS /v1/stream",
        "GET /v1/outputs",
        "GET /v1/outputs.zip",
        "GET /v1/outputs/usage",
        "GET /v1/outputs/facets",
        "GET /v1/outputs/{id}",
        "PATCH /v1/outputs/{id}",
        "DELETE /v1/outputs/{id}",
        "POST /v1/outputs/{id}/restore",
        "GET /v1/outputs/{id}.zip",
        "GET /v1/outputs/{id}/files/{name}",
        "GET /v1/outputs/{id}/waveform",
        "GET /v1/outputs/{id}/lines",
        "GET /v1/outputs/{id}/lines/{number}",
        "PATCH /v1/outputs/{id}/lines/{number}",
        "POST /v1/outputs/{id}/lines/{number}/takes",
        "POST /v1/uploads",
        "GET /v1/uploads/{kind}/{id}",
        "POST /v1/uploads/{id}/transcript",
        "GET /v1/presets",
        "GET /v1/presets/{name}",
        "GET /v1/voices",
        "GET /v1/voices/{id}",
        "GET /v1/voices/{id}/sample",
        "GET /v1/tasks",
        "GET /v1/tasks/{name}",
        "GET /v1/speakers",
        "GET /v1/languages",
        "GET /v1/emotions",
        "GET /v1/models",
        "GET /v1/models/{id}",
        "GET /v1/models/{owner}/{name}",
        "WS /api-ws/v1/realtime",
        "WS /v1/live",
        "WS /v1/text-to-speech/{voice_id}/stream-input",
        "WS /v1/text-to-speech/{voice_id}/multi-stream-input",
        "POST /v1/text-to-speech/{voice_id}",
        "POST /v1/text-to-speech/{voice_id}/stream",
        "POST /v1/text-to-speech/{voice_id}/stream/with-timestamps",
        "POST /v1/text-to-speech/{voice_id}/with-timestamps",
        "GET /v2/voices",
        "POST /v1/audio/speech",
        *LISTS,
        "GET /v1/jobs/{id}/timings",
        "GET /v1/outputs/{id}/timings",
        "POST /tts",
        "GET /tts",
        "GET /voices",
        "GET /emotions",
        "GET /openapi.json",
        "GET /docs",
        "GET /docs/oauth2-redirect",
        "GET /redoc",
    ),
    "voices": (
        "POST /v1/presets",
        "PUT /v1/presets/{name}",
        "DELETE /v1/presets/{name}",
        "POST /v1/voices",
        "POST /v1/voices/import",
        "PATCH /v1/voices/{id}",
        "DELETE /v1/voices/{id}",
        "GET /v1/voices/{id}/clips/{name}",
        "PUT /v1/voices/{id}/clips/{name}",
        "DELETE /v1/voices/{id}/clips/{name}",
        "POST /v1/voices/{id}/sample",
        "PUT /v1/voices/{id}/sample",
        "GET /v1/voices/{id}/export",
    ),
    "admin": (
        "POST /v1/outputs/clean",
        "POST /v1/outputs/restore",
        "GET /v1/outputs/trash",
        "DELETE /v1/outputs/trash",
        "POST /v1/models/unload",
        "POST /v1/models/{id}/{action}",
        "POST /v1/cache/clear",
        "POST /cache/clear",
        "GET /v1/status",
        "GET /v1/webhooks",
        "GET /v1/history",
    ),
    "metrics": ("GET /metrics",),
}
"""The routes by what they ask for: method and path template. `WS` are WebSockets, and `*` is all of
what is mounted; HEAD asks for what GET does."""
DEMANDS: dict[str, Demand] = {word: demand for demand, words in ROUTES.items() for word in words}


@dataclass(frozen=True)
class Door:
    """A route as it is matched."""

    method: str
    path: str
    pattern: re.Pattern[str]

    @property
    def word(self) -> str:
        """As `DEMANDS` names it."""
        return f"{self.method} {self.path}"

    def leads(self, method: str, path: str) -> bool:
        """Whether a request of this method for this path goes here."""
        return self.method in (method, _ANY) and self.pattern.match(path) is not None


class Doors:
    """The routes of an application, in the order in which it looks at them."""

    def __init__(self, routes: Sequence[BaseRoute], public_lists: bool = False) -> None:
        self._doors = list(doors(routes))
        self._open = LISTS if public_lists else frozenset[str]()

    def demand(self, connection: Connection, path: str) -> Demand | None:
        """What is asked of whoever comes by this path; None where there is nothing.

        A route that nobody has thought of is the administrator's alone.
        """
        socket = connection["type"] == "websocket"
        method = _SOCKET if socket else connection["method"]
        word = next((door.word for door in self._doors if door.leads(method, path)), None)
        if word is None:
            return None
        return "nothing" if word in self._open else demanded(word)


def doors(routes: Sequence[BaseRoute]) -> Iterable[Door]:
    """Every route of an application, with those of its routers."""
    for context in iter_route_contexts(routes):
        path, original = str(context.path), context.original_route
        if isinstance(original, Mount):
            yield Door(_ANY, path, compile_path(f"{path}/{{path:path}}")[0])
        elif isinstance(original, WebSocketRoute):
            yield Door(_SOCKET, path, compile_path(path)[0])
        else:
            for method in sorted(context.methods or ()):
                yield Door(method, path, compile_path(path)[0])


def demanded(word: str) -> Demand:
    """What the table says of a route."""
    looking = word.replace("HEAD ", "GET ", 1) if word.startswith("HEAD ") else word
    return DEMANDS.get(looking, "admin")


def describe(document: dict[str, Any]) -> dict[str, Any]:
    """An OpenAPI document with the ways to send a key, and with the scope of each route."""
    document.setdefault("components", {})["securitySchemes"] = _SCHEMES
    document["security"] = [{name: []} for name in _SCHEMES]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            demand = demanded(f"{method.upper()} {path}")
            if demand == "nothing":
                operation["security"] = []
            else:
                operation["x-scope"] = demand
    return document
