"""`docs/http.md`: every route of the API, from the application itself."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIWebSocketRoute, iter_route_contexts

from api.app import create
from shared.settings import Settings
from tools.docs.schema import code, default, kind, table

_INTRODUCTION = """\
# Routes

Every route of the API. `GET /openapi.json` has the same with the schema of every body, and `/docs`
lets a browser try them; only that page needs the internet, for its scripts. [api.md](api.md)
explains them with examples, [errors.md](errors.md) lists what they answer when something is wrong,
[tasks.md](tasks.md) the bodies of the submit routes.
"""


def page() -> str:
    """The whole page."""
    document = application().openapi()
    parts = [_INTRODUCTION]
    for tag, operations in _by_tag(document).items():
        parts.append(f"## {tag.capitalize()}\n\n{table(_HEADS, operations)}\n")
    parts.append(f"## WebSockets\n\n{table(_HEADS, map(_socket, sockets()))}\n")
    return "\n".join(parts)


def application() -> FastAPI:
    """The API with nothing but defaults; it is described, never run."""
    return create(Settings.model_construct())


def sockets() -> list[APIWebSocketRoute]:
    """The WebSocket routes, which OpenAPI has no words for."""
    found = (context.original_route for context in iter_route_contexts(application().routes))
    return [route for route in found if isinstance(route, APIWebSocketRoute)]


_HEADS = ("route", "what it does", "parameters", "answers")
_SILENT = frozenset({"422", "4XX", "5XX"})
"""Answers that go without saying."""


def _by_tag(document: dict[str, Any]) -> dict[str, list[tuple[str, ...]]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            name = f"{method.upper()} {path}"
            row = (
                code(name),
                operation.get("description", ""),
                "; ".join(_parameters(operation, document)),
                ", ".join(sorted(set(operation["responses"]) - _SILENT)),
            )
            found.setdefault(operation["tags"][0], []).append(row)
    return found


def _parameters(operation: dict[str, Any], document: dict[str, Any]) -> Iterator[str]:
    """Those in the query and the headers; those in the path explain themselves."""
    definitions = document["components"]["schemas"]
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            continue
        schema = parameter["schema"]
        usual = default(schema, required=False)
        values = kind(schema, definitions) + (f"; default {usual}" if usual else "")
        meaning = schema.get("description", "").rstrip(".")
        yield f"{code(parameter['name'])} ({values})" + (f": {meaning}" if meaning else "")


def _socket(route: APIWebSocketRoute) -> tuple[str, ...]:
    names = ", ".join(code(field.alias) for field in route.dependant.query_params)
    return code(f"WS {route.path}"), route.endpoint.__doc__ or "", names, "101"
