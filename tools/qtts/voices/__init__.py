"""`qtts voices`: the library of voices."""

import click

from tools.qtts.command import Commands
from tools.qtts.voices.changing import clip, delete, edit
from tools.qtts.voices.looking import export, list_voices, sample, show
from tools.qtts.voices.making import add, import_voice, lock, mix, transcribe


@click.group(cls=Commands)
def voices() -> None:
    """Look after the library of voices; VOICE is an id or a name."""


for _command in (
    list_voices,
    show,
    sample,
    add,
    lock,
    mix,
    edit,
    clip,
    delete,
    export,
    import_voice,
    transcribe,
):
    voices.add_command(_command)
