"""`python -m ui`: the dashboard, as a client of the API at `API_URL`."""

import sys

import uvicorn

from shared import logs
from shared.binding import check_bind
from shared.errors import ConfigurationError
from shared.settings import load
from ui.app import create

_SHUTDOWN = 2
"""Seconds that open connections have when the process is told to stop."""


def main(arguments: list[str]) -> int:
    """Serve until told to stop; the exit status is 2 for a setting that cannot be met."""
    try:
        settings = load(arguments)
        check_bind(settings, "gradio_host")
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message} {error.next_step or ''}\n")
        return 2
    logs.configure(settings, "ui")
    uvicorn.run(
        create(settings),
        host=settings.gradio_host,
        port=settings.gradio_port,
        root_path=settings.gradio_root_path,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=_SHUTDOWN,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
