"""The slots of one batch after another, and frames made in them."""

from collections.abc import Callable

from worker.engine.qwen3.frame import Draws, advance
from worker.engine.qwen3.graphs import Graphs
from worker.engine.qwen3.language_model import LONGEST, LanguageModel
from worker.engine.qwen3.slots import Slots

RAMP = (2, 4, 8, 12)
"""Frames from one harvest to the next: sound after two, then fewer and larger pieces. A second
chunk of four underruns in 0.1 % of streams under load, after a first of one in 87 %
(sgl-project/sglang-omni, study of the vocoder)."""
ROWS = (1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Batch sizes that graphs are captured for."""
POSITIONS = (256, 512, 1024, 2048, 4096, LONGEST)
"""Context lengths that slots are made for, and that graphs read."""
TYPICAL = 1024
"""Positions of a prompt and a minute of speech."""
SHORT = 256
"""Positions of a prompt and the first seconds."""


class Runner:
    """Owns the slots, which are kept for as long as the next batch fits into them."""

    def __init__(self, graphs: Graphs) -> None:
        self._graphs = graphs
        self._slots: Slots | None = None

    def slots(
        self, model: LanguageModel, *, rows: int, positions: int, trailing: int, chunk: int
    ) -> Slots:
        """Slots for `rows` utterances of up to `positions` positions each."""
        capacity, trailing = rounded(positions, POSITIONS), rounded(trailing, POSITIONS)
        before = self._slots
        if before is not None and self._suits(before, model, rows, capacity, trailing):
            return before
        if before is not None and before.model is model and self._graphs.static:
            # Batches of different shapes would else take turns at remaking slots and graphs.
            rows, trailing = max(rows, before.rows), max(trailing, before.trailing_rows)
            capacity = max(capacity, min(before.capacity, TYPICAL))
        del before
        self.forget()
        self._slots = Slots(model, rows, capacity, trailing, chunk)
        return self._slots

    def advance(self, slots: Slots, rows: int, positions: int, draws: Draws) -> None:
        """Make one frame of the first `rows` rows, which have up to `positions` positions then."""
        if self._graphs.static:
            rows = min(rounded(rows, ROWS), slots.rows)
            positions = rounded(positions, POSITIONS)
        if draws.wide:
            slots.noise.widen()
        key = ("frame", rows, positions, draws)
        self._graphs.run(key, lambda: advance(slots, rows, positions, draws))

    def prepare(
        self, model: LanguageModel, rows: int, chunk: int, progress: Callable[[str], None]
    ) -> None:
        """Make slots, and meet what is usual once, so that few listeners wait for a capture:
        not takes beyond a minute, nor draws from a share of probability or from all codes."""
        slots = self.slots(model, rows=rows, positions=TYPICAL, trailing=1, chunk=chunk)
        for size in batches(rows):
            progress(f"capturing frames of {size} {'rows' if size > 1 else 'row'}")
            for positions in (it for it in POSITIONS if it <= slots.capacity):
                slots.cursor.zero_()
                self.advance(slots, size, positions, Draws())

    def _suits(
        self, slots: Slots, model: LanguageModel, rows: int, capacity: int, trailing: int
    ) -> bool:
        """Whether a batch fits, and memory made for a long take is not kept for short ones."""
        wasteful = slots.capacity > TYPICAL >= capacity
        return slots.fits(model, rows, capacity, trailing) and not wasteful

    def relax(self) -> None:
        """Give the slots back, unless graphs were captured for them."""
        if not self._graphs.static:
            self.forget()

    def describe(self) -> str:
        """`captured`, or `eager` and why."""
        return self._graphs.describe()

    def forget(self) -> None:
        """Give the slots' memory back."""
        self._graphs.forget()
        self._slots = None


def batches(rows: int) -> tuple[int, ...]:
    """The batch sizes on the way to `rows`, and itself."""
    return (*(size for size in ROWS if size < rows), rows)


def rounded(number: int, sizes: tuple[int, ...]) -> int:
    """The smallest of the sizes that is large enough, the largest where none is."""
    return next((size for size in sizes if size >= number), sizes[-1])
