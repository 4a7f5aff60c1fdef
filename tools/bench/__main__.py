"""`python -m tools.bench`: measure, print the table, and write it into docs/benchmarks.md."""

from collections.abc import Iterator

import click

from shared.settings import ROOT
from tools import sections
from tools.bench import machine, overhead, relay, service
from tools.bench.figures import Row, row, table

PAGE = ROOT / "docs" / "benchmarks.md"
LISTENERS = (1, 10, 100)
_OVERHEAD_SHARES = (0.5, 0.95)
_RELAY_SHARES = (0.5, 0.99)


@click.command()
@click.option("--jobs", default=60, show_default=True, help="Jobs a run of the overhead.")
@click.option("--runs", default=3, show_default=True, help="Runs; the table shows their median.")
@click.option("--write/--no-write", default=True, help="Write the table into docs/benchmarks.md.")
def main(jobs: int, runs: int, write: bool) -> None:
    """Measure what the service adds to the engine's time, on this machine."""
    rows = [*measure_overhead(jobs, runs), *measure_relay(runs)]
    command = f"python -m tools.bench --jobs {jobs} --runs {runs}"
    text = f"{machine.describe()}; `{command}`.\n\n{table(rows)}"
    click.echo(text)
    if write:
        sections.replace(PAGE, "table", text)


def measure_overhead(jobs: int, runs: int) -> Iterator[Row]:
    """What the service adds until the first chunk."""
    with service.running() as running:
        measured = [overhead.measure(running, jobs) for _ in range(runs)]
    shares = _OVERHEAD_SHARES
    yield row("engine alone, to its first chunk", [run.engine for run in measured], shares)
    yield row("service, submit to first chunk", [run.service for run in measured], shares)
    added = [run.added for run in measured]
    yield row("**overhead**, the service less the engine", added, shares, "p95 ≤ 15")
    connected = [run.added_connected for run in measured]
    yield row("overhead with the opening of the WebSocket", connected, shares)


def measure_relay(runs: int) -> Iterator[Row]:
    """What the relay takes, by the number of listeners on one job."""
    with service.running(PREVIEW_PACE="1") as running:
        for listeners in LISTENERS:
            latencies = [relay.measure(running, listeners) for _ in range(runs)]
            aim = "p99 ≤ 10" if listeners == max(LISTENERS) else ""
            noun = "listener" if listeners == 1 else "listeners"
            yield row(f"**relay**, {listeners} {noun}", latencies, _RELAY_SHARES, aim)


if __name__ == "__main__":
    main()
