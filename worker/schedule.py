"""In which order and company lines are spoken."""

from collections.abc import Callable, Iterator, Sequence
from itertools import islice, takewhile

from shared.plans.plan import Line
from shared.readings import ModelReport
from shared.requests.declared import CheckpointKind

WINDOW = 64
"""Lines among which the order is free while nobody listens: long enough for full batches and few
swaps of checkpoints, short enough that a listener who comes later soon hears something."""


class Schedule:
    """The lines that are still to be spoken, handed out in groups of one checkpoint."""

    def __init__(self, lines: Sequence[Line], kind: Callable[[Line], CheckpointKind]) -> None:
        """`lines` are in the order of the plan."""
        self._lines = lines
        self._kind = kind
        self._first = 0
        """Before this one, all lines were handed out."""
        self._given: set[int] = set()
        self._window: list[Line] = []

    def __bool__(self) -> bool:
        """Whether any line is left."""
        return len(self._given) < len(self._lines)

    def left(self) -> Iterator[Line]:
        """The lines that are left, in order."""
        while self._first < len(self._lines) and self._lines[self._first].number in self._given:
            self._first += 1
        later = islice(self._lines, self._first, None)
        return (line for line in later if line.number not in self._given)

    def turn(self, live: bool, loaded: CheckpointKind | None) -> CheckpointKind:
        """The checkpoint whose turn it is: `loaded` as long as it can be, where nobody listens."""
        if live:
            return self._kind(next(self.left()))
        kinds: list[CheckpointKind] = [self._kind(line) for line in self._open()]
        return loaded if loaded is not None and kinds.count(loaded) else kinds[0]

    def group(self, kind: CheckpointKind, live: bool, report: ModelReport) -> list[Line]:
        """The next lines of that checkpoint, as many as it speaks at once.

        While somebody listens they are the next of the plan, the very first by itself; otherwise
        lines of one voice and of like length, as the longest decides how long a batch takes.
        """
        group = self._next(kind, report.live_batch) if live else self._alike(kind, report.batch)
        self._given.update(line.number for line in group)
        return group

    def _next(self, kind: CheckpointKind, batch: int) -> list[Line]:
        following = islice(self.left(), batch if self._given else 1)
        return list(takewhile(lambda line: self._kind(line) == kind, following))

    def _alike(self, kind: CheckpointKind, batch: int) -> list[Line]:
        fitting = [line for line in self._open() if self._kind(line) == kind]
        fitting.sort(key=lambda line: (_voice(line), line.seconds))
        return fitting[:batch]

    def _open(self) -> list[Line]:
        """The lines of the present window that are left; those of the next, once there are none."""
        self._window = [line for line in self._window if line.number not in self._given]
        self._window = self._window or list(islice(self.left(), WINDOW))
        return self._window


def _voice(line: Line) -> str:
    return line.role.voice or line.role.description or ""
