"""`qtts presets`: settings with a name."""

import json
from typing import TextIO

import click
from rich.table import Table
from rich.text import Text

from shared.requests import CONTRACTS
from shared.stores.presets import Preset
from tools.qtts.command import Commands, Here, json_output, print_json
from tools.qtts.fields import read_body


@click.group(cls=Commands)
def presets() -> None:
    """Look after presets: the fields of a request under a name, for `--preset NAME`."""


@presets.command(name="list")
@json_output
@click.pass_obj
def list_presets(here: Here, json_output: bool) -> None:
    """List the presets."""
    found = here.client.presets()
    if json_output:
        print_json(found.items)
    elif found.items:
        here.results.print(table(found.items))
    else:
        here.notes.print("There are none.")
    for file in found.damaged:
        here.notes.print(f"{file} cannot be read.", style="yellow", markup=False)


@presets.command()
@click.argument("name")
@json_output
@click.pass_obj
def show(here: Here, name: str, json_output: bool) -> None:
    """Show one preset."""
    preset = here.client.preset(name)
    if json_output:
        print_json(preset)
    else:
        here.results.print(f"{preset.name}, for {preset.task}", markup=False)
        here.results.print(json.dumps(preset.request, indent=2, ensure_ascii=False), markup=False)


@presets.command()
@click.argument("name")
@click.argument("task", type=click.Choice(list(CONTRACTS)))
@click.option(
    "--json", "body", type=click.File(), required=True, help="The fields (`-`: standard input)."
)
@click.option("--replace", is_flag=True, help="In place of the preset of that name.")
@click.pass_obj
def save(here: Here, name: str, task: str, body: TextIO, replace: bool) -> None:
    """Keep fields of a request of TASK under NAME."""
    keep = here.client.replace_preset if replace else here.client.save_preset
    preset = keep(name, task, read_body(body))
    here.results.print(f"{preset.name}: {', '.join(preset.request)}", markup=False, soft_wrap=True)


@presets.command()
@click.argument("name")
@click.pass_obj
def delete(here: Here, name: str) -> None:
    """Delete a preset."""
    here.client.delete_preset(name)
    here.notes.print(f"{name} is deleted.", markup=False)


def table(found: list[Preset]) -> Table:
    """Presets, one a line."""
    drawn = Table("name", "task", "fields", box=None, padding=(0, 2))
    for preset in found:
        drawn.add_row(*map(Text, (preset.name, preset.task, ", ".join(preset.request))))
    return drawn
