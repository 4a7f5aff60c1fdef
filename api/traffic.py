"""What goes in and out: every request has an id, is counted, timed and traced, and leaves a line.

It stands outside everything else, so that refusals and faults are seen too.
"""

import logging
import re
import time
from contextlib import nullcontext
from dataclasses import dataclass, field

import uuid_utils
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.metrics import Metrics
from shared import logs, metrics, tracing
from shared.settings import Settings

REQUEST_ID = "X-Request-Id"
_SANE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
"""An id that may stand in logs and headers as it came."""
_TRACEPARENT = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SOCKET = "WEBSOCKET"
_OTHER = "OTHER"
"""A method that nobody serves: a client may send any word."""
NO_ROUTE = "none"
"""Stands for the route of what meets none, or is refused before it is looked for."""
_PROBES = frozenset({"/health", "/ready", "/metrics"})
"""Asked for every few seconds by machines: their lines are for debugging, and none is traced."""
_GONE = 499
"""What nginx writes down where the client went before it was answered."""
_UPGRADED, _FORBIDDEN = 101, 403
_RESPONSES = ("http.response.start", "websocket.http.response.start", "websocket.accept")
_BODIES = ("http.response.body", "websocket.http.response.body")

log = logging.getLogger(__name__)


class Traffic:
    """ASGI application around the API."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics
        self._root = settings.root_path.rstrip("/")
        # The dashboard asks several times a second: people would see nothing else.
        self._level = logging.INFO if settings.log_format == "json" else logging.DEBUG

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _sane(headers.get(REQUEST_ID))
        scope["state"] = {**scope.get("state", {}), "request_id": request_id}
        passage = Passage(scope, request_id, send)
        parent = _TRACEPARENT.fullmatch(headers.get("traceparent", ""))
        traced = (
            nullcontext(tracing.Span())
            if self._probes(scope)
            else tracing.span(passage.method, parent=parent[0] if parent else "", serves=True)
        )
        with logs.about(request_id=request_id), traced as span:
            try:
                await self._app(scope, receive, passage.send)
            finally:
                self._note(passage, span)

    def _probes(self, scope: Scope) -> bool:
        """True for what machines ask for every few seconds."""
        return scope["path"].removeprefix(self._root) in _PROBES

    def _note(self, passage: "Passage", span: tracing.Span) -> None:
        """Write down what has passed."""
        method, route, status = passage.method, passage.route, passage.status
        seconds, wait = passage.seconds, passage.first_byte
        self._metrics.requests.labels(route, method, str(status)).inc()
        self._metrics.durations.labels(route, method).observe(seconds)
        if wait is not None:
            self._metrics.first_bytes.labels(route, method).observe(wait)
        if code := logs.known("code"):
            self._metrics.refusals.labels(metrics.code(code)).inc()
            span.tell({"error.type": code})
        span.name(f"{method} {route}")
        span.tell({"http.request.method": method, "http.route": route})
        span.tell({"http.response.status_code": status, "request_id": passage.request_id})
        if wait is not None:
            span.tell({"gen_ai.client.operation.time_to_first_chunk": wait})
            tracing.past("relay", passage.at + wait, passage.at + seconds)
        facts = logs.facts(
            route=route,
            status=status,
            duration_ms=_milliseconds(seconds),
            **({} if wait is None else {"first_byte_ms": _milliseconds(wait)}),
            bytes=passage.size,
        )
        level = logging.DEBUG if self._probes(passage.scope) else self._level
        log.log(level, "%s %s %d", method, route, status, extra=facts)


@dataclass
class Passage:
    """One request on its way through, and what was sent for it."""

    scope: Scope
    request_id: str
    _send: Send
    at: float = field(default_factory=time.time)
    """Unix seconds."""
    status: int = _GONE
    size: int = 0
    """Bytes of all bodies and frames."""
    first_byte: float | None = None
    """Seconds until a stream began to be sent; None for an answer in one piece."""
    _begun: float = field(default_factory=time.monotonic)

    async def send(self, message: Message) -> None:
        """Pass a message on, with the id in its headers."""
        self._see(message)
        if message["type"] in _RESPONSES:
            message.setdefault("headers", [])
            MutableHeaders(scope=message)[REQUEST_ID] = self.request_id
        await self._send(message)

    @property
    def method(self) -> str:
        if self.scope["type"] == "websocket":
            return _SOCKET
        method = self.scope["method"]
        return method if method in _METHODS else _OTHER

    @property
    def route(self) -> str:
        """The template of the route, known once it was found; never the path itself."""
        return getattr(self.scope.get("route"), "path", None) or NO_ROUTE

    @property
    def seconds(self) -> float:
        """Since it came."""
        return time.monotonic() - self._begun

    def _see(self, message: Message) -> None:
        kind = message["type"]
        if kind in _RESPONSES:
            self.status = message.get("status", _UPGRADED)
        elif kind == "websocket.close" and self.status == _GONE:
            self.status = _FORBIDDEN
        elif kind in _BODIES:
            self._sent(message.get("body", b""), streamed=message.get("more_body", False))
        elif kind == "websocket.send":
            self._sent(message.get("bytes") or b"", streamed=True)
            self.size += len((message.get("text") or "").encode())

    def _sent(self, data: bytes, *, streamed: bool) -> None:
        self.size += len(data)
        if data and streamed and self.first_byte is None:
            self.first_byte = self.seconds


def _sane(request_id: str | None) -> str:
    """The client's own id if it can be taken as it is, else a new one."""
    if request_id and _SANE.fullmatch(request_id):
        return request_id
    return str(uuid_utils.uuid7())


def _milliseconds(seconds: float) -> float:
    return round(seconds * 1_000, 1)
