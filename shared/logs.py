"""Log lines, for people or for machines, from structlog and from every library alike.

Whatever is said while a request is answered or a job is performed carries their ids.
"""

import hashlib
import logging
import re
import sys
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import structlog

from shared.settings import Settings

_KEYS = re.compile(r" \((Press )?CTRL\+C to (force )?quit\)")
"""What uvicorn says to somebody at its own terminal, which this need not be."""
_FACTS = "facts"
"""Of a line alone: `log.info("...", extra=logs.facts(status=200))`."""

_about: ContextVar[dict[str, str] | None] = ContextVar("about", default=None)
"""One dictionary for a request and for the threads that work for it: what one of them learns, such
as the id of its job, stands in the lines of all. So it is not structlog's own contextvars."""


def configure(settings: Settings, process: str) -> None:
    """Send all logs of this process to standard error, in the configured form."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _with_facts,
    ]
    if settings.log_format == "json":
        module = structlog.processors.CallsiteParameter.MODULE
        shared += [structlog.processors.CallsiteParameterAdder([module]), _named(process)]
        final = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        final = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                final,
            ],
        )
    )
    logging.basicConfig(handlers=[handler], level=settings.log_level.upper(), force=True)
    for noisy in ("rq.worker", "httpx", "httpcore", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    server = logging.getLogger("uvicorn.error")
    server.addFilter(_without_keys)
    # Below that it writes down what comes over WebSockets: texts, and headers with keys.
    server.setLevel(max(logging.INFO, logging.getLogger().level))


# --- what a line is about ---


@contextmanager
def about(**names: str) -> Generator[None]:
    """Lines written within carry these names, those of threads of this context too."""
    token = _about.set({**(_about.get() or {}), **names})
    try:
        yield
    finally:
        _about.reset(token)


def learn(**names: str) -> None:
    """From here on, lines of the present request or job carry these names as well."""
    if (known := _about.get()) is not None:
        known.update(names)


def known(name: str) -> str:
    """What lines carry under a name here; empty if nothing."""
    return (_about.get() or {}).get(name, "")


def facts(**values: Any) -> dict[str, dict[str, Any]]:
    """Values for one line, as the `extra` of a call."""
    return {_FACTS: values}


def gist(*texts: str) -> dict[str, Any]:
    """What may be logged of texts: how long they are, and whether they are the same again."""
    digest = hashlib.sha256("\0".join(texts).encode("utf-8", "surrogatepass")).hexdigest()
    return {"characters": sum(map(len, texts)), "text_sha256": digest[:12]}


# --- how lines are made ---


def _with_facts(
    _logger: object, _method: str, event: structlog.types.EventDict
) -> structlog.types.EventDict:
    named = {name: value for name, value in (_about.get() or {}).items() if value}
    return {**named, **getattr(event.get("_record"), _FACTS, {}), **event}


def _without_keys(record: logging.LogRecord) -> bool:
    record.msg = _KEYS.sub("", str(record.msg))
    return True


def _named(process: str) -> structlog.types.Processor:
    def add(
        _logger: object, _method: str, event: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        return {**event, "process": process}

    return add
