"""Plans and tables of outputs, each read once for all who look at its lines."""

import threading
from dataclasses import dataclass
from functools import cached_property

from shared.errors import RecordDamaged, UnknownLine
from shared.plans.plan import Line, Plan
from shared.plans.table import LINES, PLAN, LineRow, LineTable
from shared.stores import takes
from shared.stores.index import OutputIndex
from shared.stores.outputs import OutputStore

_ROOM = 32 << 20
"""Bytes of JSON that are kept as they were understood, which takes about eight times as many; the
last is kept however long it is."""


@dataclass(frozen=True)
class Sheet:
    """The lines of an output; nobody changes it."""

    plan: Plan
    table: LineTable

    @cached_property
    def rows(self) -> dict[int, LineRow]:
        return {row.number: row for row in self.table.lines}

    @property
    def stale(self) -> bool:
        """Whether the recording is of other takes than are chosen."""
        return self.table.revision != self.table.assembled

    def find(self, number: int) -> tuple[Line, LineRow]:
        """A line, as it was planned and as it was spoken. Raises UnknownLine."""
        if number not in self.rows:
            raise UnknownLine(f"This output has no line {number}.", param="number")
        return self.plan.by_number[number], self.rows[number]


@dataclass(frozen=True)
class _Kept:
    sums: tuple[str, str]
    """The sha256 of plan and table: other ones are another sheet."""
    bytes: int
    sheet: Sheet


class Sheets:
    """What was looked at last; one sheet is read at a time, as a long one takes much memory."""

    def __init__(self, index: OutputIndex, outputs: OutputStore, room: int = _ROOM) -> None:
        self._index = index
        self._outputs = outputs
        self._room = room
        self._reading = threading.Lock()
        self._lock = threading.Lock()
        self._kept: dict[str, _Kept] = {}
        """By output, the latest last."""

    def of(self, run: str) -> Sheet:
        """Raises UnknownOutput, Conflict for an output without lines, and RecordDamaged."""
        files = self._index.get(run).files
        facts = [files[name] for name in (PLAN, LINES) if name in files]
        if len(facts) < 2:
            raise takes.without_lines()
        sums, size = (facts[0].sha256, facts[1].sha256), sum(fact.bytes for fact in facts)
        if found := self._find(run, sums):
            return found
        with self._reading:
            if found := self._find(run, sums):
                return found
            sheet = self._read(run)
            self._keep(run, _Kept(sums, size, sheet))
            return sheet

    def _find(self, run: str, sums: tuple[str, str]) -> Sheet | None:
        with self._lock:
            kept = self._kept.pop(run, None)
            if kept is None or kept.sums != sums:
                return None
            self._kept[run] = kept
            return kept.sheet

    def _keep(self, run: str, kept: _Kept) -> None:
        with self._lock:
            self._kept[run] = kept
            while len(self._kept) > 1 and sum(it.bytes for it in self._kept.values()) > self._room:
                del self._kept[next(iter(self._kept))]

    def _read(self, run: str) -> Sheet:
        plan, table = takes.plan_of(self._outputs, run), takes.table_of(self._outputs, run)
        if not plan.by_number.keys() >= {row.number for row in table.lines}:
            raise RecordDamaged(f"{run}/{LINES} has lines that its plan has not.")
        return Sheet(plan, table)
