"""`python -m tools.load`: a crowd for a while, and the table into docs/benchmarks.md."""

import asyncio
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress

import click
import numpy as np

from shared.settings import ROOT
from tools import sections
from tools.bench import machine, service
from tools.load import crowd, visits, watching
from tools.load.crowd import Outcome
from tools.load.visits import Visit
from tools.load.watching import Look

PAGE = ROOT / "docs" / "benchmarks.md"
SECTION = "load"
VISITS: dict[str, Visit] = {
    "OpenAI, whole mp3": visits.openai_whole,
    "OpenAI, streamed pcm": visits.openai_streamed,
    "OpenAI, events": visits.openai_events,
    "POST /tts, wav": visits.simple,
    "job, poll, download": visits.submit_and_poll,
    "WebSocket": visits.socket,
    "live text": visits.live,
    "lists and status": visits.look_around,
}
_ROOMY = {"MAX_CLIENT_JOBS": "1000", "MAX_QUEUE": "1000"}
"""All clients have one address here."""
_SHOWN = 5
"""Different faults that are told."""


@click.command()
@click.option("--clients", default=50, show_default=True, help="How many at once.")
@click.option("--seconds", default=60.0, show_default=True, help="For how long new visits begin.")
@click.option("--seed", default=1, show_default=True, help="Equal seeds come in equal orders.")
@click.option("--write/--no-write", default=True, help="Write the table into docs/benchmarks.md.")
def main(clients: int, seconds: float, seed: int, write: bool) -> None:
    """Send a crowd to a service of its own; the exit status is 1 if anybody met a fault."""
    with service.running(**_ROOMY) as running:
        outcomes, looks = asyncio.run(_visited(running, clients, seconds, seed))
    command = f"python -m tools.load --clients {clients} --seconds {seconds:g} --seed {seed}"
    text = f"{machine.describe()}; `{command}`.\n\n{_visits(outcomes)}\n\n{_processes(looks)}"
    click.echo(text)
    faults = Counter(fault for outcome in outcomes.values() for fault in outcome.faults)
    for fault, times in faults.most_common(_SHOWN):
        click.echo(f"{times} × {fault}", err=True)
    if write:
        sections.replace(PAGE, SECTION, text)
    sys.exit(1 if faults else 0)


async def _visited(
    running: service.Service, clients: int, seconds: float, seed: int
) -> tuple[dict[str, Outcome], dict[str, list[Look]]]:
    looks: dict[str, list[Look]] = {}
    watching_them = asyncio.create_task(watching.watch(running.pids, looks))
    try:
        return await crowd.send(running.url, VISITS, clients, seconds, seed), looks
    finally:
        watching_them.cancel()
        with suppress(asyncio.CancelledError):
            await watching_them


def _visits(outcomes: Mapping[str, Outcome]) -> str:
    lines = [
        "| visit | went well | faults | first, p50 ms | p95 | p99 |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, outcome in outcomes.items():
        cells = [f"{share * 1000:,.0f}" for share in _shares(outcome.firsts)]
        lines.append(
            f"| {name} | {len(outcome.firsts)} | {len(outcome.faults)} | {' | '.join(cells)} |"
        )
    return "\n".join(lines)


def _shares(firsts: list[float]) -> list[float]:
    return [float(np.quantile(firsts, share)) if firsts else 0.0 for share in (0.5, 0.95, 0.99)]


def _processes(looks: Mapping[str, list[Look]]) -> str:
    lines = [
        "| process | MB at first | MB at last | growth | most open files | most threads |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for name, seen in looks.items():
        cells = (
            f"{seen[0].megabytes:.0f}",
            f"{seen[-1].megabytes:.0f}",
            f"{watching.growth(seen):+.1f}",
            str(max(look.files for look in seen)),
            str(max(look.threads for look in seen)),
        )
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
