"""`python -m worker.health`: whether the worker of this host lives, for a container's health."""

import socket
import sys

import redis

from shared import connection, status
from shared.errors import ConfigurationError
from shared.settings import Settings, load
from shared.status import WorkerStatus


def main() -> int:
    """0 while the worker renews its status; otherwise 1, and a line that says why."""
    try:
        settings = load()
        worker = find(settings)
    except (ConfigurationError, redis.RedisError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if worker is None:
        sys.stderr.write(f"No worker {settings.worker_name} lives on this host.\n")
        return 1
    sys.stdout.write(f"{worker.engine.name}: {worker.trouble or 'ready'}\n")
    return 0


def find(settings: Settings) -> WorkerStatus | None:
    """The worker that these settings name, if it lives on this host."""
    me = settings.worker_name, socket.gethostname()
    alive = status.workers(connection.prompt(settings.redis_url))
    return next((worker for worker in alive if (worker.name, worker.host) == me), None)


if __name__ == "__main__":
    sys.exit(main())
