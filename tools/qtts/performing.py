"""From a request to a sound: written to a file, or played."""

from pathlib import Path
from typing import Any

from rich.markup import escape

from shared.audio.formats import FORMATS
from shared.errors import InvalidRequest, UnknownFormat
from shared.jobs import EngineInfo
from shared.requests.declared import Format
from tools.qtts import playing
from tools.qtts.command import Here
from tools.qtts.hearing import Hearing

_BY_EXTENSION: dict[str, Format] = {entry.extension: name for name, entry in FORMATS.items()}


def perform(here: Here, task: str, request: dict[str, Any], output: Path | None) -> None:
    """Let the service speak; the sound goes to `output`, or to a player."""
    if output:
        request = {**request, "format": format_of(output)}
        hearing = Hearing(here)
        hearing.start(task, request)
        _save(here, hearing, output)
        return
    with playing.playing(_player()) as sink:
        hearing = Hearing(here, sink)
        hearing.start(task, request)
    _tell(here, hearing)


def listen(here: Here, job_id: str, output: Path | None) -> None:
    """Hear a job that was started already; the sound goes where that of `perform` goes."""
    if output:
        format_of(output)
        hearing = Hearing(here)
        hearing.attach(job_id)
        _save(here, hearing, output)
        return
    with playing.playing(_player()) as sink:
        hearing = Hearing(here, sink)
        hearing.attach(job_id)
    _tell(here, hearing)


def format_of(output: Path) -> Format:
    """The format that a file's name asks for. Raises UnknownFormat, or InvalidRequest."""
    if not output.absolute().parent.is_dir():
        raise InvalidRequest(f"There is no folder {output.absolute().parent}.", param="output")
    format = _BY_EXTENSION.get(output.suffix.lower())
    if format is None:
        known = ", ".join(_BY_EXTENSION)
        raise UnknownFormat(f"{output.name!r} does not say a format. Known endings are: {known}.")
    return format


def spoken_by(engine: EngineInfo) -> str:
    """What spoke, in words."""
    checkpoint = f" with {engine.checkpoint}" if engine.checkpoint != engine.name else ""
    preview = " This is a PREVIEW, not Qwen3-TTS." if engine.preview else ""
    return f"Spoken by {engine.name} ({engine.version}, {engine.device}){checkpoint}.{preview}"


def _player() -> playing.Player:
    """Raises InvalidRequest where nothing can play."""
    player = playing.find()
    if player is None:
        names = ", ".join(player.program for player in playing.PLAYERS)
        raise InvalidRequest(
            f"No program to play sound is installed (looked for {names}).",
            hint="Write a file instead: -o hello.wav",
        )
    return player


def _save(here: Here, hearing: Hearing, output: Path) -> None:
    output.write_bytes(here.client.audio(hearing.job_id, format_of(output)))
    _tell(here, hearing)
    here.notes.print(f"{escape(str(output))}: {output.stat().st_size} bytes.", soft_wrap=True)


def _tell(here: Here, hearing: Hearing) -> None:
    if hearing.engine:
        style = "yellow" if hearing.engine.preview else ""
        here.notes.print(escape(spoken_by(hearing.engine)), style=style, soft_wrap=True)
