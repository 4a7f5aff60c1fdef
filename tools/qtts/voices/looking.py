"""`qtts voices list | show | sample | export`."""

import io
import json
import wave
from pathlib import Path

import click
from rich.table import Table
from rich.text import Text

from shared.voices.view import VoiceView
from tools.qtts.command import Here, json_output, print_json
from tools.qtts.performing import await_end, play, require_folder, tell_written
from tools.qtts.voices.said import find, tell, voice_argument


@click.command(name="list")
@click.option("--search", "q", help="Words of its name, description or tags.")
@click.option("--tag", help="Only those that carry this tag.")
@click.option("--language", help="Only those that are at home in this language.")
@click.option("--kind", help="Only preset, cloned, designed or mixed ones.")
@json_output
@click.pass_obj
def list_voices(here: Here, json_output: bool, **query: str | None) -> None:
    """List the voices, the preset speakers among them."""
    found = here.client.voices(**query)
    if json_output:
        print_json(found.items)
    elif found.items:
        here.results.print(table(found.items))
    else:
        here.notes.print("There are none.")
    for voice_id in found.damaged:
        here.notes.print(f"{voice_id} cannot be read.", style="yellow", markup=False)


@click.command()
@voice_argument
@json_output
@click.pass_obj
def show(here: Here, word: str, json_output: bool) -> None:
    """Show one voice."""
    voice = find(here, word)
    if json_output:
        print_json(voice)
    else:
        here.results.print(details(voice))


@click.command()
@voice_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write the WAV here.")
@click.option("--from", "job_id", metavar="JOB", help="Let the sound of this job be the sample.")
@click.option("--new", is_flag=True, help="Let the voice read a sentence first, and keep that.")
@click.pass_obj
def sample(here: Here, word: str, output: Path | None, job_id: str | None, new: bool) -> None:
    """Listen to the sample of a voice."""
    if new and job_id:
        raise click.UsageError("--new and --from both say what the sample is to be.")
    voice = find(here, word)
    if new:
        read = here.client.read_sample(voice.id)
        await_end(here, read)
        here.client.set_voice_sample(voice.id, read.id)
    if job_id:
        tell(here, here.client.set_voice_sample(voice.id, job_id))
        return
    if output:
        require_folder(output)
    data = here.client.voice_sample(voice.id)
    if output:
        output.write_bytes(data)
        tell_written(here, output)
    else:
        with wave.open(io.BytesIO(data)) as file:
            play(file.readframes(file.getnframes()))


@click.command()
@voice_argument
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Otherwise VOICE.zip here.")
@click.pass_obj
def export(here: Here, word: str, output: Path | None) -> None:
    """Write a voice as one zip: its record, recordings, transcripts and prompts."""
    voice = find(here, word)
    target = output or Path(f"{voice.id}.zip")
    require_folder(target)
    here.client.export_voice(voice.id, target)
    tell_written(here, target)


def table(found: list[VoiceView]) -> Table:
    """Voices, one a line."""
    drawn = Table("id", "name", "kind", "language", "tags", box=None, padding=(0, 2))
    for voice in found:
        cells = (voice.id, voice.name, voice.kind, voice.language, ", ".join(voice.tags))
        drawn.add_row(*map(Text, cells))
    return drawn


def details(voice: VoiceView) -> Table:
    """All there is to say of a voice that a person would ask."""
    drawn = Table(box=None, show_header=False, padding=(0, 2))
    for name, value in _facts(voice):
        if value:
            drawn.add_row(name, Text(value))
    return drawn


def _facts(voice: VoiceView) -> list[tuple[str, str]]:
    clips = (" ".join(filter(None, (clip.file, clip.emotion, clip.voice))) for clip in voice.clips)
    return [
        ("id", voice.id),
        ("name", voice.name),
        ("kind", voice.kind),
        ("language", voice.language),
        ("description", voice.description),
        ("tags", ", ".join(voice.tags)),
        ("consent", voice.consent),
        ("source", voice.source),
        ("transcript", voice.transcript),
        ("recordings", ", ".join(clips)),
        ("prepared for", ", ".join(voice.prompts)),
        ("settings", json.dumps(voice.settings) if voice.settings else ""),
        ("warnings", " ".join(voice.warnings)),
    ]
