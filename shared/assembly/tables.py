"""Tables (CSV) of results, which people open as spreadsheets."""

import csv
import io
import re
from collections.abc import Iterable
from typing import Any

_FORMULA = re.compile(r"\s*[=+\-@＝＋－＠]|[\t\r\n]")
_NUMBER = re.compile(r"[+-]?[\d.,]*\d%?")


def text(header: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    """A table as a text; no cell of it is a formula."""
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow([_harmless(cell) for cell in header])
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return table.getvalue()


def _harmless(cell: Any) -> Any:
    """A cell that a spreadsheet does not take for a formula: an apostrophe stands before it."""
    risky = isinstance(cell, str) and _FORMULA.match(cell) and not _NUMBER.fullmatch(cell)
    return f"'{cell}" if risky else cell
