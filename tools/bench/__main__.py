"""`python -m tools.bench`: measure, print the tables, and write them into docs/benchmarks.md."""

from collections.abc import Iterator
from typing import get_args

import click

from shared.settings import ROOT
from tools import sections
from tools.bench import batching, machine, overhead, pipelines, relay, service, texts
from tools.bench.figures import Row, medians, row, table
from worker.engine.bench.report import SizeName as Size

PAGE = ROOT / "docs" / "benchmarks.md"
SECTIONS = ("table", "pipelines")
"""Of the page."""
LISTENERS = (1, 10, 100)
_OVERHEAD_SHARES = (0.5, 0.95)
_RELAY_SHARES = (0.5, 0.99)


@click.command()
@click.option("--jobs", default=60, show_default=True, help="Jobs a run of the overhead.")
@click.option(
    "--minutes", default=2.0, show_default=True, help="About how long a pipeline's recording is."
)
@click.option("--lines", default=64, show_default=True, help="Lines that are spoken in batches.")
@click.option(
    "--size", type=click.Choice(get_args(Size)), default="tiny", help="Of the checkpoint for that."
)
@click.option("--runs", default=3, show_default=True, help="Runs; the tables show their median.")
@click.option("--only", type=click.Choice(SECTIONS), help="Measure and write one section alone.")
@click.option("--write/--no-write", default=True, help="Write the tables into docs/benchmarks.md.")
def main(
    jobs: int, minutes: float, lines: int, size: Size, runs: int, only: str | None, write: bool
) -> None:
    """Measure what the service adds to the engine's time, on this machine."""
    if only in (None, "table"):
        rows = [*measure_overhead(jobs, runs), *measure_relay(runs)]
        _tell("table", f"--jobs {jobs} --runs {runs}", table(rows), write)
    if only in (None, "pipelines"):
        options = f"--minutes {minutes:g} --lines {lines} --size {size} --runs {runs}"
        told = f"{measure_pipelines(minutes, runs)}\n\n{measure_batching(size, lines, runs)}"
        _tell("pipelines", options, told, write)


def _tell(section: str, options: str, told: str, write: bool) -> None:
    command = f"python -m tools.bench --only {section} {options}"
    text = f"{machine.describe()}; `{command}`.\n\n{told}"
    click.echo(text)
    if write:
        sections.replace(PAGE, section, text)


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


def measure_pipelines(minutes: float, runs: int) -> str:
    """What each pipeline takes besides the engine."""
    with service.running() as running:
        # The first plan starts the child that makes all others.
        pipelines.measure(running, "narration", pipelines.WARM_UP)
        taken = {
            task: [pipelines.measure(running, task, minutes) for _ in range(runs)]
            for task in texts.DOCUMENTS
        }
    return medians("seconds of a core a minute of audio", taken, {pipelines.WHOLE: "< 1"})


def measure_batching(size: Size, lines: int, runs: int) -> str:
    """Lines a second of the qwen3 engine, in batches and one by one, taking turns."""
    with batching.running(size) as ways:
        measured = [
            {name: batching.speed(way, lines) for name, way in ways.items()} for _ in range(runs)
        ]
    figures = [{**run, batching.GAIN: run["batched"] / run["one by one"]} for run in measured]
    return medians("lines a second, nobody listening", {f"qwen3, {size}": figures}, {})


if __name__ == "__main__":
    main()
