"""A job as a row of a list: what it says, how far it is, what can be done with it."""

from collections.abc import Iterator, Mapping
from typing import Any

from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from ui import markup, player, recordings, result
from ui.dashboard import Dashboard, ask
from ui.markup import Html, element
from ui.translation import mark, plural, tr

STEPS = {"pause": mark("Pause"), "resume": mark("Resume"), "retry": mark("Try again")}
"""What can be asked of a job, as its links call it, and as people do."""
MUCH = 60.0
"""Seconds of sound that are not thrown away by one press."""
STATES = {
    JobState.QUEUED: mark("waiting"),
    JobState.RUNNING: mark("speaking"),
    JobState.PAUSED: mark("paused"),
    JobState.SUCCEEDED: mark("done"),
    JobState.FAILED: mark("failed"),
    JobState.CANCELLED: mark("stopped"),
}


def excerpt(job: JobView, length: int = 90) -> str:
    """The beginning of what is said."""
    declared = CONTRACTS.get(job.task)
    named = [*(declared.said() or declared.texts())] if declared else ["text"]
    found = (job.request.get(name) for name in named)
    # All of a book is not looked at for its first words.
    words = " ".join(text[: 4 * length] for text in found if isinstance(text, str)).split()
    text = " ".join(words) or unread(job.task, job.request)
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def unread(task: str, request: Mapping[str, Any]) -> str:
    """What stands where a job or an output has no words of its own to show."""
    declared = CONTRACTS.get(task)
    if request.get("source") or (declared and not declared.texts()):
        return tr("From a file")
    return tr("Text is not kept")


def badge(job: JobView) -> Html:
    """Its state in a word."""
    return element("span", tr(STATES[job.state]), class_=f"badge {job.state.value}")


def heard(dashboard: Dashboard, job: JobView) -> Html | None:
    """A small player of what came of it."""
    if job.state is not JobState.SUCCEEDED or not job.audio_seconds:
        return None
    return player.sample(recordings.of_job(dashboard, job) or dashboard.audio(job.id), excerpt(job))


def standing(job: JobView, away: bool = False) -> Html:
    """How far it is, or what became of it, in a few words; `away`: no worker is there for it."""
    match job.state:
        case JobState.SUCCEEDED:
            return _done(job)
        case JobState.FAILED:
            error = (job.error or {}).get("message") or tr("The job failed.")
            return markup.joined([element("div", error), _unkept(job)])
        case JobState.CANCELLED:
            return markup.joined([_made(job), _unkept(job)])
        case JobState.QUEUED if away:
            return element("span", tr("Waits for a worker."))
        case _:
            words = result.progress(job)
            said = [words, *([_sound(job)] if job.audio_seconds else [])]
            shown = element("span", " · ".join(said), class_="hint")
            return element("div", markup.bar(job.progress, words), shown, class_="standing")


def buttons(job: JobView, *, certain: bool = False) -> Iterator[Html]:
    """What can be done with it; `certain`: it was asked whether it shall be cancelled."""
    what = excerpt(job)
    for step in _steps(job):
        yield markup.button(step, job.id, tr(STEPS[step]), what)
    if job.state.terminal:
        return
    label = tr("Cancel for good") if certain else tr("Cancel")
    yield markup.button("cancel", job.id, label, what, "stop")


async def act(dashboard: Dashboard, action: str, job_id: str) -> JobView:
    """Do with a job what a button asks for; the job afterwards, which may be another. Raises
    SpeechError."""
    client = dashboard.client
    match action:
        case "cancel":
            return await ask(client.cancel(job_id))
        case "pause":
            return await ask(client.pause(job_id))
        case "resume":
            return await ask(client.resume(job_id))
        case "retry":
            return await ask(client.retry(job_id))
        case _:
            return await ask(client.job(job_id))


def is_precious(job: JobView) -> bool:
    """Whether so much of it is done that cancelling it is asked once more."""
    return not job.state.terminal and job.audio_seconds >= MUCH


def _steps(job: JobView) -> Iterator[str]:
    """Of a job that has ended, what can go on with what was spoken is not begun anew besides."""
    if not job.state.terminal:
        yield from (step for step in ("pause", "resume") if step in job.links)
    elif "retry" in job.links:
        yield "resume" if "resume" in job.links else "retry"


def _done(job: JobView) -> Html:
    length = markup.seconds(job.audio_seconds) if job.audio_seconds else tr("no sound")
    count = len(job.warnings)
    warned = plural("{count} warning", "{count} warnings", count) if count else ""
    told = element("div", warned, class_="hint", title="\n".join(job.warnings)) if warned else None
    return markup.joined([element("div", length), told])


def _made(job: JobView) -> Html:
    if not job.audio_seconds:
        return element("div", tr("Before it was spoken."))
    return element("div", tr("After {length} of sound.", length=markup.seconds(job.audio_seconds)))


def _unkept(job: JobView) -> Html | None:
    if "retry" in job.links:
        return None
    return element("div", tr("Its text was not kept: it cannot be tried again."), class_="hint")


def _sound(job: JobView) -> str:
    return tr("{length} of sound", length=markup.seconds(job.audio_seconds))
