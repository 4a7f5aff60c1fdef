"""Who may use the dashboard, which holds an API key of its own: ASGI middleware before everything.

Where there are API keys and others can reach the dashboard (it listens beyond loopback, or a
reverse proxy passes on another name than this machine's), the browser must log in by HTTP basic:
any user name, and as password a key with every scope. On loopback the Host allow-list of the API
applies.
"""

import base64

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from shared.access.credentials import Credentials
from shared.access.scopes import EVERY
from shared.binding import LOOPBACK, check_names, name_of
from shared.errors import ForbiddenHost, SpeechError, Unauthorized
from shared.settings import Settings

HEALTH = "/health"
_OWN_NAMES = LOOPBACK | {"[::1]"}
_CHALLENGE = {"WWW-Authenticate": 'Basic realm="Speech dashboard", charset="UTF-8"'}


class Guard:
    """Refuses what comes under a foreign name, from a foreign page, or without the password."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._credentials = Credentials(settings)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan" or self._asks_for_health(scope):
            await self._app(scope, receive, send)
            return
        try:
            self._check(Headers(scope=scope))
        except SpeechError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _asks_for_health(self, scope: Scope) -> bool:
        # The server puts the path of the reverse proxy in front of what was asked for.
        root = self._settings.gradio_root_path.rstrip("/")
        return scope["path"].removeprefix(root) == HEALTH

    def _check(self, headers: Headers) -> None:
        check_names(self._settings, self._settings.gradio_host, headers)
        host = name_of(f"//{headers.get('host', '')}")
        self._check_origin(headers.get("origin", ""), host)
        reached_by_others = self._settings.gradio_host not in LOOPBACK or host not in _OWN_NAMES
        if self._credentials.any and reached_by_others and not self._knows(_password(headers)):
            raise Unauthorized(
                "The dashboard asks for a password.",
                hint="Log in with any user name and a key that has every scope.",
            )

    def _check_origin(self, origin: str, host: str) -> None:
        """A browser sends the password along for any page, so other pages must not ask."""
        if origin and name_of(origin) not in {host, *self._settings.allowed_hosts}:
            raise ForbiddenHost(f"Pages from {origin!r} may not use the dashboard.")

    def _knows(self, password: str) -> bool:
        """The dashboard does everything that its own key may, so a visitor's must be as good."""
        try:
            return self._credentials.find(password).scopes == EVERY
        except Unauthorized:
            return False


def _password(headers: Headers) -> str:
    """That of HTTP basic (RFC 7617); empty where none was sent."""
    scheme, _, credentials = headers.get("authorization", "").partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2].decode()
    except ValueError:
        return ""


async def _refuse(error: SpeechError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "websocket":
        await send({"type": "websocket.close", "code": 1008, "reason": error.message[:120]})
        return
    headers = _CHALLENGE if error.status == 401 else None
    await JSONResponse(error.body(), error.status, headers)(scope, receive, send)
