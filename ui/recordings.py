"""The finished sound and the files of jobs, as players and links need them."""

from collections.abc import Iterable

from shared.audio.formats import FORMATS
from shared.jobs import JobView, has_lines
from shared.plans.table import is_sound
from shared.requests.declared import Format
from ui import markup, player
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import tr

_EXTENSIONS: dict[str, str] = {name: known.extension for name, known in FORMATS.items()}
_UNHEARD = "pcm"
"""No browser plays it."""
_STREAMED = "stream.wav"
_MAIN = "audio."
_RECORDS = ("plan.json", "lines.json")
DOWNLOADS: tuple[Format, ...] = ("wav", "flac", "mp3", "opus")
"""Formats that people ask for."""


def address(
    dashboard: Dashboard, job_id: str, task: str, format: str, version: str = ""
) -> str | None:
    """Where the recording of a pipeline is heard; None for a task, whose sound is in its usual
    place. `version` tells a recording that was assembled anew from the one before."""
    if not has_lines(task):
        return None
    name = f"audio{_EXTENSIONS.get(format, f'.{format}')}"
    found = dashboard.file(job_id, _STREAMED if format == _UNHEARD else name)
    return f"{found}?v={version}" if version else found


def of_job(dashboard: Dashboard, job: JobView, version: str = "") -> str | None:
    """The same of a job."""
    return address(dashboard, job.id, job.task, str(job.request.get("format", "wav")), version)


def heard(dashboard: Dashboard, job: JobView, *, version: str = "") -> Html:
    """The player of a finished job."""
    seconds = (job.result or {}).get("duration_seconds", job.audio_seconds)
    file = of_job(dashboard, job, version)
    return player.replay(job.id, seconds, remember=True, file=file)


def files(dashboard: Dashboard, job_id: str, names: Iterable[str]) -> Html:
    """Links to the files of a pipeline's result, the recording first, and to the recording in the
    other usual formats; its lines stand apart."""
    shown = [name for name in names if not is_sound(name) and name not in _RECORDS]
    shown.sort(key=lambda name: (not name.startswith(_MAIN), name))
    others = (
        markup.link(
            dashboard.audio(job_id, format), format, download=f"{job_id[-8:]}-{_MAIN}{format}"
        )
        for format in DOWNLOADS
        if f"audio{_EXTENSIONS[format]}" not in shown and "audio.pcm" not in shown
    )
    links = (
        markup.link(dashboard.file(job_id, name), name, download=f"{job_id[-8:]}-{name}")
        for name in shown
    )
    return element(
        "div", element("span", tr("Download"), class_="hint"), *links, *others, class_="downloads"
    )
