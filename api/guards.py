"""Who may come in, and with how much: host names, origins, keys, body sizes; before any route."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers
from starlette.routing import compile_path
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from shared.binding import check_names
from shared.errors import BodyTooLarge, SpeechError, TooManyFiles, Unauthorized
from shared.requests import CONTRACTS
from shared.settings import Settings

MAX_BODY = 16 << 20
"""Bytes of a request body without files."""
MAX_TEXT_BODY = 32 << 20
"""The same where a whole document may be in it, with every letter escaped."""
_TAKES_TEXTS = {f"/v1/jobs/{name}" for name, task in CONTRACTS.items() if task.kind == "pipeline"}
_AS_A_FILE = "Send the document as a file: a form with `source`."
TAKES_FILES = {
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
_OPEN_PATHS = frozenset({"/health", "/ready"})
_POLICY_VIOLATION = 1008


class Guards:
    """ASGI middleware in front of everything else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._forms = 0
        self._takes_files = [(method, compile_path(path)[0]) for method, path in TAKES_FILES]
        self._keys = [_hashed(key.get_secret_value()) for key in settings.api_keys]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        files = self._brings_files(scope, headers)
        limit = self._limit(scope, files)
        try:
            check_names(self._settings, self._settings.host, headers)
            _check_length(headers, limit)
            scope["state"] = {**scope.get("state", {}), "client": self._client(scope, headers)}
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
        limit = MAX_TEXT_BODY if self._path(scope) in _TAKES_TEXTS else MAX_BODY
        if files:
            return max(limit, (self._settings.max_upload_mb << 20) + FORM_FRAME)
        return limit

    def _brings_files(self, scope: Scope, headers: Headers) -> bool:
        """True for a form where files are taken."""
        if not headers.get("content-type", "").lower().startswith("multipart/form-data"):
            return False
        method, path = scope.get("method"), self._path(scope)
        return any(method == one and route.match(path) for one, route in self._takes_files)

    def _client(self, scope: Scope, headers: Headers) -> str:
        """Who asks, for limits and records: a key's fingerprint, or the address."""
        if not self._keys or self._path(scope) in _OPEN_PATHS:
            return f"address-{(scope.get('client') or ('unknown',))[0]}"
        key = _hashed(_sent_key(scope, headers))
        if not any([hmac.compare_digest(key, known) for known in self._keys]):
            raise Unauthorized("The API key is missing or wrong.")
        return f"key-{key[:12]}"

    def _path(self, scope: Scope) -> str:
        return scope["path"].removeprefix(self._settings.root_path.rstrip("/"))


def _sent_key(scope: Scope, headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    if "x-api-key" in headers:
        return headers["x-api-key"]
    # Browsers cannot set headers on a WebSocket.
    return _take_query_key(scope) if scope["type"] == "websocket" else ""


def _take_query_key(scope: Scope) -> str:
    """The key in the address, which is taken out of it: addresses are logged."""
    pairs = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    rest = [(name, value) for name, value in pairs if name != "api_key"]
    scope["query_string"] = urlencode(rest).encode()
    return dict(pairs).get("api_key", "")


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


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
