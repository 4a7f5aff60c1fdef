"""The way of a job as OpenTelemetry spans, sent where OTEL_EXPORTER_OTLP_ENDPOINT says.

Without it nothing is imported, and nothing is done. Our tracer is not the global one: FastAPI would
take that up and put addresses into spans, and in the address of a WebSocket a key may stand.
"""

import logging
import os
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from importlib import import_module
from typing import Any

Attributes = Mapping[str, str | int | float | bool]

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_SDK = "opentelemetry.sdk"
_EXPORTER = "opentelemetry.exporter.otlp.proto.http.trace_exporter"
_NANOSECONDS = 1e9

log = logging.getLogger(__name__)

_tracer: Any = None
"""None where nothing is traced."""


class Span:
    """What is being done; where nothing is traced, nothing is kept of it."""

    def __init__(self, span: Any = None) -> None:
        self._span = span

    def name(self, name: str) -> None:
        """Call it otherwise than at its beginning."""
        if self._span:
            self._span.update_name(name)

    def tell(self, attributes: Attributes) -> None:
        if self._span:
            self._span.set_attributes(attributes)

    def fail(self, why: str) -> None:
        """Mark it as gone wrong; `why` is an error's code."""
        if self._span:
            trace = import_module("opentelemetry.trace")
            self._span.set_status(trace.Status(trace.StatusCode.ERROR, why))


def configure(process: str) -> None:
    """Trace from now on, if the environment says where to; `process` is `api` or `worker`."""
    if not any(os.environ.get(name) for name in _ENDPOINTS):
        return
    try:
        exporter = import_module(_EXPORTER).OTLPSpanExporter()
        provider = import_module(f"{_SDK}.trace").TracerProvider(resource=_resource(process))
        batches = import_module(f"{_SDK}.trace.export").BatchSpanProcessor(exporter)
    except ImportError as error:
        log.warning("Nothing is traced: %s. `pip install -e .[telemetry]` brings it.", error)
        return
    provider.add_span_processor(batches)
    use(provider)


def use(provider: Any) -> None:
    """Trace with an SDK's TracerProvider; None ends it."""
    global _tracer  # noqa: PLW0603
    _tracer = provider and provider.get_tracer("qwen3-tts-platform")


def _resource(process: str) -> Any:
    """OTEL_SERVICE_NAME, or ours."""
    own = {} if os.environ.get("OTEL_SERVICE_NAME") else {"service.name": f"qwen3-tts-{process}"}
    return import_module(f"{_SDK}.resources").Resource.create(own)


@contextmanager
def span(
    name: str, attributes: Attributes | None = None, *, parent: str = "", serves: bool = False
) -> Generator[Span]:
    """Trace what is done within.

    `parent` is a `traceparent` that came from elsewhere; without it, the span around this one is.
    `serves`: it answers somebody else's request.
    """
    if _tracer is None:
        yield Span()
        return
    kind = import_module("opentelemetry.trace").SpanKind
    with _tracer.start_as_current_span(
        name,
        context=_context(parent),
        kind=kind.SERVER if serves else kind.INTERNAL,
        attributes=dict(attributes or {}),
        # What an exception says may hold what somebody wrote.
        record_exception=False,
        set_status_on_exception=False,
    ) as begun:
        try:
            yield Span(begun)
        except Exception as error:
            Span(begun).fail(getattr(error, "code", type(error).__name__))
            raise


def past(
    name: str,
    begun: float,
    ended: float,
    attributes: Attributes | None = None,
    *,
    parent: str = "",
    fault: str = "",
) -> None:
    """Trace what was done between two moments, Unix seconds; `fault` is an error's code."""
    if _tracer is None:
        return
    known = _tracer.start_span(
        name,
        context=_context(parent),
        start_time=int(begun * _NANOSECONDS),
        attributes=dict(attributes or {}),
    )
    if fault:
        Span(known).fail(fault)
    known.end(int(ended * _NANOSECONDS))


def carried() -> str:
    """The present span as a `traceparent`, for those who go on with its work elsewhere."""
    if _tracer is None:
        return ""
    carrier: dict[str, str] = {}
    _propagator().inject(carrier)
    return carrier.get("traceparent", "")


def _context(parent: str) -> Any:
    """None: that of the caller."""
    return _propagator().extract({"traceparent": parent}) if parent else None


def _propagator() -> Any:
    name = "opentelemetry.trace.propagation.tracecontext"
    return import_module(name).TraceContextTextMapPropagator()
