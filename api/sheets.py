"""Plans and tables of outputs, each read once for all who look at its lines."""

import threading
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property

from pydantic import TypeAdapter, ValidationError

from shared.errors import RecordDamaged, UnknownLine
from shared.plans.plan import Line, Plan
from shared.plans.table import LINES, PLAN, LineRow, LineTable
from shared.stores import takes
from shared.stores.index import OutputIndex
from shared.stores.outputs import OutputStore
from shared.views import FitView, LineCounts

_ROOM = 32 << 20
"""Bytes of JSON that are kept as they were understood, which takes about eight times as many; the
last is kept however long it is."""
_REPORT = "report.json"
"""How cues were made to fit; outputs of subtitles have one."""
_WHOLE = 1 << 30
_FITS = TypeAdapter(list[FitView])


@dataclass(frozen=True)
class Sheet:
    """The lines of an output; nobody changes it."""

    plan: Plan
    table: LineTable
    fits: dict[int, FitView] = field(default_factory=dict[int, FitView])
    """How cues were made to fit, by the numbers of their lines."""

    @cached_property
    def rows(self) -> dict[int, LineRow]:
        return {row.number: row for row in self.table.lines}

    @property
    def stale(self) -> bool:
        """Whether the recording is of other takes than are chosen."""
        return self.table.revision != self.table.assembled

    @cached_property
    def counts(self) -> LineCounts:
        rows = self.table.lines
        return LineCounts(
            faulty=sum(map(self.is_faulty, rows)),
            strained=sum(map(self.is_strained, rows)),
            failed=sum(row.state == "failed" for row in rows),
            retaken=sum(len(row.takes) > 1 for row in rows),
        )

    @cached_property
    def speakers(self) -> dict[str, int]:
        """Lines of each, in the order in which they are first heard."""
        return dict(Counter(self.plan.by_number[row.number].speaker for row in self.table.lines))

    def is_strained(self, row: LineRow) -> bool:
        """Whether its cue did not fit without harm."""
        return row.number in self.fits and self.fits[row.number].strained

    def is_faulty(self, row: LineRow) -> bool:
        """Whether somebody should hear it: it failed, has faults, or does not fit well."""
        if row.state == "failed" or self.is_strained(row):
            return True
        return bool(row.take and row.take.faults)

    def find(self, number: int) -> tuple[Line, LineRow]:
        """A line, as it was planned and as it was spoken. Raises UnknownLine."""
        if number not in self.rows:
            raise UnknownLine(f"This output has no line {number}.", param="number")
        return self.plan.by_number[number], self.rows[number]


@dataclass(frozen=True)
class _Kept:
    sums: tuple[str, ...]
    """The sha256 of plan, table and report: other ones are another sheet."""
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
        facts += [files[_REPORT]] if _REPORT in files else []
        sums, size = tuple(fact.sha256 for fact in facts), sum(fact.bytes for fact in facts)
        if found := self._find(run, sums):
            return found
        with self._reading:
            if found := self._find(run, sums):
                return found
            sheet = self._read(run, fitted=_REPORT in files)
            self._keep(run, _Kept(sums, size, sheet))
            return sheet

    def _find(self, run: str, sums: tuple[str, ...]) -> Sheet | None:
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

    def _read(self, run: str, *, fitted: bool) -> Sheet:
        plan, table = takes.plan_of(self._outputs, run), takes.table_of(self._outputs, run)
        if not plan.by_number.keys() >= {row.number for row in table.lines}:
            raise RecordDamaged(f"{run}/{LINES} has lines that its plan has not.")
        return Sheet(plan, table, self._fits(run) if fitted else {})

    def _fits(self, run: str) -> dict[int, FitView]:
        try:
            told = _FITS.validate_json(self._outputs.read(run, _REPORT, 0, _WHOLE))
        except ValidationError as error:
            raise RecordDamaged(f"{run}/{_REPORT} is no report of subtitles.") from error
        return {each.line: each for each in told if each.line is not None}
