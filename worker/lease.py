"""A worker's name is held by one process at a time, whatever supervisors believe."""

import logging
import os
import socket
import time
from copy import copy
from typing import Self
from uuid import uuid4

import psutil

from shared import keys, scripts
from shared.connection import Connection

_SAME_MOMENT = 1.5
"""Seconds by which two readings of one process's start may differ: the clock may be set between."""

_PARTS = 3
"""Process id, start and a random word follow the host; the holder that recovers has none."""

log = logging.getLogger(__name__)


class Lease:
    """The right to a worker's name, held as long as it is renewed."""

    def __init__(self, connection: Connection, worker: str, seconds: float) -> None:
        self._redis = connection
        self._key = keys.lease(worker)
        self._milliseconds = int(seconds * 1000)
        started = psutil.Process().create_time()
        self._holder = f"{socket.gethostname()} {os.getpid()} {started} {uuid4().hex}"

    def over(self, connection: Connection) -> Self:
        """The same lease, renewed through another connection."""
        lease = copy(self)
        lease._redis = connection
        return lease

    def claim(self) -> None:
        """Wait until the name is ours: at once if its holder is dead on this host."""
        while (holder := self._try("")) is not None:
            if _dead(holder) and self._try(holder) is None:
                return
            log.info("Waiting for the name %s, held by %s.", self._key, holder)
            time.sleep(1)

    def renew(self) -> bool:
        """False if somebody else holds the name by now."""
        return self._try("") is None

    def release(self) -> None:
        """Give the name up, so that a successor need not wait."""
        scripts.run(self._redis, "release", [self._key], [self._holder])

    def _try(self, dead: str) -> str | None:
        """Claim or renew over nobody, ourselves or `dead`; the holder's name where that fails."""
        reply = scripts.run(
            self._redis, "lease", [self._key], [self._holder, self._milliseconds, dead]
        )
        return None if reply == 1 else reply.decode()


def _dead(holder: str) -> bool:
    """True if the holder ran on this host and is no more; a process id alone may be reused."""
    host, *rest = holder.split(" ")
    if host != socket.gethostname() or len(rest) != _PARTS:
        return False
    pid, started, _ = rest
    try:
        process = psutil.Process(int(pid))
        zombie = process.status() == psutil.STATUS_ZOMBIE
        return zombie or abs(process.create_time() - float(started)) > _SAME_MOMENT
    except psutil.NoSuchProcess:
        return True
