"""`python -m tools.wyoming`: a Wyoming server for the API at `API_URL`."""

import sys

from shared import logs
from shared.errors import ConfigurationError
from shared.settings import load
from tools import running
from tools.wyoming import server


def main(arguments: list[str]) -> int:
    """Serve until told to stop; the exit status is 2 for a setting that cannot be met."""
    try:
        settings = load(arguments)
        server.check(settings)
        logs.configure(settings, "wyoming")
        server.run(settings, running.api_address(settings))
    except ConfigurationError as error:
        sys.stderr.write(f"{error.message} {error.next_step or ''}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
