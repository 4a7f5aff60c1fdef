"""When a call that did not get through is sent again, and for how long."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx

from shared.client.call import Call, File
from shared.client.faults import ServiceUnreachable
from shared.errors import QueueUnavailable, SpeechError

_FIRST, _LONGEST = 0.5, 8.0
"""Seconds between two attempts where the service says nothing; each pause is twice the last."""
_SAFE = frozenset({"GET", "HEAD", "PUT"})
"""Methods that may be repeated whatever became of them."""
_KEY = "Idempotency-Key"
_REFUSALS = frozenset({429, 503})


class Repeats:
    """Those of one call."""

    def __init__(
        self, patience: float, *, repeatable: bool = False, files: Iterable[File] = ()
    ) -> None:
        """`patience` in seconds, of all pauses together; 0: nothing is repeated.

        `repeatable`: also when nobody knows whether it was carried out.
        """
        self._patience = patience
        self._repeatable = repeatable
        self._opened = [file for file in files if not isinstance(file, Path)]
        self._rewindable = all(file.seekable() for file in self._opened)
        self._starts = [file.tell() for file in self._opened] if self._rewindable else []
        self.reset()

    @classmethod
    def of(cls, call: Call[Any], patience: float) -> "Repeats":
        repeatable = call.method in _SAFE or _KEY in call.headers
        return cls(patience, repeatable=repeatable, files=call.files.values())

    def reset(self) -> None:
        """It got through: whatever happens next is waited for anew."""
        self._left = self._patience
        self._pause = _FIRST

    def pause(self, error: SpeechError) -> float:
        """Seconds until it is to be sent again. Raises `error` where it is not."""
        seconds = self._pause if error.retry_after is None else error.retry_after
        if seconds > self._left or not self._rewindable or not self._may_repeat(error):
            raise error
        for file, start in zip(self._opened, self._starts, strict=True):
            file.seek(start)
        self._left -= seconds
        self._pause = min(2 * self._pause, _LONGEST)
        return seconds

    def _may_repeat(self, error: SpeechError) -> bool:
        if isinstance(error, ServiceUnreachable):
            return self._repeatable or _never_sent(error)
        refused = error.status in _REFUSALS and error.retry_after is not None
        # A queue that went away may have taken the job before it did.
        return refused and (self._repeatable or not isinstance(error, QueueUnavailable))


def _never_sent(error: ServiceUnreachable) -> bool:
    return isinstance(error.__cause__, httpx.ConnectError | httpx.ConnectTimeout | OSError)
