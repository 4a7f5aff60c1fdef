"""The decode loop: rows admitted, spoken chunk by chunk, handed out in order, and replaced.

What is done when depends on frames alone, never on the clock, so that equal batches make equal
sound. Rows carry their codes with them: whatever is lost on the device, they go on from there.
"""

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shared.audio.codes import FRAME_SAMPLES
from worker.engine.faults import out_of_memory
from worker.engine.protocol import Frames, Watch
from worker.engine.qwen3.harvest import Harvest, Harvester
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.running import RAMP
from worker.engine.qwen3.source import Source


@dataclass(frozen=True)
class Limits:
    """How much is done at once."""

    batch: int
    """Rows."""
    live: int
    """Rows while somebody may be listening."""
    lag: int
    """Chunks that are launched before the one before them is looked at: 1 keeps a GPU busy."""

    @property
    def overshoot(self) -> int:
        """Frames that a row may be ahead of what is known of it."""
        return (self.lag + 1) * RAMP[-1]


@dataclass(frozen=True)
class _Flight:
    """A chunk that was launched and not yet looked at."""

    takes: list[tuple[Row, int]]
    """By slot: the row, and which attempt of it."""
    harvest: Harvest


class Loop:
    """Speaks one call's rows; `run` is called once."""

    def __init__(
        self,
        rows: Sequence[Row],
        source: Source,
        harvester: Harvester,
        limits: Limits,
        watch: Watch,
    ) -> None:
        self._rows = rows
        self._source = source
        self._harvester = harvester
        self._limits = limits
        self._watch = watch
        self._batch = limits.batch
        self._heard = any(row.utterance.live for row in rows)
        self._waiting = deque(rows)
        self._live: list[Row] = []
        self._flying: deque[_Flight] = deque()
        self._ready = False
        self.undisturbed = True
        """Whether nothing had to be begun again."""
        self.batches: list[int] = []
        """How many rows were spoken at once, chunk by chunk."""

    def run(self) -> Iterator[Frames]:
        """All rows' frames, in the order of the rows.

        Raises what `watch` raises, and EngineFailed.
        """
        try:
            yield from self._frames()
        finally:
            self._source.close()

    def _frames(self) -> Iterator[Frames]:
        turn = 0
        while turn < len(self._rows):
            try:
                self._admit()
                self._launch()
            except RuntimeError as error:
                if not out_of_memory(error):
                    raise
                self._shrink(error)
                continue
            # The first sound waits for nobody: others are admitted once it is on its way.
            lag = self._limits.lag if len(self.batches) > 1 else 0
            if len(self._flying) > lag or not self._live:
                self._gather()
            while turn < len(self._rows):
                frames = self._rows[turn].release()
                if frames:
                    yield frames
                if not self._rows[turn].finished:
                    break
                turn += 1

    def _admit(self) -> None:
        """Fill the slots; the first row speaks its first chunk alone, and so is heard sooner."""
        room = min(self._batch, self._limits.live) if self._heard else self._batch
        room = room if self.batches else 1
        if self._waiting and not self._ready:
            rows = min(self._batch, len(self._waiting))
            self._source.require(rows)
            self._harvester.require(rows)
            self._ready = True
        while self._waiting and len(self._live) < room:
            slot, row = len(self._live), self._waiting[0]
            self._watch()
            self._source.admit(slot, row)
            self._harvester.admit(slot, row)
            self._live.append(self._waiting.popleft())

    def _launch(self) -> None:
        """Make the next chunk of all live rows."""
        if not self._live:
            return
        count = RAMP[min(len(self.batches), len(RAMP) - 1)]
        harvest = self._harvester.launch(self._source.make(self._live, count, self._watch))
        self._flying.append(_Flight([(row, row.attempt) for row in self._live], harvest))
        self.batches.append(len(self._live))

    def _gather(self) -> None:
        """Look at the oldest chunk in flight; rows that ended leave their slots to others."""
        if not self._flying:
            return
        flight = self._flying.popleft()
        harvest = flight.harvest
        harvest.wait(self._watch)
        # A row that ended, or began anew, since the launch has no use for what it made.
        wanted = [
            (slot, row)
            for slot, (row, attempt) in enumerate(flight.takes)
            if row in self._live and row.attempt == attempt
        ]
        for slot, row in wanted:
            if harvest.finite[slot]:
                self._take(row, harvest, slot)
        broken = [row for slot, row in wanted if not harvest.finite[slot]]
        if broken:
            self._recover(broken)

    def _take(self, row: Row, harvest: Harvest, slot: int) -> None:
        count = min(harvest.count, int(harvest.ended[slot]) - row.frames)
        ended = count < harvest.count
        codes, audio = harvest.codes[slot, :count], harvest.audio[slot, : count * FRAME_SAMPLES]
        if not row.take(codes, audio, ended=ended):
            self._leave(row)

    def _leave(self, row: Row) -> None:
        """Free the slot of a row; the last live row moves into it."""
        slot = self._live.index(row)
        last = self._live.pop()
        if last is not row:
            self._source.move(len(self._live), slot)
            self._harvester.move(len(self._live), slot)
            self._live[slot] = last
        if not row.finished:
            self.undisturbed = False
            self._waiting.appendleft(row)

    def _recover(self, broken: list[Row]) -> None:
        """Go on in a format that cannot overflow, from the last frames that were sound."""
        # First of all: what is not finite must not stay in slots where others will speak.
        self._restart()
        self._source.harden()
        for row in broken:
            row.notes.append(
                "The model computed values that are not finite: this was spoken again in fp32."
            )

    def _shrink(self, error: RuntimeError) -> None:
        """Go on with half as many rows at once; raises the error if there was but one."""
        self._restart()
        if self._batch == 1:
            raise error
        self._batch = max(1, min(self._batch, len(self._waiting)) // 2)

    def _restart(self) -> None:
        """Give up the slots and whatever is in flight; every live row goes on from its codes."""
        self._waiting.extendleft(sorted(self._live, key=lambda row: -row.index))
        self._live.clear()
        self._flying.clear()
        self._ready = self.undisturbed = False
        self._source.forget()
        self._harvester.forget()
