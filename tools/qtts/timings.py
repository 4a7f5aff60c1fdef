"""`qtts timings`: when what is heard in a recording, as a table, as data or as subtitles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import click
from rich.table import Table
from rich.text import Text

from shared.views import Grain, TimingsView
from tools.qtts.command import Here


@click.command()
@click.argument("job_id", metavar="ID")
@click.option("--words", is_flag=True, help="Of each word, where the job was asked for `--words`.")
@click.option("--format", type=click.Choice(["json", "srt", "vtt"]), help="Otherwise a table.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write them here.")
@click.pass_obj
def timings(
    here: Here,
    job_id: str,
    words: bool,
    format: Literal["json", "srt", "vtt"] | None,
    output: Path | None,
) -> None:
    """Tell when what is heard in the job or output ID."""
    level: Grain = "word" if words else "segment"
    if format in ("srt", "vtt"):
        _put(here.client.subtitles(job_id, format, level), output)
        return
    found = here.client.timings(job_id, level)
    if format or output:
        _put(found.model_dump_json(indent=2) + "\n", output)
    else:
        here.results.print(table(found))


def table(found: TimingsView) -> Table:
    """A line for each segment or word."""
    drawn = Table("start", "end", "", "text", box=None, padding=(0, 1))
    for start, end, speaker, text in _rows(found):
        drawn.add_row(f"{start:.3f}", f"{end:.3f}", Text(speaker), Text(text))
    return drawn


def _rows(found: TimingsView) -> Iterator[tuple[float, float, str, str]]:
    for segment in found.segments:
        for it in segment.words or [segment]:
            yield it.start, it.end, segment.speaker, it.text


def _put(text: str, output: Path | None) -> None:
    """Into a file, or to be piped on."""
    if output:
        output.write_text(text, encoding="utf-8", newline="\n")
    else:
        click.echo(text, nl=False)
