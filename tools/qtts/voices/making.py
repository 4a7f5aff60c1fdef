"""`qtts voices add | lock | mix | import | transcribe`: voices, and what they are made from."""

import re
from pathlib import Path
from typing import Any

import click

from shared.errors import InvalidRequest
from tools.qtts.command import Here
from tools.qtts.voices.said import filled, tell, transcript, transcript_file

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def _described(command: Any) -> Any:
    """The options that say of a new voice what cannot be heard."""
    for option in (
        click.option("--source", help="Where the recording comes from."),
        click.option("--consent", help="Who agreed that this voice is used, and to what."),
        click.option("--tag", "tags", multiple=True, help="A word to find it by; repeatable."),
        click.option("--description"),
        click.option("--language", help="The language that it is at home in."),
    ):
        command = option(command)
    return command


@click.command()
@click.argument("name")
@click.option(
    "--reference", type=_FILE, required=True, help="3 to 60 seconds of one person; 10 to 20 best."
)
@transcript
@transcript_file
@_described
@click.pass_obj
def add(here: Here, reference: Path, **options: Any) -> None:
    """Make a voice called NAME from a recording; only of people who agree."""
    tell(here, here.client.create_voice(filled(options), reference))


@click.command()
@click.argument("job_id", metavar="JOB")
@click.argument("candidate", type=int)
@click.argument("name")
@_described
@click.pass_obj
def lock(here: Here, job_id: str, **options: Any) -> None:
    """Keep CANDIDATE of a design JOB as the voice NAME, which stays the same from now on."""
    tell(here, here.client.create_voice({"from_job": job_id, **filled(options)}))


@click.command()
@click.argument("name")
@click.argument("shares", nargs=-1, required=True, metavar="VOICE=WEIGHT...")
@_described
@click.pass_obj
def mix(here: Here, shares: tuple[str, ...], **options: Any) -> None:
    """Mix the voice NAME from others, as in `old_sailor=0.6 young_girl=0.4`. Experimental."""
    mixture = [_share(entry) for entry in shares]
    tell(here, here.client.create_voice({"mix": mixture, **filled(options)}))


@click.command(name="import")
@click.argument("file", type=_FILE)
@click.option("--name", help="What it is called here; a zip has its own.")
@click.option("--checkpoint", help="The one that made a prompt file; otherwise told by its size.")
@click.pass_obj
def import_voice(here: Here, file: Path, name: str | None, checkpoint: str | None) -> None:
    """Add a voice from FILE: a zip of `export`, or a prompt file of the qwen-tts package."""
    tell(here, here.client.import_voice(file, name, checkpoint))


@click.command()
@click.argument("file", type=_FILE)
@click.option("--language", help="The language of the recording; otherwise it is guessed.")
@click.pass_obj
def transcribe(here: Here, file: Path, language: str | None) -> None:
    """Write down what a recording says, where the service has a transcriber. Read it before use."""
    client = here.client
    upload = client.upload("reference", file)
    for warning in upload.warnings:
        here.notes.print(warning, style="yellow", markup=False, soft_wrap=True)
    here.results.print(client.transcribe(upload.id, language).text, markup=False, soft_wrap=True)


def _share(entry: str) -> dict[str, Any]:
    """Raises InvalidRequest."""
    voice, _, weight = entry.rpartition("=")
    if not voice or not re.fullmatch(r"\d+(\.\d+)?|\.\d+", weight):
        raise InvalidRequest(f"{entry!r} is no VOICE=WEIGHT, as in old_sailor=0.6.", param="mix")
    return {"voice": voice, "weight": float(weight)}
