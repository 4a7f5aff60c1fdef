"""Queue: what waits, what is spoken, what came of it."""

import gradio as gr

from shared.errors import SpeechError
from shared.jobs import JobView
from shared.requests import CONTRACTS
from ui import markup, result
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame

_LOOK = 1.5
_SHOWN = 50
STEPS = frozenset({"pause", "resume"})
"""What can be asked of a pipeline, as the links of its job call it."""
_FROM_FILE = "From a file"


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; its table is looked up anew while it is open."""
    frame.head(
        dashboard, page, "queue", "One engine speaks one job at a time; the others wait here."
    )
    said = markup.place(elem_id="said")
    listing = markup.place(elem_id="jobs", listens=True)
    shown = gr.State("")
    timer = gr.Timer(_LOOK)

    async def look(before: str) -> list[object]:
        now = await _listing(dashboard)
        return [gr.skip(), gr.skip()] if now == before else [now, now]

    async def act(event: gr.EventData) -> list[object]:
        action, job_id = markup.pressed(event)
        note = await _act(dashboard, action, job_id)
        now = await _listing(dashboard)
        return [note, now, now]

    page.load(look, shown, [shown, listing], **QUIET)
    timer.tick(look, shown, [shown, listing], **QUIET)
    listing.click(act, None, [said, shown, listing], **QUIET)


async def _act(dashboard: Dashboard, action: str, job_id: str) -> Html:
    """What is said of a step that a person asks for."""
    client = dashboard.client
    try:
        match action:
            case "cancel":
                await ask(client.cancel(job_id))
            case "pause":
                await ask(client.pause(job_id))
            case "resume":
                await ask(client.resume(job_id))
            case _:
                pass
    except SpeechError as error:
        return markup.trouble(error)
    return Html("")


async def _listing(dashboard: Dashboard) -> Html:
    try:
        jobs = (await ask(dashboard.client.jobs(limit=_SHOWN))).items
    except SpeechError as error:
        return markup.trouble(error)
    if not jobs:
        return markup.empty("Nothing waits.", "What you submit on a task's page appears here.")
    waiting = [job for job in jobs if not job.state.terminal]
    return table(dashboard, [*reversed(waiting), *(job for job in jobs if job.state.terminal)])


def table(dashboard: Dashboard, jobs: list[JobView]) -> Html:
    """Jobs, those that have not ended first."""
    headings = ("Job", "State", "Progress", "Submitted", "")
    return markup.table(headings, (_row(dashboard, job) for job in jobs))


def _row(dashboard: Dashboard, job: JobView) -> tuple[object, ...]:
    text = excerpt(job)
    declared = CONTRACTS.get(job.task)
    title = declared.title if declared else job.task
    what = element("div", text, class_="excerpt"), element("div", title, class_="hint")
    buttons = [markup.link(dashboard.page(job.task, job.id), "Open", aria_label=f"Open: {text}")]
    for step in STEPS & job.links.keys():
        buttons.append(markup.button(step, job.id, step.capitalize(), text))
    if not job.state.terminal:
        buttons.append(markup.button("cancel", job.id, "Cancel", text, "stop"))
    return (
        markup.joined(what),
        element("span", job.state.value, class_=f"badge {job.state.value}"),
        _progress(job),
        markup.ago(job.created_at),
        element("div", *buttons, class_="actions"),
    )


def _progress(job: JobView) -> Html:
    if job.state.terminal:
        return element("span", markup.seconds(job.audio_seconds) if job.audio_seconds else "none")
    words = result.progress(job)
    return element("div", markup.bar(job.progress, words), element("span", words, class_="hint"))


def excerpt(job: JobView, length: int = 90) -> str:
    """The beginning of what is said."""
    declared = CONTRACTS.get(job.task)
    named = [*declared.texts()] if declared else ["text"]
    found = (job.request.get(name) for name in named)
    words = " ".join(text for text in found if isinstance(text, str)).split()
    unread = _FROM_FILE if job.request.get("source") else "Text is not kept"
    text = " ".join(words) or unread
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"
