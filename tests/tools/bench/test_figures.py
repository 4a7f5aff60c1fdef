"""Measured values as rows of a table."""

from tools.bench.figures import medians, row, table


def test_a_percentile_is_a_value_that_was_measured():
    values = list(map(float, range(1, 101)))

    assert row("x", [values], (0.5, 0.95, 0.99)).percentiles == {"p50": 50, "p95": 95, "p99": 99}


def test_several_runs_are_told_by_the_median_of_their_percentiles():
    assert row("x", [[1.0], [2.0], [9.0]], (0.5,)).percentiles == {"p50": 2}


def test_rows_with_other_percentiles_share_a_table():
    rows = [row("first", [[1.0, 2.0]], (0.5, 0.95), "p95 ≤ 15"), row("second", [[3.0]], (0.99,))]

    assert table(rows).splitlines() == [
        "| milliseconds | p50 | p95 | p99 | values | aim |",
        "| --- | ---: | ---: | ---: | ---: | --- |",
        "| first | 1.0 | 2.0 |  | 2 | p95 ≤ 15 |",
        "| second |  |  | 3.0 | 1 |  |",
    ]


def test_a_cell_is_the_median_of_its_runs_and_empty_without_any():
    columns = {"a": [{"x": 1.0}, {"x": 9.0}, {"x": 2.0}], "b": [{"y": 0.5}]}

    assert medians("seconds", columns, {"x": "< 3"}).splitlines() == [
        "| seconds | a | b | aim |",
        "| --- | ---: | ---: | --- |",
        "| x | 2.00 |  | < 3 |",
        "| y |  | 0.50 |  |",
    ]
