"""What performers that speak have in common: order, seeds and bounds."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from worker.engine.protocol import FinishReason, Frames, Samples

_SLACK = 3.0
_FLOOR = 2.0


@dataclass(frozen=True)
class Heard:
    """Frames of the row whose turn it is."""

    audio: Samples
    first: bool
    """True for the first frames of the row."""
    finish_reason: FinishReason | None
    notes: tuple[str, ...]


def in_order(batch: Iterable[Frames]) -> Iterator[tuple[int, Heard]]:
    """Frames row after row, however the engine interleaves them; later rows wait in memory."""
    waiting: dict[int, list[Frames]] = {}
    turn, begun = 0, False
    for frames in batch:
        waiting.setdefault(frames.row, []).append(frames)
        while waiting.get(turn):
            head = waiting[turn].pop(0)
            yield turn, Heard(head.audio, not begun, head.finish_reason, head.notes)
            begun = head.finish_reason is None
            if not begun:
                del waiting[turn]
                turn += 1


class Progress:
    """How much of a number of pieces has been spoken, by their estimates."""

    def __init__(self, estimates: Sequence[float], tell: Callable[[float], None]) -> None:
        self._estimates = estimates
        self._tell = tell
        self._row = 0
        self._heard = 0.0

    def hear(self, row: int, seconds: float) -> None:
        """So much more of `row` was spoken; a row counts for its estimate at most."""
        self._heard = seconds + (self._heard if row == self._row else 0.0)
        self._row = row
        done = sum(self._estimates[:row]) + min(self._heard, self._estimates[row])
        self._tell(done / sum(self._estimates))


def seed_of(seed: int, row: int) -> int:
    """The seed of one utterance of a job: other rows draw otherwise, equal jobs draw alike."""
    digest = hashlib.sha256(f"{seed}/{row}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def speech_bound(estimated_seconds: float) -> float:
    """Seconds after which speech is a runaway: three times the estimate and two more.

    Tighter bounds clip slow or expressive speech; without one the model can go on for minutes.
    """
    return _SLACK * estimated_seconds + _FLOOR
