"""What the commands of `qtts voices` have in common: which voice, and what is said of it."""

from typing import Any

import click

from shared.errors import UnknownVoice
from shared.voices import naming
from shared.voices.view import VoiceView
from tools.qtts.command import Here

_MOST = 1_000
"""Voices that are looked through for a name."""

voice_argument = click.argument("word", metavar="VOICE")
transcript = click.option("--transcript", help="Every word of the recording.")
transcript_file = click.option(
    "--transcript-file", type=click.File(encoding="utf-8"), help="The same, in a text file."
)


def find(here: Here, word: str) -> VoiceView:
    """The voice of this id, or of this name whatever its case. Raises UnknownVoice."""
    known = here.client.voices(limit=_MOST).items
    named = [voice for voice in known if naming.folded(voice.name) == naming.folded(word)]
    for voice in [*(voice for voice in known if voice.id == word), *named]:
        return voice
    raise UnknownVoice(f"There is no voice {word!r}.", param="voice")


def tell(here: Here, voice: VoiceView) -> None:
    """Say what has become of a voice, and what to know of it."""
    here.results.print(f"{voice.id}: {voice.name}, {voice.kind}", markup=False, soft_wrap=True)
    for warning in voice.warnings:
        here.notes.print(warning, style="yellow", markup=False, soft_wrap=True)


def filled(options: dict[str, Any]) -> dict[str, Any]:
    """The fields of a voice that were given. Raises UsageError for two transcripts."""
    fields = {name: value for name, value in options.items() if value not in (None, ())}
    if file := fields.pop("transcript_file", None):
        if "transcript" in fields:
            raise click.UsageError("Give either --transcript or --transcript-file.")
        fields["transcript"] = file.read().strip()
    return fields
