"""Which web pages may use the API from a visitor's browser."""

from starlette.datastructures import Headers
from starlette.types import Scope

from shared.binding import check_names, name_of
from shared.errors import ForbiddenHost
from shared.settings import Settings

_ONLY_LOOKING = frozenset({"GET", "HEAD", "OPTIONS"})


def check_page(settings: Settings, scope: Scope, headers: Headers) -> None:
    """Refuse a page of another site, on loopback whatever it asks for, elsewhere what changes
    something and every WebSocket: a browser lets those through and asks nobody.

    Whoever sends no `Origin` is no page. Raises ForbiddenHost.
    """
    check_names(settings, settings.host, headers, settings.cors_origins)
    origin = headers.get("origin")
    if origin is None or scope.get("method") in _ONLY_LOOKING or origin in settings.cors_origins:
        return
    own = name_of(f"//{headers.get('host', '')}")
    names = {own, *(name.lower() for name in settings.allowed_hosts)}
    if "*" not in names and name_of(origin) not in names:
        raise ForbiddenHost(f"Pages from {origin!r} may not use this service.")
