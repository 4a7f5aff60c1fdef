"""Tables that people open as spreadsheets."""

import csv
import io

import pytest

from shared.assembly import tables


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("-2+3+cmd|' /C calc'!A0", "'-2+3+cmd|' /C calc'!A0"),
        (" @SUM(A1)", "' @SUM(A1)"),
        ("＝1", "'＝1"),
        ("-5", "-5"),
        ("+0.5%", "+0.5%"),
        ("Well - no.", "Well - no."),
        (-1.5, "-1.5"),
        (None, ""),
    ],
)
def test_no_cell_is_a_formula_and_numbers_stay(cell: object, written: str):
    table = tables.text(["number", "cell"], [[1, cell]])
    assert list(csv.reader(io.StringIO(table))) == [["number", "cell"], ["1", written]]
