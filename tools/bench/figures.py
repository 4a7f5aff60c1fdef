"""Numbers of a measurement as the rows of a table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np


@dataclass(frozen=True)
class Row:
    """One line of the report."""

    what: str
    percentiles: dict[str, float]
    """`p50` and the like → milliseconds, the median over the runs."""
    values: int
    """How many single values lie behind it."""
    aim: str = ""


def row(what: str, runs: Sequence[Sequence[float]], shares: Sequence[float], aim: str = "") -> Row:
    """Percentiles of each run, and of those the median over the runs."""
    percentiles = {
        f"p{share * 100:g}": median(_percentile(values, share) for values in runs)
        for share in shares
    }
    return Row(what, percentiles, sum(map(len, runs)), aim)


def table(rows: Sequence[Row]) -> str:
    """The rows as a table in Markdown."""
    names = list(dict.fromkeys(name for row in rows for name in row.percentiles))
    lines = [
        f"| milliseconds | {' | '.join(names)} | values | aim |",
        f"| --- |{' ---: |' * (len(names) + 1)} --- |",
    ]
    for row in rows:
        cells = [
            f"{row.percentiles[name]:.1f}" if name in row.percentiles else "" for name in names
        ]
        lines.append(f"| {row.what} | {' | '.join(cells)} | {row.values:,} | {row.aim} |")
    return "\n".join(lines)


def _percentile(values: Sequence[float], share: float) -> float:
    return float(np.quantile(values, share, method="inverted_cdf"))


def medians(
    what: str, columns: Mapping[str, Sequence[Mapping[str, float]]], aims: Mapping[str, str]
) -> str:
    """A table in Markdown: of each column the runs, and of each figure of a run a row.

    A cell holds the median over the runs; it is empty where a column has no such figure.
    """
    figures = dict.fromkeys(name for runs in columns.values() for run in runs for name in run)
    lines = [
        f"| {what} | {' | '.join(columns)} | aim |",
        f"| --- |{' ---: |' * len(columns)} --- |",
    ]
    for name in figures:
        cells = [_median([run[name] for run in runs if name in run]) for runs in columns.values()]
        lines.append(f"| {name} | {' | '.join(cells)} | {aims.get(name, '')} |")
    return "\n".join(lines)


def _median(values: Sequence[float]) -> str:
    return f"{median(values):.2f}" if values else ""
