"""Who may come in, and with how much: host names, origins, keys, body sizes; before any route."""

import hashlib
import hmac
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import answer
from shared.errors import BodyTooLarge, ConfigurationError, ForbiddenHost, SpeechError, Unauthorized
from shared.settings import Settings

MAX_BODY = 16 << 20
"""Bytes of a request body."""
_OPEN_PATHS = frozenset({"/health", "/ready"})
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_POLICY_VIOLATION = 1008


def check_bind(host: str, settings: Settings) -> None:
    """Raises ConfigurationError for an address beyond loopback that nothing protects."""
    if host in _LOOPBACK or settings.api_keys or settings.insecure_bind:
        return
    raise ConfigurationError(
        f"HOST is {host}, which others can reach, but there are no API_KEYS.",
        hint="Set API_KEYS, or INSECURE_BIND=1 if something else keeps others out.",
    )


class Guards:
    """ASGI middleware in front of everything else."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self._app = app
        self._settings = settings
        self._keys = [_hashed(key.get_secret_value()) for key in settings.api_keys]
        self._hosts = {name.lower() for name in settings.allowed_hosts}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        try:
            self._check_host(headers)
            self._check_length(headers)
            scope["state"] = {**scope.get("state", {}), "client": self._client(scope, headers)}
        except SpeechError as error:
            await _refuse(error, scope, receive, send)
            return
        await self._app(scope, _limited(receive), send)

    def _check_host(self, headers: Headers) -> None:
        """Keep pages of other sites from reaching a service bound to loopback."""
        if "*" in self._hosts or self._settings.host not in _LOOPBACK:
            return
        host = _name(f"//{headers.get('host', '')}")
        if host not in self._hosts:
            raise ForbiddenHost(f"This service does not answer to the name {host!r}.")
        origin = headers.get("origin")
        if origin and _name(origin) not in self._hosts:
            raise ForbiddenHost(f"Pages from {origin!r} may not use this service.")

    def _check_length(self, headers: Headers) -> None:
        length = headers.get("content-length", "0")
        if length.isdigit() and int(length) > MAX_BODY:
            raise _too_large()

    def _client(self, scope: Scope, headers: Headers) -> str:
        """Who asks, for limits and records: a key's fingerprint, or the address."""
        if not self._keys or scope["path"] in _OPEN_PATHS:
            return f"address-{(scope.get('client') or ('unknown',))[0]}"
        key = _hashed(_sent_key(scope, headers))
        if not any([hmac.compare_digest(key, known) for known in self._keys]):
            raise Unauthorized("The API key is missing or wrong.")
        return f"key-{key[:12]}"


def _sent_key(scope: Scope, headers: Headers) -> str:
    scheme, _, key = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer" and key:
        return key.strip()
    if "x-api-key" in headers:
        return headers["x-api-key"]
    # Browsers cannot set headers on a WebSocket.
    if scope["type"] == "websocket":
        return parse_qs(scope["query_string"].decode("latin-1")).get("api_key", [""])[0]
    return ""


def _hashed(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def _name(address: str) -> str:
    try:
        name = urlsplit(address).hostname or ""
    except ValueError:
        return ""
    return f"[{name}]" if ":" in name else name


def _too_large() -> BodyTooLarge:
    return BodyTooLarge(f"A body may have {MAX_BODY} bytes.")


def _limited(receive: Receive) -> Callable[[], Awaitable[Message]]:
    """Count what a body without a length brings."""
    total = 0

    async def counted() -> Message:
        nonlocal total
        message = await receive()
        total += len(message.get("body", b""))
        if message["type"] == "http.request" and total > MAX_BODY:
            raise _too_large()
        return message

    return counted


async def _refuse(error: SpeechError, scope: Scope, receive: Receive, send: Send) -> None:
    if scope["type"] == "http":
        await answer(error)(scope, receive, send)
        return
    await receive()
    close: dict[str, Any] = {
        "type": "websocket.close",
        "code": _POLICY_VIOLATION,
        "reason": error.message[:120],
    }
    await send(close)
