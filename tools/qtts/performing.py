"""From a request to a sound: written to a file, or played."""

from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from rich.markup import escape

from shared.audio.formats import FILES
from shared.client.call import NO_FILES, File
from shared.errors import InvalidRequest, UnknownFormat
from shared.jobs import EngineInfo, JobView, has_lines
from shared.requests import CONTRACTS
from shared.requests.declared import FORMATS, Format
from shared.stores.outputs import is_name
from tools.qtts import playing
from tools.qtts.command import Here
from tools.qtts.hearing import Hearing
from tools.qtts.results import remarks


def perform(
    here: Here,
    task: str,
    request: dict[str, Any],
    output: Path | None,
    files: Mapping[str, File] = NO_FILES,
    folder: Path | None = None,
) -> None:
    """Let the service speak; the sound goes to `output`, or to a player.

    With a `folder` all files of the result go there, and nothing is played.
    """
    if output and not _artifact(task, output):
        request = {**request, "format": format_of(output, task)}
    _hear(here, task, output, lambda hearing: hearing.start(task, request, files), folder)


def listen(here: Here, job: JobView, output: Path | None) -> None:
    """Hear a job that was started already; the sound goes where that of `perform` goes."""
    if output:
        require_ending(job, output)
    _hear(here, job.task, output, lambda hearing: hearing.attach(job.id))


def await_end(here: Here, job: JobView) -> None:
    """Let a job end without hearing it. Raises what it failed of."""
    hearing = Hearing(here)
    hearing.attach(job.id)
    _tell(here, hearing)


def play(samples: bytes) -> None:
    """Let a player play 16-bit samples."""
    with playing.playing(require_player()) as sink:
        sink(samples)


def format_of(output: Path, task: str = "") -> str:
    """The format that a file's name asks for. Raises UnknownFormat, or InvalidRequest."""
    require_folder(output)
    formats = _by_extension(task)
    format = formats.get(output.suffix.lower())
    if format is None:
        known = ", ".join(formats)
        raise UnknownFormat(f"{output.name!r} does not say a format. Known endings are: {known}.")
    return format


def require_ending(job: JobView, output: Path) -> None:
    """Raises InvalidRequest for a file that cannot be made of what `job` makes, or UnknownFormat.

    The sound of a task is there in every format, a pipeline's recording as it was mastered.
    """
    if _artifact(job.task, output):
        return
    own = job.request.get("format", "wav")
    if format_of(output, job.task) != own and has_lines(job.task):
        raise InvalidRequest(
            f"The recording of this job is {own}.",
            param="output",
            hint=f"Write it to a file that ends in {FILES[own].extension}.",
        )


@cache
def _by_extension(task: str) -> dict[str, str]:
    """The formats of a task by their endings; of any task, where it is not known."""
    schema = CONTRACTS[task].model_json_schema() if task in CONTRACTS else {}
    formats = schema.get("properties", {}).get("format", {}).get("enum", FORMATS)
    return {FILES[name].extension: name for name in formats}


def require_folder(output: Path) -> None:
    """Raises InvalidRequest if a file cannot be written there."""
    if not output.absolute().parent.is_dir():
        raise InvalidRequest(f"There is no folder {output.absolute().parent}.", param="output")


def spoken_by(engine: EngineInfo) -> str:
    """What spoke, in words."""
    checkpoint = f" with {engine.checkpoint}" if engine.checkpoint not in ("", engine.name) else ""
    preview = " This is a PREVIEW, not Qwen3-TTS." if engine.preview else ""
    return f"Spoken by {engine.name} ({engine.version}, {engine.device}){checkpoint}.{preview}"


def fetch(here: Here, job: JobView, folder: Path) -> None:
    """Write the files of a job's result into `folder`; single lines are none of them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in filter(is_name, (job.result or {}).get("files", ())):
        here.client.download(job.id, folder / name, name)
        tell_written(here, folder / name)


def require_player() -> playing.Player:
    """Raises InvalidRequest where nothing can play."""
    player = playing.find()
    if player is None:
        names = ", ".join(player.program for player in playing.PLAYERS)
        raise InvalidRequest(
            f"No program to play sound is installed (looked for {names}).",
            hint="Write a file instead: -o hello.wav",
        )
    return player


def _hear(
    here: Here,
    task: str,
    output: Path | None,
    begin: Callable[[Hearing], None],
    folder: Path | None = None,
) -> None:
    if output is None and folder is None:
        with playing.playing(require_player()) as sink:
            begin(hearing := Hearing(here, sink))
        _tell(here, hearing)
        return
    begin(hearing := Hearing(here))
    _tell(here, hearing)
    if output:
        _write(here, task, hearing.job_id, output)
        tell_written(here, output)
    if folder:
        fetch(here, here.client.job(hearing.job_id), folder)


def _write(here: Here, task: str, job_id: str, output: Path) -> None:
    if artifact := _artifact(task, output):
        here.client.download(job_id, output, artifact)
    elif has_lines(task):
        here.client.download(job_id, output)
    else:
        format = cast(Format, format_of(output, task))
        output.write_bytes(here.client.audio(job_id, format))


def tell_written(here: Here, path: Path) -> None:
    """Say that a file is there."""
    here.notes.print(f"{escape(str(path))}: {path.stat().st_size} bytes.", soft_wrap=True)


def _artifact(task: str, output: Path) -> str | None:
    """The file of the result, other than its sound, that `output` asks for by name or ending."""
    names = CONTRACTS[task].artifacts if task in CONTRACTS else ()
    alike = (name for name in names if Path(name).suffix == output.suffix.lower())
    found = output.name if output.name in names else next(alike, None)
    if found:
        require_folder(output)
    return found


def _tell(here: Here, hearing: Hearing) -> None:
    if hearing.engine:
        style = "yellow" if hearing.engine.preview else ""
        here.notes.print(escape(spoken_by(hearing.engine)), style=style, soft_wrap=True)
    for line in remarks(hearing.job_id, hearing.result):
        here.notes.print(escape(line), soft_wrap=True)
