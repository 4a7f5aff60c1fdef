"""`qtts emotions`: the moods that a request can name."""

import click
from rich.table import Table
from rich.text import Text

from tools.qtts.command import Here, json_output, print_json


@click.command()
@json_output
@click.pass_obj
def emotions(here: Here, json_output: bool) -> None:
    """List the moods that a request can name, as in `--emotion calm`."""
    found = here.client.emotions()
    if json_output:
        print_json(found)
        return
    drawn = Table("emotion", "meaning", box=None, padding=(0, 2))
    for emotion in found:
        drawn.add_row(Text(emotion.id), Text(emotion.description))
    here.results.print(drawn)
