"""`qtts lines | retake | choose`: the lines of an output, and further takes of them."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from rich.table import Table
from rich.text import Text

from shared.errors import JobFailed, UnknownLine
from shared.views import LinePage, LineView, TakeView
from tools.qtts import playing
from tools.qtts.command import Here, json_output, print_json
from tools.qtts.performing import await_end, format_of, listen, require_player
from tools.qtts.plans import WIDEST, voiced

_PAGE = 1_000
_LOOK = 0.3
"""Seconds between two looks at an assembly."""

output_argument = click.argument("output_id", metavar="ID")
line_argument = click.argument("number", metavar="LINE", type=click.IntRange(min=1))


@click.command()
@output_argument
@click.option("--warnings", is_flag=True, help="Only lines that failed, or have something wrong.")
@json_output
@click.pass_obj
def lines(here: Here, output_id: str, warnings: bool, json_output: bool) -> None:
    """List what the pipeline ID has spoken, line by line, with the takes of each."""
    found: list[LineView] = []
    for page in pages(here, output_id):
        found += [line for line in page.items if not warnings or remark(line)]
    if json_output:
        print_json(found)
        return
    if not found:
        here.notes.print("There are none.")
        return
    here.results.width = max(here.results.width, WIDEST)
    here.results.print(table(found))


@click.command()
@output_argument
@line_argument
@click.option("--seed", type=int, help="Left out, one that this line was not spoken with.")
@click.option("--text", help="Other words, heard and shown in place of those of the document.")
@click.option("--instruct", help="Another direction.")
@click.option("--emotion", help="Another mood.")
@click.option("--voice", help="Id or name of another voice of the library.")
@click.option(
    "--speed", type=click.FloatRange(0.5, 2), help="Another pace; the recording alone has it."
)
@click.option("--choose", "chosen", is_flag=True, help="Let it be heard in the recording.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the take here.")
@click.pass_obj
def retake(
    here: Here, output_id: str, number: int, chosen: bool, output: Path | None, **changes: Any
) -> None:
    """Speak line LINE of the pipeline ID again, with another seed or changed, and hear it."""
    if output:
        format_of(output, "custom_voice")
    elif not chosen:
        require_player()
    changed = {name: value for name, value in changes.items() if value is not None}
    job = here.client.retake(output_id, number, **changed)
    if output or playing.find():
        listen(here, job, output)
    else:
        await_end(here, job)
        here.notes.print("No program to play sound is installed: it is chosen unheard.")
    take = _made_by(here.client.line(output_id, number), job.id)
    here.results.print(f"Line {number}: take {take.number}, seed {take.seed}")
    if chosen:
        _choose(here, output_id, number, take.number)
    else:
        way = f"qtts choose {output_id} {number} {take.number}"
        here.notes.print(f"Let it be heard: {way}", soft_wrap=True)


@click.command()
@output_argument
@line_argument
@click.argument("take", type=click.IntRange(min=1))
@click.pass_obj
def choose(here: Here, output_id: str, number: int, take: int) -> None:
    """Let TAKE of line LINE be heard in the recording of the pipeline ID."""
    _choose(here, output_id, number, take)


def pages(here: Here, output_id: str) -> Iterator[LinePage]:
    """All lines of an output."""
    after: int | None = 0
    while after is not None:
        page = here.client.lines(output_id, after=after, limit=_PAGE)
        yield page
        after = page.next


def table(found: list[LineView]) -> Table:
    """Lines, one a row: when they are heard, which take is, and what is wrong with it."""
    drawn = Table(
        "line", "speaker", "voice", "start", "end", "take", "text", box=None, padding=(0, 1)
    )
    for column in drawn.columns:
        column.overflow = "fold"
    for name in ("start", "end", "take"):
        next(column for column in drawn.columns if column.header == name).no_wrap = True
    for line in found:
        cells = (str(line.number), line.speaker, voiced(line.role), *_times(line), _takes(line))
        text = Text(line.text)
        if wrong := remark(line):
            text.append(f"\n{wrong}", style="red" if line.state == "failed" else "yellow")
        drawn.add_row(*map(Text, cells), text)
    return drawn


def remark(line: LineView) -> str:
    """What is wrong with a line as it is heard, and what was thrown away for it; often nothing."""
    if line.state == "failed":
        return f"Failed: {line.why}"
    take = next((take for take in line.takes if take.number == line.chosen), None)
    if take is None:
        return ""
    thrown = [f"Seed {it.seed} was thrown away: {it.why}" for it in take.retaken]
    return " ".join([*take.faults, *thrown])


def _times(line: LineView) -> tuple[str, str]:
    start, end = ("" if at is None else f"{at:.2f}" for at in (line.start, line.end))
    return start, end


def _takes(line: LineView) -> str:
    return f"{line.chosen} of {len(line.takes)}" if line.takes else ""


def _made_by(line: LineView, job_id: str) -> TakeView:
    """Raises UnknownLine."""
    for take in line.takes:
        if take.job == job_id:
            return take
    raise UnknownLine(f"Job {job_id} has left no take of line {line.number}.")


def _choose(here: Here, output_id: str, number: int, take: int) -> None:
    """Choose a take and wait for the recording. Raises JobFailed where it cannot be assembled."""
    page = here.client.choose(output_id, number, take)
    with here.notes.status("The recording is being assembled"):
        while page.assembly.state == "running":
            time.sleep(_LOOK)
            page = here.client.lines(output_id, after=number - 1, limit=1)
    if page.assembly.state == "failed":
        raise JobFailed(page.assembly.error)
    here.results.print(f"Line {number}: take {take} is heard in the recording.")
    here.notes.print(f"Fetch it: qtts show {output_id} --files FOLDER", soft_wrap=True)
