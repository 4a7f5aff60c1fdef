"""How far a download or a verification has come."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

_EVERY = 0.1
"""Seconds between two reports, so that a slow listener costs no throughput."""


@dataclass(frozen=True)
class Progress:
    """One report: bytes of the whole checkpoint, not of the file alone."""

    file: str
    done_bytes: int
    total_bytes: int
    rate: float
    """Bytes per second since the work began, not counting what was there before."""


Report = Callable[[Progress], None]


@dataclass
class Meter:
    """Adds files up and reports at a bearable pace."""

    total: int
    report: Report
    _finished: int = 0
    _worked: int = 0
    _began: float = field(default_factory=time.monotonic)
    _told: float = 0.0

    def move(self, file: str, position: int, worked: int) -> None:
        """The file has `position` bytes now, `worked` of them new."""
        self._worked += worked
        if time.monotonic() - self._told >= _EVERY:
            self._tell(file, position)

    def finish(self, file: str, nbytes: int) -> None:
        """The file is done."""
        self._tell(file, nbytes)
        self._finished += nbytes

    def _tell(self, file: str, position: int) -> None:
        self._told = time.monotonic()
        rate = self._worked / max(self._told - self._began, 1e-9)
        self.report(Progress(file, self._finished + position, self.total, rate))
