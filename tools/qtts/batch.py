"""`qtts batch`: a file of requests, one a line, into a folder of sounds."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO, cast

import click
from rich.markup import escape

from shared.audio.formats import FILES
from shared.batches import Item
from shared.errors import InvalidRequest, JobFailed
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from shared.stores.outputs import is_name
from tools.qtts.command import Here
from tools.qtts.performing import tell_written

_AT_ONCE = 50
"""MAX_CLIENT_JOBS, unless it is set."""


@dataclass(frozen=True)
class Line:
    """A line of the file."""

    number: int
    fields: dict[str, Any]

    @property
    def name(self) -> str:
        """What its sound is called, without the ending."""
        return str(self.fields.get("id", f"{self.number:04}"))

    def item(self, task: str) -> dict[str, Any]:
        """As the service takes it: a line may be a request alone, or have one."""
        alone = "request" not in self.fields
        fields = {"request": self.fields} if alone else self.fields
        return {"task": task, **fields, "id": self.name}


@click.command()
@click.argument("source", metavar="FILE", type=click.File(encoding="utf-8"))
@click.option(
    "-o",
    "--output",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Write the sounds into this folder, called by their `id`, or by the number of the line.",
)
@click.option("--task", type=click.Choice(list(CONTRACTS)), default="custom_voice")
@click.option("--partial", is_flag=True, help="Go on where the service refuses a line.")
@click.option("--webhook", help="An address that is told of each end.")
@click.option(
    "--at-once",
    type=click.IntRange(1),
    default=_AT_ONCE,
    show_default=True,
    help="Lines sent together: all of them are admitted, or none.",
)
@click.pass_obj
def batch(
    here: Here,
    source: TextIO,
    folder: Path,
    task: str,
    partial: bool,
    webhook: str | None,
    at_once: int,
) -> None:
    """Speak every line of FILE (`-`: standard input), JSON like {"id": "a", "text": "Hello."}.

    A line may name its own `task`, and then has the fields in `request`.
    """
    lines = _read(source)
    folder.mkdir(parents=True, exist_ok=True)
    silent = 0
    for first in range(0, len(lines), at_once):
        items = [line.item(task) for line in lines[first : first + at_once]]
        sent = here.client.submit_batch(items, partial=partial, webhook=webhook)
        here.notes.print(f"Batch {sent.batch}: {len(items)} lines.")
        silent += sum(not _fetched(here, item, folder) for item in sent.items)
    if silent:
        raise JobFailed(f"{silent} of {len(lines)} lines have no sound.")


def _read(source: TextIO) -> list[Line]:
    """The lines of the file. Raises InvalidRequest before anything is sent."""
    lines = list(_parsed(source))
    names: set[str] = set()
    for line in lines:
        if not is_name(f"{line.name}.wav"):
            raise InvalidRequest(f"Line {line.number}: {line.name!r} cannot be the name of a file.")
        if line.name in names:
            raise InvalidRequest(f"Line {line.number}: {line.name!r} is there already.")
        names.add(line.name)
    if not lines:
        raise InvalidRequest("The file has no lines.")
    return lines


def _parsed(source: TextIO) -> Iterator[Line]:
    for number, text in enumerate(source, start=1):
        if not text.strip():
            continue
        try:
            fields = json.loads(text)
        except ValueError as error:
            raise InvalidRequest(f"Line {number} is not JSON: {error}.") from error
        if not isinstance(fields, dict):
            raise InvalidRequest(f"Line {number} is no JSON object.")
        yield _line(number, cast(dict[str, Any], fields))


def _line(number: int, fields: dict[str, Any]) -> Line:
    """A request alone has no field `id`: it is taken out."""
    if "request" in fields or "id" not in fields:
        return Line(number, fields)
    rest = {name: value for name, value in fields.items() if name != "id"}
    return Line(number, {"id": fields["id"], "request": rest})


def _fetched(here: Here, item: Item, folder: Path) -> bool:
    """Wait for a job and write its sound; False, and it is said why, where there is none."""
    if item.job is None:
        _tell(here, item, item.error)
        return False
    job = here.client.wait(item.job)
    if job.state is not JobState.SUCCEEDED:
        _tell(here, item, job.error)
        return False
    path = folder / f"{item.id}{_ending(job)}"
    here.client.download(job.id, path)
    tell_written(here, path)
    return True


def _ending(job: JobView) -> str:
    return FILES[str(job.request.get("format", "wav"))].extension


def _tell(here: Here, item: Item, error: dict[str, Any] | None) -> None:
    why = str(error["message"]) if error else "It was cancelled."
    here.notes.print(escape(f"{item.id}: {why}"), style="red", soft_wrap=True)
