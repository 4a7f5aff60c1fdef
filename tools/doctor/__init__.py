"""What this machine can run, and what to do next; it starts nothing and keeps what it timed."""

import json
from dataclasses import asdict, dataclass, field

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from shared.settings import Settings
from shared.status import Finding
from tools.doctor import machine, speaking, speed, surroundings
from worker.diagnosis import card, checkpoints, nvidia

MARKS = {"good": ("ok", "green"), "note": ("--", "yellow"), "bad": ("!!", "red")}


@dataclass(frozen=True)
class Diagnosis:
    """Everything that was found."""

    findings: list[Finding] = field(default_factory=list[Finding])
    engine: str = ""
    """What would speak; empty if nothing can."""

    @property
    def next_steps(self) -> list[str]:
        """What to do, the worst first."""
        ordered = sorted(self.findings, key=lambda finding: finding.verdict != "bad")
        return [finding.advice for finding in ordered if finding.advice]


def main(settings: Settings, *, as_json: bool = False, anew: bool = False) -> int:
    """Print the diagnosis; the exit status is 1 if nothing can speak here."""
    found = diagnose(settings, anew=anew)
    if as_json:
        click.echo(json.dumps({**asdict(found), "next_steps": found.next_steps}, indent=2))
    else:
        show(found, Console(highlight=False))
    return 0 if found.engine else 1


def show(found: Diagnosis, console: Console) -> None:
    """For people."""
    drawn = Table(box=None, show_header=False, padding=(0, 2))
    for _ in range(2):
        drawn.add_column()
    drawn.add_column(overflow="fold")
    for finding in found.findings:
        mark, colour = MARKS[finding.verdict]
        drawn.add_row(f"[{colour}]{mark}[/]", finding.subject, escape(finding.fact))
    console.print(drawn)
    for number, step in enumerate(found.next_steps, start=1):
        if number == 1:
            console.print("\nWhat to do next:")
        console.print(f"  {number}. {step}", markup=False, soft_wrap=True)


def diagnose(settings: Settings, *, anew: bool = False) -> Diagnosis:
    """Look at everything; `anew` times number formats even where that was done before."""
    report = nvidia.ask()
    engine, spoken = speaking.ask(settings)
    findings = [
        *machine.look(settings),
        *card.look(report, settings),
        *speed.look(settings, anew=anew),
        *surroundings.look(settings),
        *checkpoints.look(settings),
        spoken,
    ]
    return Diagnosis(findings, engine)
