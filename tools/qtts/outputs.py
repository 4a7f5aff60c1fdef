"""`qtts outputs`: what was made, to find, mark, throw away, bring back and fetch."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, get_args

import click
from rich.filesize import decimal
from rich.table import Table
from rich.text import Text

from shared.requests import CONTRACTS
from shared.requests.declared import Format
from shared.stores.listing import Disk, Output, Sort
from shared.stores.recipe import FileFact
from tools.qtts.command import Commands, Here, json_output, print_json
from tools.qtts.jobs import WIDEST

_MEGABYTE = 1_000_000
_MOST = 500
"""Outputs of the trash in one listing."""

output_argument = click.argument("output_id", metavar="ID")
outputs_argument = click.argument("output_ids", metavar="ID...", nargs=-1, required=True)


@click.group(cls=Commands)
def outputs() -> None:
    """Look after what was made: search, star, tag, throw away, fetch."""


@outputs.command(name="list")
@click.argument("words", nargs=-1)
@click.option("--task", type=click.Choice(list(CONTRACTS)))
@click.option("--voice", help="Id of a voice, or name of a speaker.")
@click.option("--tag", multiple=True, help="Only those that bear it; may be given several times.")
@click.option("--starred", is_flag=True, default=None, help="Only starred ones.")
@click.option("--days", type=click.FloatRange(min=0), help="Only those of the last days.")
@click.option("--sort", type=click.Choice(get_args(Sort)), default="-created_at", show_default=True)
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True)
@json_output
@click.pass_obj
def list_outputs(
    here: Here, words: tuple[str, ...], days: float | None, json_output: bool, **query: Any
) -> None:
    """List outputs that have all of WORDS in text, title, tags, voice or task."""
    since = (datetime.now(UTC) - timedelta(days=days)).isoformat() if days is not None else None
    query["tag"] = list(query["tag"]) or None
    page = here.client.outputs(q=" ".join(words) or None, since=since, **query)
    if json_output:
        print_json(page.items)
        return
    if page.items:
        # A narrow terminal folds a line that is too long; half an id would be of no use.
        here.results.width = max(here.results.width, WIDEST)
        here.results.print(table(page.items))
    length = timedelta(seconds=round(page.duration_seconds))
    here.notes.print(f"{len(page.items)} of {page.total}; all together {length} of sound.")


@outputs.command()
@output_argument
@json_output
@click.pass_obj
def show(here: Here, output_id: str, json_output: bool) -> None:
    """Show one output."""
    found = here.client.output(output_id)
    if json_output:
        print_json(found)
    else:
        here.results.print(details(found))


@outputs.command()
@outputs_argument
@click.option("--off", is_flag=True, help="Take the star away.")
@click.pass_obj
def star(here: Here, output_ids: tuple[str, ...], off: bool) -> None:
    """Star outputs: no rule deletes them."""
    for output_id in output_ids:
        here.client.mark(output_id, starred=not off)
        here.results.print(f"{output_id}: {'not starred' if off else 'starred'}")


@outputs.command()
@output_argument
@click.argument("tags", nargs=-1)
@click.option("--remove", is_flag=True, help="Take these tags off.")
@click.pass_obj
def tag(here: Here, output_id: str, tags: tuple[str, ...], remove: bool) -> None:
    """Tag an output; without TAGS, tell those that it bears."""
    borne = here.client.output(output_id).tags
    if tags:
        given = {tag.casefold() for tag in tags}
        kept = [tag for tag in borne if tag.casefold() not in given]
        borne = here.client.mark(output_id, tags=kept if remove else [*kept, *tags]).tags
    here.results.print(", ".join(borne) or "It bears no tags.", markup=False)


@outputs.command()
@output_argument
@click.argument("title", default="")
@click.pass_obj
def rename(here: Here, output_id: str, title: str) -> None:
    """Give an output a name; without TITLE, take it away."""
    named = here.client.mark(output_id, title=title)
    here.results.print(named.title or "It has no name.", markup=False)


@outputs.command()
@outputs_argument
@click.pass_obj
def delete(here: Here, output_ids: tuple[str, ...]) -> None:
    """Throw outputs away: they lie in the trash for a while."""
    for output_id in output_ids:
        here.client.discard(output_id)
        here.results.print(f"{output_id}: in the trash")
    here.notes.print(f"Back with: qtts outputs restore {' '.join(output_ids)}", soft_wrap=True)


@outputs.command()
@click.option("--empty", "emptied", is_flag=True, help="Delete for good all that lies there.")
@click.option("--yes", is_flag=True, help="Without asking.")
@json_output
@click.pass_obj
def trash(here: Here, emptied: bool, yes: bool, json_output: bool) -> None:
    """Tell what lies in the trash, the latest first, or empty it."""
    if emptied:
        if not yes:
            click.confirm("Nothing brings back what is in the trash. Empty it?", abort=True)
        done = here.client.empty_trash()
        here.results.print(f"{done.outputs} deleted for good, {decimal(done.bytes)}.")
        return
    page = here.client.trash(limit=_MOST)
    if json_output:
        print_json(page.items)
        return
    if page.items:
        here.results.width = max(here.results.width, WIDEST)
        here.results.print(table(page.items))
    here.notes.print(f"{page.total} in the trash, {decimal(page.bytes)}.")


@outputs.command()
@click.argument("output_ids", metavar="ID...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that lies in the trash.")
@click.pass_obj
def restore(here: Here, output_ids: tuple[str, ...], everything: bool) -> None:
    """Take outputs out of the trash."""
    if everything == bool(output_ids):
        raise click.UsageError("Name outputs, or say --all; `qtts outputs trash` lists them.")
    if everything:
        here.results.print(f"{_restore_all(here)} came out of the trash.")
        return
    done = here.client.restore_all(list(output_ids))
    here.results.print(f"{done.outputs} came out of the trash.")
    if done.missing:
        here.notes.print(f"Gone for good: {' '.join(done.missing)}", style="yellow", soft_wrap=True)


@outputs.command()
@click.option("--days", type=click.FloatRange(min=0), required=True, help="Older than this.")
@click.option("--task", type=click.Choice(list(CONTRACTS)))
@click.option("--larger-than", type=click.FloatRange(min=0), default=0, help="Megabytes.")
@click.option("--starred", is_flag=True, help="Starred ones too.")
@click.option("--yes", is_flag=True, help="Move them; otherwise only tell what would go.")
@click.pass_obj
def clean(
    here: Here, days: float, task: str | None, larger_than: float, starred: bool, yes: bool
) -> None:
    """Move old outputs into the trash."""
    done = here.client.clean(
        days,
        task=task,
        larger_than_bytes=round(larger_than * _MEGABYTE),
        keep_starred=not starred,
        preview=not yes,
    )
    went = "went into the trash" if yes else "would go into the trash"
    here.results.print(f"{done.outputs} outputs, {decimal(done.bytes)}, {went}.")
    if done.left_alone:
        here.notes.print(f"{done.left_alone} stay: a job that waits or runs needs them.")
    if done.outputs and not yes:
        here.notes.print("Move them with --yes.")


@outputs.command()
@json_output
@click.pass_obj
def usage(here: Here, json_output: bool) -> None:
    """Tell what the outputs take, and the rules by which they go."""
    found = here.client.usage()
    if json_output:
        print_json(found)
        return
    here.results.print(f"{found.outputs} outputs, {decimal(found.bytes)}")
    here.results.print(f"{found.trash} in the trash, {decimal(found.trash_bytes)}")
    here.results.print(f"{decimal(found.free_bytes)} free")
    for rule in rules(found):
        here.notes.print(rule)


@outputs.command()
@outputs_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), required=True)
@click.option("--format", type=click.Choice(get_args(Format)), help="Of the sound of one output.")
@click.pass_obj
def download(here: Here, output_ids: tuple[str, ...], output: Path, format: Format | None) -> None:
    """Write outputs as one zip, or the sound of one in another format."""
    if format and len(output_ids) == 1:
        output.write_bytes(here.client.audio(output_ids[0], format))
    elif format:
        raise click.UsageError("--format is for one output; several come as a zip.")
    else:
        here.client.archive(list(output_ids), output)
    here.results.print(str(output), markup=False, soft_wrap=True)


def table(found: Sequence[Output]) -> Table:
    """Outputs, one a line."""
    drawn = Table("id", "task", "voice", "sound", "made", "", "text", box=None, padding=(0, 1))
    for name in ("id", "sound", "made"):
        next(column for column in drawn.columns if column.header == name).no_wrap = True
    for item in found:
        text = Text(item.title or item.text, overflow="ellipsis")
        text.append("".join(f" #{tag}" for tag in item.tags), style="cyan")
        made = item.created_at.astimezone().strftime("%Y-%m-%d %H:%M")
        star = Text("★" if item.starred else "", style="yellow")
        sound = f"{item.duration_seconds:.1f} s"
        drawn.add_row(item.id, item.task, Text(item.voice or ""), sound, made, star, text)
    return drawn


def details(found: Output) -> Table:
    """All that is known of an output."""
    engine = f"{found.engine.name}{' (preview)' if found.preview else ''}"
    drawn = Table(show_header=False, box=None, padding=(0, 2))
    for name, value in (
        ("id", found.id),
        ("title", found.title),
        ("text", found.text),
        ("task", found.task),
        ("voice", found.voice or ""),
        ("engine", engine),
        ("seed", found.seed),
        ("made", found.created_at.astimezone().strftime("%Y-%m-%d %H:%M:%S")),
        ("sound", f"{found.duration_seconds:.2f} s"),
        ("real-time factor", f"{found.real_time_factor:.2f}"),
        ("starred", "yes" if found.starred else "no"),
        ("tags", ", ".join(found.tags)),
        ("files", "\n".join(map(_file, found.files.items()))),
        ("warnings", "\n".join(found.warnings)),
    ):
        drawn.add_row(name, Text(str(value)))
    return drawn


def rules(found: Disk) -> list[str]:
    """The rules by which outputs go by themselves, in words."""
    told: list[str] = []
    if found.outputs_keep_days:
        told.append(f"Outputs older than {found.outputs_keep_days:g} days go into the trash.")
    if found.outputs_max_bytes:
        most = decimal(round(found.outputs_max_bytes))
        told.append(f"Above {most} the oldest are deleted, those in the trash first.")
    told = told or ["No output goes by itself."]
    return [*told, f"The trash keeps them for {found.trash_keep_days:g} days. Starred ones stay."]


def _restore_all(here: Here) -> int:
    """Take everything out of the trash that can be understood; how many came.

    What was made anew under its id meanwhile stays there, and is not asked for twice.
    """
    asked: set[str] = set()
    count = 0
    while runs := {item.id for item in here.client.trash(limit=_MOST).items} - asked:
        asked |= runs
        count += here.client.restore_all(sorted(runs)).outputs
    return count


def _file(named: tuple[str, FileFact]) -> str:
    name, fact = named
    return f"{name}  {decimal(fact.bytes)}"
