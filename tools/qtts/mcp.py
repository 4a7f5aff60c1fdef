"""`qtts mcp`: speech as tools of a language model."""

from pathlib import Path

import click

from tools import running
from tools.qtts.command import Here

_FOLDER = Path("~/Speech")


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default=_FOLDER,
    show_default=True,
    help="Where recordings are written.",
)
@click.option("--port", type=click.IntRange(1, 65_535), help="Serve HTTP on this machine instead.")
@click.pass_obj
def mcp(here: Here, folder: Path, port: int | None) -> None:
    """Let a language model speak: an MCP server over standard input and output.

    With --port it serves `http://127.0.0.1:PORT/mcp`, to this machine alone.
    """
    from tools.mcp import server

    url = running.api_address(here.settings)
    made = server.create(url, here.settings.api_key.get_secret_value(), folder.expanduser())
    if port is None:
        made.run("stdio")
    else:
        made.run("streamable-http", host="127.0.0.1", port=port)
