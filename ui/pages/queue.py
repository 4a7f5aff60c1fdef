"""Queue: what waits, what is spoken, what came of it."""

from collections.abc import Iterable
from functools import partial
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import AlreadyEnded, SpeechError, UnknownJob
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from shared.views import Backlog, JobPage
from ui import job_rows, markup
from ui.dashboard import QUIET, Dashboard, ask, ask_all
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Asked
from ui.translation import mark, plural, tr

_LOOK = 1.5
_SHOWN = 50
"""Jobs on a page, and how many more of them a press shows."""
_MOST = 200
"""Jobs that one call tells of."""
_KINDS = {"all": mark("All"), "active": mark("Waiting and speaking"), "failed": mark("Failed")}
_WAITING = "waiting"
"""What is to be cancelled where it is no single job."""
_FIRST: dict[str, Any] = {"count": _SHOWN, "doomed": ""}


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; its table is looked up anew while it is open."""
    summary = tr("One engine speaks one job at a time; the others wait here.")
    frame.head(dashboard, page, "queue", summary)
    kinds = [(tr(label), kind) for kind, label in _KINDS.items()]
    kind = gr.Radio(
        kinds, value="all", label=tr("Show"), show_label=False, container=False, elem_id="show"
    )
    backlog = markup.place(elem_id="backlog", listens=True)
    said = markup.place(elem_id="said")
    listing = markup.place(elem_id="jobs", listens=True)
    wanted = gr.State(_FIRST)
    """How many jobs are shown, and what is asked about once more. A look, which may end after a
    press that it knows nothing of, leaves it alone."""
    seen = gr.State(["", ""])
    """The HTML that is there."""
    timer = gr.Timer(_LOOK)

    async def look(kind: str, wanted: dict[str, Any], seen: list[str]) -> list[Any]:
        return await _look(dashboard, kind, wanted, seen)

    async def other(kind: str, seen: list[str]) -> list[Any]:
        return [_FIRST, *await _look(dashboard, kind, _FIRST, seen)]

    async def act(
        kind: str, wanted: dict[str, Any], seen: list[str], event: gr.EventData
    ) -> list[Any]:
        note, changes = await _act(dashboard, wanted, *markup.pressed(event))
        wanted = {**wanted, "doomed": "", **changes}
        return [note, wanted, *await _look(dashboard, kind, wanted, seen)]

    shown = [seen, backlog, listing]
    for trigger in (page.load, timer.tick):
        trigger(look, [kind, wanted, seen], shown, **QUIET)
    kind.change(other, [kind, seen], [wanted, *shown], **QUIET)
    for place in (listing, backlog):
        # Whoever cancels one job after the other does not wait for each of them.
        acted = [said, wanted, *shown]
        place.click(act, [kind, wanted, seen], acted, trigger_mode="multiple", **QUIET)
    Asked(dashboard, "jobs", "jobs", limit=_SHOWN).wire([kind], _asked)


def _asked(kind: str) -> dict[str, Any]:
    """What a program asks for to be told of the same jobs."""
    wanted = {"active": {"active": True}, "failed": {"state": "failed"}}
    return wanted.get(kind, {})


# --- what a person asks for ------------------------------------------------------------------


async def _act(
    dashboard: Dashboard, wanted: dict[str, Any], action: str, job_id: str
) -> tuple[Html, dict[str, Any]]:
    """What is said of a step that a person asks for, and what of `wanted` is another then."""
    try:
        match action:
            case "more":
                return Html(""), {"count": wanted["count"] + _SHOWN}
            case "cancel-waiting" if wanted["doomed"] != _WAITING:
                return Html(""), {"doomed": _WAITING}
            case "cancel-waiting":
                return _cancelled(await _cancel_waiting(dashboard.client)), {}
            case "cancel" if wanted["doomed"] != job_id:
                job = await ask(dashboard.client.job(job_id))
                if job_rows.is_precious(job):
                    return _precious(job), {"doomed": job_id}
            case _:
                pass
        job = await job_rows.act(dashboard, action, job_id)
    except SpeechError as error:
        return markup.trouble(error), {}
    if job.id == job_id:
        return Html(""), {}
    link = markup.link(dashboard.page(job.task, job.id), tr("Open"))
    goes_on, anew = tr("It goes on, as another job."), tr("It is tried again, as another job.")
    return markup.notice("note", goes_on if action == "resume" else anew, None, link), {}


async def _cancel_waiting(client: AsyncClient) -> int:
    """Cancel all that waits; how many that were. Raises SpeechError."""
    count = 0
    while waiting := (await ask(client.jobs(active=True, state="queued", limit=_MOST))).items:
        answers = await ask_all([partial(client.cancel, job.id) for job in waiting])
        for answer in answers:
            if isinstance(answer, SpeechError) and not isinstance(
                answer, (AlreadyEnded, UnknownJob)
            ):
                raise answer
        cancelled = sum(isinstance(answer, JobView) for answer in answers)
        count += cancelled
        if not cancelled:
            break
    return count


def _cancelled(count: int) -> Html:
    said = plural("{count} job was cancelled.", "{count} jobs were cancelled.", count)
    return markup.notice("note", said)


def _precious(job: JobView) -> Html:
    return markup.notice(
        "warning",
        tr("{length} of sound are made already.", length=markup.seconds(job.audio_seconds)),
        tr("Press “Cancel for good” if it shall end nevertheless."),
    )


# --- what is shown ---------------------------------------------------------------------------


async def _look(
    dashboard: Dashboard, kind: str, wanted: dict[str, Any], seen: list[str]
) -> list[Any]:
    """The HTML as it is now, and updates of what of it has changed since."""
    now = await _shown(dashboard, kind, wanted)
    updates = [gr.skip() if new == old else new for new, old in zip(now, seen, strict=True)]
    return [now, *updates]


async def _shown(dashboard: Dashboard, kind: str, wanted: dict[str, Any]) -> list[Html]:
    """The summary and the table."""
    client = dashboard.client
    try:
        jobs, backlog, more = await _jobs(client, kind, wanted["count"])
        away = bool(backlog.waiting) and not (await ask(client.ready())).worker
    except SpeechError as error:
        return [Html(""), markup.lasting(error)]
    told = summary(backlog, sure=wanted["doomed"] == _WAITING, away=away)
    if not jobs:
        return [told, _nothing(kind)]
    turning = markup.button("more", "", tr("Show more"), tr("jobs")) if more else None
    under = element("div", turning, class_="choices turning") if turning else None
    rows = table(dashboard, jobs, doomed=wanted["doomed"], away=away)
    return [told, markup.joined([rows, under])]


async def _jobs(client: AsyncClient, kind: str, count: int) -> tuple[list[JobView], Backlog, bool]:
    """Up to so many jobs in the order in which they are shown, and whether there are more."""
    if kind == "failed":
        return await _gathered(client, count, state="failed")
    jobs, backlog, more = await _gathered(client, count, active=True)
    if kind == "active" or more or len(jobs) == count:
        return jobs, backlog, more or kind == "all"
    ended, _, more = await _gathered(client, count - len(jobs), active=False)
    known = {job.id for job in jobs}  # one may end between the two looks
    return [*jobs, *(job for job in ended if job.id not in known)], backlog, more


async def _gathered(
    client: AsyncClient, count: int, **query: Any
) -> tuple[list[JobView], Backlog, bool]:
    """The first so many jobs of a listing, however many calls it takes."""
    page: JobPage = await ask(client.jobs(limit=min(count, _MOST), **query))
    jobs = page.items
    while page.next and len(jobs) < count:
        left = min(count - len(jobs), _MOST)
        page = await ask(client.jobs(limit=left, before=page.next, **query))
        jobs += page.items
    return jobs, page.backlog, page.next is not None


def summary(backlog: Backlog, *, sure: bool = False, away: bool = False) -> Html:
    """How much there is to do; `sure`: it was asked whether what waits shall be cancelled."""
    parts = [
        plural("{count} speaking", "{count} speaking", backlog.running) if backlog.running else "",
        plural("{count} waiting", "{count} waiting", backlog.waiting) if backlog.waiting else "",
        plural("{count} paused", "{count} paused", backlog.paused) if backlog.paused else "",
    ]
    if backlog.running + backlog.waiting and not away:
        parts.append(tr("about {time}", time=markup.about(backlog.seconds)))
    words = ", ".join(filter(None, parts)) or tr("Nothing is to be done.")
    told = element("strong", words, role="status")
    if backlog.waiting < 2:
        return element("div", told, class_="backlog")
    label = plural("Cancel {count} for good", "Cancel all {count} for good", backlog.waiting)
    asked = label if sure else tr("Cancel all waiting")
    cancel = markup.button("cancel-waiting", "all", asked, tr("jobs"), "stop")
    return element("div", told, cancel, class_="backlog")


def _nothing(kind: str) -> Html:
    if kind == "failed":
        return markup.empty(tr("Nothing has failed."), tr("What fails can be tried again here."))
    return markup.empty(tr("Nothing waits."), tr("What you submit on a task's page appears here."))


def table(
    dashboard: Dashboard, jobs: Iterable[JobView], *, doomed: str = "", away: bool = False
) -> Html:
    """Jobs in this order; of the `doomed` one it was asked whether it shall be cancelled."""
    headings = (tr("Job"), tr("State"), tr("Progress"), tr("Submitted"), "")
    return markup.table(headings, (_row(dashboard, job, job.id == doomed, away) for job in jobs))


def _row(dashboard: Dashboard, job: JobView, certain: bool, away: bool) -> tuple[object, ...]:
    text = job_rows.excerpt(job)
    declared = CONTRACTS.get(job.task)
    about = element(
        "div",
        element("div", text, class_="excerpt"),
        element("div", tr(declared.title) if declared else job.task, class_="hint"),
        class_="grows",
    )
    heard = job_rows.heard(dashboard, job) or element("span", class_="no-sample")
    address = dashboard.page(job.task, job.id)
    opened = markup.link(address, tr("Open"), aria_label=f"{tr('Open')}: {text}")
    done = job_rows.buttons(job, certain=certain)
    return (
        element("div", heard, about, class_="job"),
        job_rows.badge(job),
        job_rows.standing(job, away and job.state is JobState.QUEUED),
        markup.ago(job.created_at),
        element("div", opened, *done, class_="actions"),
    )
