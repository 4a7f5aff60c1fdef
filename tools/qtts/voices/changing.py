"""`qtts voices edit | clip | delete`."""

import json
from pathlib import Path
from typing import Any

import click

from shared.errors import InvalidRequest
from tools.qtts.command import Here
from tools.qtts.voices.said import filled, find, tell, transcript, transcript_file, voice_argument


@click.command()
@voice_argument
@click.option("--name", help="A new name; the id stays.")
@click.option("--language", help="The language that it is at home in.")
@click.option("--description")
@click.option("--tag", "tags", multiple=True, help="In place of the tags before; repeatable.")
@click.option("--consent", help="Who agreed that this voice is used, and to what.")
@click.option("--source", help="Where the recording comes from.")
@transcript
@transcript_file
@click.option(
    "--set",
    "settings",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field of requests that holds unless one says otherwise; without a value, none does.",
)
@click.pass_obj
def edit(here: Here, word: str, settings: tuple[str, ...], **options: Any) -> None:
    """Change what is said of a voice."""
    changes = filled(options)
    if not (changes or settings):
        raise click.UsageError("Nothing to change was given.")
    voice = find(here, word)
    if settings:
        changes["settings"] = changed(voice.settings, settings)
    tell(here, here.client.change_voice(voice.id, **changes))


@click.command()
@voice_argument
@click.argument("emotion")
@click.option(
    "--reference",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The voice in that mood.",
)
@click.option("--remove", is_flag=True, help="Take the recording of that mood away.")
@transcript
@transcript_file
@click.pass_obj
def clip(
    here: Here, word: str, emotion: str, reference: Path | None, remove: bool, **options: Any
) -> None:
    """Add a recording of VOICE in the mood EMOTION, for requests that name it."""
    if (reference is None) is not remove:
        raise click.UsageError("Give either --reference or --remove.")
    voice = find(here, word)
    if reference is None:
        tell(here, here.client.remove_voice_clip(voice.id, emotion))
    else:
        words = filled(options).get("transcript")
        tell(here, here.client.set_voice_clip(voice.id, emotion, reference, words))


@click.command()
@voice_argument
@click.pass_obj
def delete(here: Here, word: str) -> None:
    """Delete a voice with its recordings, for good."""
    voice = find(here, word)
    here.client.delete_voice(voice.id)
    here.notes.print(f"{voice.id} is deleted.")


def changed(settings: dict[str, Any], entries: tuple[str, ...]) -> dict[str, Any]:
    """Settings under `field=value`; without a value the field goes. Raises InvalidRequest."""
    found = dict(settings)
    for entry in entries:
        name, equals, value = entry.partition("=")
        if not equals:
            raise InvalidRequest(f"{entry!r} is no FIELD=VALUE.", param="settings")
        found.pop(name, None)
        if value:
            found[name] = _value(value)
    return found


def _value(text: str) -> Any:
    """A number or a truth value where it is one, otherwise the text itself."""
    try:
        return json.loads(text)
    except ValueError:
        return text
