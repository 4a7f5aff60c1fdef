"""The sign of life of a running job: stamped at every frame, read by the watchdog."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from shared.errors import DeadlineExceeded


class Cancelled(Exception):
    """Somebody stopped the job."""


class Pulse:
    """What `watch` stamps and the heart reads; one per attempt."""

    def __init__(self) -> None:
        self._deadline = float("inf")
        self._stamp = time.monotonic()
        self._patience = 1
        self._cancelled = threading.Event()

    def watch(self) -> None:
        """Go on, or stop: raises Cancelled or DeadlineExceeded."""
        self._stamp = time.monotonic()
        if self._cancelled.is_set():
            raise Cancelled
        if self._stamp > self._deadline:
            raise DeadlineExceeded("The job took longer than it may.")

    def limit(self, deadline: float) -> None:
        """Set the moment, on the monotonic clock, after which `watch` raises DeadlineExceeded."""
        self._deadline = deadline

    def cancel(self) -> None:
        """Make the next `watch` raise; called from other threads."""
        self._cancelled.set()

    @contextmanager
    def armed(self) -> Generator[None]:
        """The stretch in which frames are made, and a silence means that the engine hangs."""
        self._stamp = time.monotonic()
        self._patience -= 1
        try:
            yield
        finally:
            self._patience += 1

    @contextmanager
    def patient(self) -> Generator[None]:
        """A part of an armed stretch in which nothing can be stamped, such as loading a model."""
        self._patience += 1
        try:
            yield
        finally:
            self._patience -= 1
            self._stamp = time.monotonic()

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life; 0 where none is expected."""
        return 0.0 if self._patience else time.monotonic() - self._stamp
