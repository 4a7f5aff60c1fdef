"""What became of each line of a plan, and the accounts of it at the end."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from shared.errors import SpeechError
from shared.plans.plan import Line, Plan
from shared.plans.table import LineRow, LineTable, Take
from shared.requests.declared import REDACTED
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.stores.recipe import LineCount


@dataclass(frozen=True)
class Outcome:
    """What became of a line."""

    take: Take | None
    error: SpeechError | None = None
    """Why there is no take."""
    streamed: bool = False
    """Whether an earlier attempt made the take, and may have streamed it."""


class Ledger:
    """The outcomes of a plan's lines, by what decides their sound: equal lines have one."""

    def __init__(self, plan: Plan, request: Pipeline, store_text: bool) -> None:
        self._plan = plan
        self._store_text = store_text
        self._keys = {line.number: line.key(request.sampling, request.size) for line in plan.lines}
        self._outcomes: dict[str, Outcome] = {}
        self._alike = Counter(self._keys.values())
        self._done = 0.0
        self.settled = 0
        """How many lines something is known of; equal ones are settled together."""
        self._total = sum(line.seconds for line in self.open()) or 1.0

    def key(self, line: Line) -> str:
        """What decides its sound, as `Line.key`."""
        return self._keys[line.number]

    def settle(self, line: Line, outcome: Outcome) -> None:
        self._outcomes[self.key(line)] = outcome
        self._done += line.seconds
        self.settled += self._alike[self.key(line)]

    def outcome(self, line: Line) -> Outcome | None:
        """None as long as nothing is known."""
        return self._outcomes.get(self.key(line))

    def take(self, line: Line) -> Take | None:
        """What was spoken of a line, if anything was."""
        outcome = self.outcome(line)
        return outcome.take if outcome else None

    def open(self) -> list[Line]:
        """Lines that nothing is known of, the first of those that would sound the same."""
        first = {self.key(line): line for line in reversed(self._plan.lines)}
        left = [line for key, line in first.items() if key not in self._outcomes]
        return sorted(left, key=lambda line: line.number)

    @property
    def fraction(self) -> float:
        """How much of the plan is settled, by its estimates."""
        return self._done / self._total

    def require_some(self) -> None:
        """Raises the first reason, if nothing was spoken."""
        outcomes = [self._outcomes[self.key(line)] for line in self._plan.lines]
        error = outcomes[0].error
        if error and not any(outcome.take for outcome in outcomes):
            raise error

    def of(self, line: Line, take: Take) -> Take:
        """A take as that of a line: an equal one may be written otherwise, or at another speed."""
        if self._store_text:
            said = {"text": line.text, "said": line.said, "role": line.role}
        else:
            role = Role(voice=line.role.voice, emotion=line.role.emotion, speed=line.role.speed)
            said = {"text": REDACTED, "said": REDACTED, "role": role}
        return take.model_copy(update=said)

    def table(self, voices: dict[str, str], engine: str) -> LineTable:
        """All lines, without their places in the recording; `voices` as in the table."""
        # A description is a text like any other.
        voices = voices if self._store_text else {}
        return LineTable(lines=list(self._rows()), voices=voices, engine=engine)

    def count(self, table: LineTable) -> LineCount:
        spoken = [row for row in table.lines if row.state == "spoken"]
        return LineCount(
            planned=len(table.lines),
            spoken=len(spoken),
            failed=len(table.lines) - len(spoken),
            skipped=len(self._plan.skipped),
            retaken=sum(1 for row in spoken if any(take.retaken for take in row.takes)),
            taken_over=sum(1 for row in spoken if row.taken_over),
        )

    def _rows(self) -> Iterator[LineRow]:
        for line in self._plan.lines:
            outcome = self._outcomes[self.key(line)]
            take = outcome.take
            yield LineRow(
                number=line.number,
                key=self.key(line),
                state="spoken" if take else "failed",
                why=outcome.error.message if outcome.error else "",
                takes=[self.of(line, take)] if take else [],
                taken_over=take.job if take else "",
            )
