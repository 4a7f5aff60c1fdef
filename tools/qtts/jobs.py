"""`qtts jobs | show | cancel | again | retry | pause | resume`: what the service is at."""

from datetime import datetime
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from tools.qtts.command import Here, json_output, print_json
from tools.qtts.performing import fetch, listen, require_ending, spoken_by
from tools.qtts.results import remarks

COLOURS = {
    JobState.RUNNING: "cyan",
    JobState.PAUSED: "magenta",
    JobState.SUCCEEDED: "green",
    JobState.FAILED: "red",
    JobState.CANCELLED: "yellow",
}

WIDEST = 120
"""Characters that a line of the list may have, whatever the terminal."""


@click.command()
@click.option("--state", type=click.Choice([state.value for state in JobState]))
@click.option("--task", type=click.Choice(list(CONTRACTS)))
@click.option("--limit", type=click.IntRange(1, 100), default=20, show_default=True)
@json_output
@click.pass_obj
def jobs(here: Here, state: str | None, task: str | None, limit: int, json_output: bool) -> None:
    """List jobs, the newest first."""
    found = here.client.jobs(state=state, task=task, limit=limit).items
    if json_output:
        print_json(found)
    elif found:
        # A narrow terminal folds a line that is too long; half an id would be of no use.
        here.results.width = max(here.results.width, WIDEST)
        here.results.print(table(found))
    else:
        here.notes.print("There are none.")


@click.command()
@click.argument("job_id", metavar="ID")
@click.option(
    "--files",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write all files of the result into this folder.",
)
@json_output
@click.pass_obj
def show(here: Here, job_id: str, folder: Path | None, json_output: bool) -> None:
    """Show one job."""
    job = here.client.job(job_id)
    if folder:
        fetch(here, job, folder)
    if json_output:
        print_json(job)
    else:
        here.results.print(details(job))


@click.command()
@click.argument("job_id", metavar="ID")
@click.pass_obj
def cancel(here: Here, job_id: str) -> None:
    """Stop a job, waiting or running."""
    job = here.client.cancel(job_id)
    here.results.print(f"{job.id}: {job.state.value if job.state.terminal else 'is being stopped'}")


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the speech here.")
@click.pass_obj
def again(here: Here, job_id: str, output: Path | None) -> None:
    """Make the same audio once more, from the recipe of job ID."""
    if output:
        require_ending(here.client.job(job_id), output)
    listen(here, here.client.again(job_id), output)


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the speech here.")
@click.pass_obj
def retry(here: Here, job_id: str, output: Path | None) -> None:
    """Try a job that failed or was cancelled once more; a pipeline goes on with what it had."""
    if output:
        require_ending(here.client.job(job_id), output)
    listen(here, here.client.retry(job_id), output)


@click.command()
@click.argument("job_id", metavar="ID")
@click.pass_obj
def pause(here: Here, job_id: str) -> None:
    """Let a pipeline rest, once its present line is spoken; `qtts resume` goes on."""
    job = here.client.pause(job_id)
    paused = job.state is JobState.PAUSED
    here.results.print(f"{job.id}: {job.state.value if paused else 'is being paused'}")


@click.command()
@click.argument("job_id", metavar="ID")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Wait, and write the recording here."
)
@click.pass_obj
def resume(here: Here, job_id: str, output: Path | None) -> None:
    """Go on with a pipeline: a paused one, or as another job one that failed or was cancelled."""
    if output:
        require_ending(here.client.job(job_id), output)
    job = here.client.resume(job_id)
    here.results.print(f"{job.id}: {job.state.value}")
    if job.id != job_id:
        here.notes.print("It is another job, which takes over every line that was spoken.")
    if output:
        listen(here, job, output)


def table(found: list[JobView]) -> Table:
    """Jobs, one a line."""
    drawn = Table(
        "id", "task", "state", "audio", "created", box=None, padding=(0, 1), pad_edge=False
    )
    for column in drawn.columns:
        column.no_wrap = True
    for job in found:
        share = Text("" if job.state.terminal else f" {job.progress:.0%}")
        seconds = f"{job.audio_seconds:.1f} s"
        drawn.add_row(job.id, job.task, _state(job) + share, seconds, _when(job.created_at))
    return drawn


def details(job: JobView) -> Table:
    """All there is to say of a job that a person would ask."""
    drawn = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in _facts(job):
        drawn.add_row(name, value)
    return drawn


def _facts(job: JobView) -> list[tuple[str, str | Text]]:
    facts = [
        ("id", job.id),
        ("task", job.task),
        ("state", _state(job)),
        ("progress", f"{job.progress:.0%}, {job.stage}"),
        ("lines", f"{job.lines.done} of {job.lines.total}" if job.lines else ""),
        ("ahead of it", "" if job.position is None else str(job.position)),
        ("ready in", f"{job.eta_seconds:.0f} s" if job.eta_seconds else ""),
        ("audio", f"{job.audio_seconds:.1f} s"),
        ("attempts", str(job.attempts)),
        ("engine", spoken_by(job.engine) if job.engine else ""),
        ("seed", str(job.seed)),
        ("text", str(job.request.get("text") or "")[:200]),
        ("result", "\n".join(remarks(job.id, job.result or {}))),
        ("warnings", " ".join(job.warnings)),
        ("error", job.error["message"] if job.error else ""),
        ("files", ", ".join((job.result or {}).get("files", ()))),
    ]
    return [
        (name, value if isinstance(value, Text) else Text(value)) for name, value in facts if value
    ]


def _state(job: JobView) -> Text:
    return Text(job.state.value, style=COLOURS.get(job.state, ""))


def _when(moment: datetime) -> str:
    """The time of day; the day too, unless it is today."""
    here = moment.astimezone()
    today = here.date() == datetime.now(here.tzinfo).date()
    return f"{here:%H:%M:%S}" if today else f"{here:%Y-%m-%d}"
