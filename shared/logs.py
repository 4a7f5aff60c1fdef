"""Log lines, for people or for machines, from structlog and from every library alike."""

import logging
import re
import sys

import structlog

from shared.settings import Settings

_KEYS = re.compile(r" \((Press )?CTRL\+C to (force )?quit\)")
"""What uvicorn says to somebody at its own terminal, which this need not be."""


def configure(settings: Settings, process: str) -> None:
    """Send all logs of this process to standard error, in the configured form."""
    shared: list[structlog.types.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
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
    logging.getLogger("uvicorn.error").addFilter(_without_keys)


def _without_keys(record: logging.LogRecord) -> bool:
    record.msg = _KEYS.sub("", str(record.msg))
    return True


def _named(process: str) -> structlog.types.Processor:
    def add(
        _logger: object, _method: str, event: structlog.types.EventDict
    ) -> structlog.types.EventDict:
        return {**event, "process": process}

    return add
