"""Which lines of an output somebody wants to see, of as many as it has."""

from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query

from api.sheets import Sheet
from shared.plans.table import LineRow

_LONGEST = 200


@dataclass(frozen=True)
class Sieve:
    """Every condition that is given must hold; a dependency of routes, which makes it of a query.

    The words and names are those of the take that is heard.
    """

    speaker: Annotated[
        str | None,
        Query(max_length=_LONGEST, description="Only lines of this speaker; empty: of nobody."),
    ] = None
    q: Annotated[
        str,
        Query(max_length=_LONGEST, description="Only lines that have all of these words."),
    ] = ""
    state: Annotated[
        Literal["spoken", "failed"] | None, Query(description="Only lines in this state.")
    ] = None
    faulty: Annotated[
        bool,
        Query(description="Only lines that failed, have faults, or hardly fit into their time."),
    ] = False
    strained: Annotated[
        bool, Query(description="Only cues that are too long, cut off or hurried.")
    ] = False
    takes: Annotated[int, Query(ge=0, description="Only lines with as many takes or more.")] = 0

    def page(self, sheet: Sheet, after: int, limit: int) -> tuple[list[LineRow], int, bool]:
        """Rows from after `after` on, how many there are in all, and whether more follow."""
        found = [row for row in sheet.table.lines if self._lets_through(sheet, row)]
        left = [row for row in found if row.number > after]
        return left[:limit], len(found), len(left) > limit

    def _lets_through(self, sheet: Sheet, row: LineRow) -> bool:
        if self.state and row.state != self.state:
            return False
        if len(row.takes) < self.takes:
            return False
        if self.speaker is not None and sheet.plan.by_number[row.number].speaker != self.speaker:
            return False
        if self.strained and not sheet.is_strained(row):
            return False
        if self.faulty and not sheet.is_faulty(row):
            return False
        return not self.q or self._has_words(sheet, row)

    def _has_words(self, sheet: Sheet, row: LineRow) -> bool:
        line = sheet.plan.by_number[row.number]
        heard = row.take or line
        text = "\n".join((heard.text, heard.said, line.speaker, line.where.id)).casefold()
        return all(word in text for word in self.q.casefold().split())
