"""`qtts plan`: what a pipeline would speak, as a table to read or as JSON to change."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TextIO

import click
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Part, Skipped
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.requests.role import Role
from tools.qtts.command import Commands, Here
from tools.qtts.contracts import body, checked
from tools.qtts.fields import options
from tools.qtts.performing import require_folder, tell_written

WIDEST = 120
"""Characters that a table of lines may have where a terminal does not say."""


def command(contract: type[Declared]) -> click.Command:
    """The command of a pipeline."""
    output = click.Option(
        ["-o", "--output"],
        type=click.Path(path_type=Path, dir_okay=False),
        help="Write the plan here as JSON; `qtts run` takes it as --plan, changed or not.",
    )
    printed = click.Option(["--json-output"], is_flag=True, help="Print JSON, for scripts.")
    return click.Command(
        contract.name,
        params=[*options(contract), body(), output, printed],
        callback=click.pass_obj(partial(_plan, contract)),
        help=f"Plan, and speak nothing: {contract.summary}",
        short_help=contract.summary,
    )


def _plan(
    contract: type[Declared],
    here: Here,
    body: TextIO | None,
    output: Path | None,
    json_output: bool,
    **flags: Any,
) -> None:
    request, files = checked(contract, body, flags)
    if output:
        require_folder(output)
    plan = here.client.plan(contract.name, request, files)
    content = plan.model_dump_json(by_alias=True, indent=2)
    if json_output:
        click.echo(content)
    else:
        here.results.width = max(here.results.width, WIDEST)
        for part in told(plan):
            here.results.print(part)
    if output:
        output.write_text(content, encoding="utf-8")
        tell_written(here, output)
    name = output or plan.id
    way = f"Speak it: qtts run {contract.name} --plan {name}"
    here.notes.print(way, markup=False, soft_wrap=True)


def told(plan: PlanView) -> Iterator[RenderableType]:
    """A plan for a person: its lines, its cast, what is left out, and how long it will be."""
    yield lines(plan)
    if plan.cast:
        yield ""
        yield cast(plan.cast)
    if plan.skipped:
        yield ""
        yield skipped(plan.skipped)
    yield ""
    for warning in plan.warnings:
        yield Text(warning, style="yellow")
    yield Text(summary(plan))


def lines(plan: PlanView) -> Table:
    """The lines, one a row, under the titles of their chapters."""
    drawn = _table("line", "speaker", "voice", "seconds", "text")
    titles = {chapter.number: chapter.title for chapter in plan.chapters}
    chapter = 0
    for line in plan.lines:
        if line.chapter != chapter and line.chapter in titles:
            drawn.add_row("", "", "", "", Text(titles[line.chapter], style="bold"))
        chapter = line.chapter
        drawn.add_row(*_cells(line))
    return drawn


def cast(parts: list[Part]) -> Table:
    """Who speaks, with what voice, and how much."""
    drawn = _table("cast", "voice", "chosen by", "lines", "seconds", "sample")
    for part in parts:
        chooser = "the service" if part.automatic else "you"
        seconds = f"{part.seconds:.1f}"
        words = (part.name or "(narrator)", voiced(part.role), chooser, str(part.lines), seconds)
        drawn.add_row(*map(Text, (*words, part.sample)))
    return drawn


def skipped(parts: list[Skipped]) -> Table:
    """What is not spoken, and why."""
    drawn = _table("skipped", "why", "text")
    for part in parts:
        place = f"line {part.where.line}" if part.where.line is not None else part.where.id
        drawn.add_row(*map(Text, (place, part.why, part.text)))
    return drawn


def summary(plan: PlanView) -> str:
    """How much it is, about."""
    count = f"{len(plan.lines)} line{'s' if len(plan.lines) != 1 else ''}"
    chapters = f" in {len(plan.chapters)} chapters" if len(plan.chapters) > 1 else ""
    return f"{count}{chapters}, about {spelled(plan.estimate)} of {plan.language.capitalize()}."


def voiced(role: Role) -> str:
    """Whose voice it is, and how it speaks."""
    manner = [role.emotion, role.instruct, f"speed {role.speed:g}" if role.speed != 1 else ""]
    said = "; ".join(filter(None, manner))
    return f"{role.voice or role.description}{f' ({said})' if said else ''}"


def spelled(seconds: float) -> str:
    """A length as people say it."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{seconds:.1f} s"


def _cells(line: Line) -> Iterator[Text]:
    words = (str(line.number), line.speaker, voiced(line.role), f"{line.seconds:.1f}", line.text)
    return map(Text, words)


def _table(*heads: str) -> Table:
    """A table whose last column takes the room that the others leave."""
    drawn = Table(*heads, box=None, padding=(0, 1), pad_edge=False)
    for column in drawn.columns:
        column.justify = "right" if column.header in ("line", "lines", "seconds") else "left"
        column.vertical = "top"
        column.overflow = "fold"
    drawn.columns[-1].ratio = 1
    return drawn


@click.group(cls=Commands)
def plan() -> None:
    """Show what a pipeline would speak, without speaking; the flags are those of `qtts run`."""


for _contract in CONTRACTS.values():
    if _contract.kind == "pipeline":
        plan.add_command(command(_contract))
