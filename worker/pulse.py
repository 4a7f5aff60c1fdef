"""The sign of life of a running job: stamped at every frame, read by the watchdog."""

import threading
import time
from collections.abc import Generator
from contextlib import contextmanager

from shared.errors import DeadlineExceeded

LOADING = 900.0
"""Seconds that loading a checkpoint may take."""
ENDING = 3_600.0
"""Seconds that anything besides making frames may take, such as encoding hours of audio."""


class Cancelled(Exception):
    """Somebody stopped the job."""


class Pulse:
    """What `watch` stamps and the heart reads; one per attempt."""

    def __init__(self) -> None:
        self._deadline = float("inf")
        self._stamp = time.monotonic()
        self._limits: list[float | None] = [ENDING]
        """Seconds of silence that are allowed, the innermost last; None: as in the settings."""
        self._cancelled = threading.Event()

    def watch(self) -> None:
        """Go on, or stop: raises Cancelled or DeadlineExceeded."""
        self._stamp = time.monotonic()
        if self._cancelled.is_set():
            raise Cancelled
        if self._stamp > self._deadline:
            raise DeadlineExceeded("The job took longer than it may.")

    def limit(self, seconds: float) -> None:
        """Let `watch` raise DeadlineExceeded after so many seconds from now."""
        self._deadline = time.monotonic() + seconds

    def cancel(self) -> None:
        """Make the next `watch` raise; called from other threads."""
        self._cancelled.set()

    @contextmanager
    def armed(self) -> Generator[None]:
        """The stretch in which frames are made, and a silence means that the engine hangs."""
        with self._allowing(None):
            yield

    @contextmanager
    def patient(self, seconds: float) -> Generator[None]:
        """A part of it in which no frame can come, such as loading; it does not count as work.

        So no deadline passes in it, however often it is watched.
        """
        begun, deadline = time.monotonic(), self._deadline
        self._deadline = float("inf")
        try:
            with self._allowing(seconds):
                yield
        finally:
            self._deadline = deadline + time.monotonic() - begun

    def overdue(self, stall_seconds: float) -> bool:
        """True if the job has been silent for longer than it may be."""
        limit = self._limits[-1]
        return self.silence > (stall_seconds if limit is None else limit)

    @property
    def silence(self) -> float:
        """Seconds since the last sign of life."""
        return time.monotonic() - self._stamp

    @contextmanager
    def _allowing(self, seconds: float | None) -> Generator[None]:
        self._stamp = time.monotonic()
        self._limits.append(seconds)
        try:
            yield
        finally:
            self._stamp = time.monotonic()
            self._limits.pop()
