"""`python -m api`: one API process."""

import socket
import sys
from contextlib import suppress

import uvicorn
from fastapi import FastAPI

from api.app import create
from api.stream import MAX_MESSAGE
from shared import connection, logs, tracing
from shared.binding import check_bind
from shared.errors import ConfigurationError
from shared.settings import load

_SHUTDOWN = 5
"""Seconds that open connections have when the process is told to stop."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop; the exit status is 2 for a setting that cannot be met."""
    try:
        settings = load(arguments)
        check_bind(settings, "host")
        connection.check_address(settings)
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message} {error.next_step or ''}\n")
        return 2
    logs.configure(settings, "api")
    tracing.configure("api")
    app = create(settings)
    config = uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        ws_max_size=MAX_MESSAGE,
        # Sound does not get smaller, and a hundred listeners would wait for the attempt.
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_SHUTDOWN,
    )
    with suppress(KeyboardInterrupt):
        _Server(config, app).run()
    return 0


class _Server(uvicorn.Server):
    """Sends listeners home before it waits for open connections; their jobs may take hours."""

    def __init__(self, config: uvicorn.Config, app: FastAPI) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.state.context.hub.close()
        await super().shutdown(sockets)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
