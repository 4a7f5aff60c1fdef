"""Who may come in, and with how much: pages, keys, rates, body sizes; before any route."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from starlette.datastructures import Headers, MutableHeaders
from starlette.routing import BaseRoute, compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import keys
from api.deps import Context
from api.errors import answer
from api.origins import check_page
from api.scopes import Doors
from shared import logs
from shared.access.credentials import Grant
from shared.binding import exposed
from shared.errors import BodyTooLarge, ForbiddenScope, SpeechError, TooManyFiles
from shared.requests import CONTRACTS
from shared.settings import Settings

MAX_BODY = 16 << 20
"""Bytes of a request body without files."""
MAX_TEXT_BODY = 32 << 20
"""The same where a whole document may be in it, with every letter escaped."""
_TAKES_TEXTS = {f"/v1/jobs/{name}" for name, task in CONTRACTS.items() if task.kind == "pipeline"}
_AS_A_FILE = "Send the document as a file: a form with `source`."
TAKES_FILES = {
    ("POST", "/tts"),
    ("POST", "/v1/uploads"),
    ("POST", "/v1/voices"),
    ("POST", "/v1/voices/import"),
    ("PUT", "/v1/voices/{id}/clips/{name}"),
    *(("POST", f"/v1/jobs/{name}") for name, task in CONTRACTS.items() if task.uploads()),
}
"""Routes where a form may be as large as `MAX_UPLOAD_MB` allows."""
MOST_FORMS = 16
"""Forms with files that a process takes at once, as each may fill the disk while it is read."""
_SOON = 5.0
"""Seconds after which one of them may be done."""
FORM_FRAME = 1 << 20
"""Bytes of a form around its files."""
_POLICY_VIOLATION = 1008


class Guards:
    """ASGI middleware in front of everything else."""

    def __init__(self, app: ASGIApp, settings: Settings, routes: Sequence[BaseRoute]) -> None:
        self._app = app
        self._settings = settings
        self._doors = Doors(routes, settings.public_lists)
        self._exposed = exposed(settings, settings.host)
        self._forms = 0
        self._takes_files = [(method, compile_path(path)[0]) for method, path in TAKES_FILES]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        files = self._brings_files(scope, headers)
        limit = self._limit(scope, files)
        try:
            check_page(self._settings, scope, headers)
            _check_length(headers, limit)
            grant = self._admit(scope, headers)
            scope["state"] = {**scope.get("state", {}), "client": grant.client}
            logs.learn(client=grant.client)
            if standing := await _here(scope).rates.count(grant):
                send = _with(send, standing.headers)
                standing.check()
            if files and self._forms == MOST_FORMS:
                raise TooManyFiles(f"{MOST_FORMS} files are being sent.", retry_after=_SOON)
        except SpeechError as error:
            await _refuse(error, scope, receive, send)
            return
        self._forms += files
        try:
            await self._app(scope, _limited(receive, limit), send)
        finally:
            self._forms -= files

    def _limit(self, scope: Scope, files: bool) -> int:
        """Bytes that a body may have."""
        limit = MAX_TEXT_BODY if _path(scope) in _TAKES_TEXTS else MAX_BODY
        if files:
            return max(limit, (self._settings.max_upload_mb << 20) + FORM_FRAME)
        return limit

    def _brings_files(self, scope: Scope, headers: Headers) -> bool:
        """True for a form where files are taken."""
        if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return False
        method, path = scope.get("method"), _path(scope)
        return any(method == one and route.match(path) for one, route in self._takes_files)

    def _admit(self, scope: Scope, headers: Headers) -> Grant:
        """Who asks, and what they may. Raises Unauthorized or ForbiddenScope."""
        sent = keys.take(scope, headers)
        demand = self._doors.demand(scope, _path(scope))
        credentials = _here(scope).credentials
        if demand == "nothing" or not (credentials.any or self._exposed):
            return Grant(f"address-{(scope.get('client') or ('unknown',))[0]}")
        grant = credentials.find(sent)
        if demand is not None and demand not in grant.scopes:
            raise ForbiddenScope(f"This key may not do that: it lacks the scope `{demand}`.")
        return grant


def _here(scope: Scope) -> Context:
    """What the application holds."""
    return scope["app"].state.context


def _path(scope: Scope) -> str:
    """The path as the application's routes have it: without that of a reverse proxy."""
    path, root = scope["path"], scope.get("root_path", "").rstrip("/")
    return path.removeprefix(root) if path.startswith(f"{root}/") else path


def _with(send: Send, headers: Mapping[str, str]) -> Send:
    """Say something more in the head of the answer."""

    async def sent(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            MutableHeaders(scope=message).update(headers)
        await send(message)

    return sent


def _check_length(headers: Headers, limit: int) -> None:
    """Refuse by what the headers say, before a byte of the body is read."""
    length = headers.get("content-length", "0")
    if length.isdigit() and int(length) > limit:
        raise _too_large(limit)


def _too_large(limit: int) -> BodyTooLarge:
    hint = _AS_A_FILE if limit == MAX_TEXT_BODY else None
    return BodyTooLarge(f"A body may have {limit >> 20} MiB here.", hint=hint)


def _limited(receive: Receive, limit: int) -> Callable[[], Awaitable[Message]]:
    """Count what a body without a length brings."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if message["type"] == "http.request" and total > limit:
            raise _too_large(limit)
        return message

    return counted


async def _refuse(error: SpeechError, scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the error's body; a WebSocket is refused with it before it is one."""
    if scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
        await answer(error)(scope, receive, send)
    else:
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": error.code})
