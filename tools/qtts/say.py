"""`qtts say`: the shortest way from text to speech."""

import sys
from pathlib import Path

import click

from tools.qtts.command import Here
from tools.qtts.performing import perform


@click.command()
@click.argument("text")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the speech here.")
@click.option("--speaker", help="Who reads; `qtts run custom_voice --help` lists them.")
@click.option("--language", help="The language of the text; otherwise it is guessed.")
@click.option("--instruct", help="How it is read, in words.")
@click.option("--seed", type=int, help="Equal seeds make equal speech.")
@click.pass_obj
def say(here: Here, text: str, output: Path | None, **fields: str | int | None) -> None:
    """Speak TEXT (`-`: what comes in by standard input), aloud or into a file."""
    if text == "-":
        text = sys.stdin.read()
    request = {name: value for name, value in fields.items() if value is not None}
    perform(here, "custom_voice", {"text": text, **request}, output)
