"""From a request to a sound: written to a file, or played."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rich.markup import escape

from shared.audio.formats import FORMATS
from shared.client.call import NO_FILES, File
from shared.errors import InvalidRequest, UnknownFormat
from shared.jobs import EngineInfo, JobView
from shared.requests import CONTRACTS
from shared.requests.declared import Format
from tools.qtts import playing
from tools.qtts.command import Here
from tools.qtts.hearing import Hearing
from tools.qtts.results import remarks

_BY_EXTENSION: dict[str, Format] = {entry.extension: name for name, entry in FORMATS.items()}


def perform(
    here: Here,
    task: str,
    request: dict[str, Any],
    output: Path | None,
    files: Mapping[str, File] = NO_FILES,
) -> None:
    """Let the service speak; the sound goes to `output`, or to a player."""
    if output and not _artifact(task, output):
        request = {**request, "format": format_of(output)}
    _hear(here, task, output, lambda hearing: hearing.start(task, request, files))


def listen(here: Here, job: JobView, output: Path | None) -> None:
    """Hear a job that was started already; the sound goes where that of `perform` goes."""
    if output and not _artifact(job.task, output):
        format_of(output)
    _hear(here, job.task, output, lambda hearing: hearing.attach(job.id))


def play(samples: bytes) -> None:
    """Let a player play 16-bit samples."""
    with playing.playing(_player()) as sink:
        sink(samples)


def format_of(output: Path) -> Format:
    """The format that a file's name asks for. Raises UnknownFormat, or InvalidRequest."""
    require_folder(output)
    format = _BY_EXTENSION.get(output.suffix.lower())
    if format is None:
        known = ", ".join(_BY_EXTENSION)
        raise UnknownFormat(f"{output.name!r} does not say a format. Known endings are: {known}.")
    return format


def require_folder(output: Path) -> None:
    """Raises InvalidRequest if a file cannot be written there."""
    if not output.absolute().parent.is_dir():
        raise InvalidRequest(f"There is no folder {output.absolute().parent}.", param="output")


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


def _hear(here: Here, task: str, output: Path | None, begin: Callable[[Hearing], None]) -> None:
    if output is None:
        with playing.playing(_player()) as sink:
            begin(hearing := Hearing(here, sink))
        _tell(here, hearing)
        return
    begin(hearing := Hearing(here))
    if artifact := _artifact(task, output):
        here.client.download(hearing.job_id, output, artifact)
    else:
        output.write_bytes(here.client.audio(hearing.job_id, format_of(output)))
    _tell(here, hearing)
    tell_written(here, output)


def tell_written(here: Here, path: Path) -> None:
    """Say that a file is there."""
    here.notes.print(f"{escape(str(path))}: {path.stat().st_size} bytes.", soft_wrap=True)


def _artifact(task: str, output: Path) -> str | None:
    """The file of the result, other than its sound, that the name of `output` asks for."""
    names = CONTRACTS[task].artifacts if task in CONTRACTS else ()
    found = next((name for name in names if Path(name).suffix == output.suffix.lower()), None)
    if found:
        require_folder(output)
    return found


def _tell(here: Here, hearing: Hearing) -> None:
    if hearing.engine:
        style = "yellow" if hearing.engine.preview else ""
        here.notes.print(escape(spoken_by(hearing.engine)), style=style, soft_wrap=True)
    for line in remarks(hearing.job_id, hearing.result):
        here.notes.print(escape(line), soft_wrap=True)
