"""System: how the service is, what speaks and why, what it bears, the checkpoints and the disk.

What changes all the time and what has buttons stand in different places: what is shown anew takes
the focus away.
"""

import asyncio
from collections.abc import Iterable, Mapping
from typing import NamedTuple

import gradio as gr

from shared import status as told
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.status import Finding, WorkerStatus
from shared.views import ModelView, Status
from ui import markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import checkpoints, frame, load, worker
from ui.snippets import Asked
from ui.translation import mark, tr

_LOOK = 2.0
"""Seconds between two looks; readings come every five, so charts are looked at less often."""
_DRAW = 5.0
_HOUR = 60
_SHOWN = 100
"""Jobs among which those that are spoken now are found."""
_DEEDS = {
    "pull": mark("{worker} will download {checkpoint}."),
    "load": mark("{worker} will load {checkpoint}."),
    "unload": mark("{worker} will unload {checkpoint}."),
}


class Parts(NamedTuple):
    """The places of the page, from top to bottom, each with its HTML."""

    health: str = ""
    workers: str = ""
    under_way: str = ""
    checkpoints: str = ""
    caches: str = ""
    emptying: str = ""
    numbers: str = ""


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it is looked up anew while it is open."""
    frame.head(dashboard, page, "system", tr("What speaks here, and what it needs."))
    said = markup.place(elem_id="said")
    health = markup.place(elem_id="health")
    workers = markup.place(elem_id="workers")
    markup.place(element("h2", tr("Load and pace")))
    span = gr.Radio(load.choices(), value=_HOUR, label=tr("Over the last"), elem_id="span")
    drawn = markup.place(elem_id="charts")
    under_way = markup.place(elem_id="under-way")
    table = markup.place(elem_id="system", listens=True)
    caches = markup.place(elem_id="caches")
    emptying = markup.place(elem_id="emptying", listens=True)
    numbers = markup.place(elem_id="numbers")
    places = [health, workers, under_way, table, caches, emptying, numbers]
    shown = gr.State(tuple(Parts()))
    picture = gr.State("")

    async def look(before: Iterable[str]) -> list[object]:
        now = await parts(dashboard, Parts(*before))
        changes = zip(before, now, strict=True)
        return [tuple(now), *(gr.skip() if old == new else new for old, new in changes)]

    async def press(before: Iterable[str], event: gr.EventData) -> list[object]:
        note = await act(dashboard, *markup.pressed(event))
        return [note, *await look(before)]

    async def draw(minutes: int, before: str) -> list[object]:
        now = await charts(dashboard, minutes)
        return [gr.skip(), gr.skip()] if now == before else [now, now]

    looking = {"fn": look, "inputs": shown, "outputs": [shown, *places]}
    drawing = {"fn": draw, "inputs": [span, picture], "outputs": [picture, drawn]}
    page.load(**looking, **QUIET)
    page.load(**drawing, **QUIET)
    gr.Timer(_LOOK).tick(**looking, **QUIET)
    gr.Timer(_DRAW).tick(**drawing, **QUIET)
    span.change(**drawing, **QUIET)
    for pressed in (table, emptying):
        pressed.click(press, shown, [said, shown, *places], **QUIET)
    Asked(dashboard, "status", "status").wire()


async def act(dashboard: Dashboard, action: str, checkpoint: str) -> Html:
    """Do what a button asks for; what to tell the person who pressed it."""
    try:
        match action:
            case "pull" | "load" | "unload":
                accepted = await ask(getattr(dashboard.client, action)(checkpoint))
                deed = tr(_DEEDS[action], worker=accepted.worker, checkpoint=checkpoint)
            case "clear_caches":
                accepted = await ask(dashboard.client.clear_caches())
                deed = tr(
                    "{worker} will empty the caches before the next job.", worker=accepted.worker
                )
            case _:
                return Html("")
    except SpeechError as error:
        return markup.trouble(error)
    return markup.notice("note", deed)


async def parts(dashboard: Dashboard, before: Parts) -> Parts:
    """What the page shows now; where nobody answers, that, above what was there `before`."""
    try:
        status, models = await asyncio.gather(
            ask(dashboard.client.status()), ask(dashboard.client.models())
        )
        jobs = await _spoken(dashboard, status.workers)
    except SpeechError as error:
        return before._replace(health=markup.trouble(error))
    return _parts(dashboard, status, models, jobs)


async def charts(dashboard: Dashboard, minutes: int) -> Html:
    """The charts of the last minutes; what is wrong stands above, where there are none."""
    if minutes not in load.SPANS:
        return Html("")
    try:
        history, status = await asyncio.gather(
            ask(dashboard.client.history(minutes, load.POINTS)), ask(dashboard.client.status())
        )
    except SpeechError as error:
        return markup.empty(tr("There is nothing to draw."), error.message)
    return load.draw(history, minutes, status.workers)


async def _spoken(dashboard: Dashboard, workers: list[WorkerStatus]) -> dict[str, JobView]:
    """The jobs that workers are at, by id, as far as they are known."""
    if not any(each.job for each in workers):
        return {}
    found = await ask(dashboard.client.jobs(state="running", limit=_SHOWN))
    return {job.id: job for job in found.items}


def _parts(
    dashboard: Dashboard,
    status: Status,
    models: list[ModelView],
    jobs: Mapping[str, JobView],
) -> Parts:
    workers = status.workers
    speaks = told.main(workers)
    cards = [worker.card(dashboard, each, jobs) for each in workers]
    return Parts(
        health=markup.joined([health(workers), warnings(status)]),
        workers=markup.joined([element("h2", tr("Workers")), *cards]) if cards else "",
        under_way=checkpoints.under_way(models),
        checkpoints=checkpoints.table(models, workers, bool(speaks and speaks.engine.preview)),
        caches=worker.caches(workers),
        emptying=worker.emptying(workers),
        numbers=_numbers(status),
    )


# --- health ----------------------------------------------------------------------------------


def health(workers: list[WorkerStatus]) -> Html:
    """How it is, in one sentence."""
    speaks = told.main(workers)
    if speaks is None:
        said = tr("No worker that speaks is alive.") if workers else tr("No worker is alive.")
        return markup.notice("error", said, tr("Start one with `make run`; what is sent waits."))
    if not speaks.ready:
        said = tr("{worker} cannot speak: {why}", worker=speaks.name, why=speaks.trouble)
        return markup.notice("error", said, tr("Download a checkpoint below, or see the warnings."))
    return markup.notice("well", _ready(speaks), _unloaded(speaks))


def _ready(speaks: WorkerStatus) -> str:
    engine = speaks.engine
    return tr(
        "Ready: {engine} on {device}, {precision}.",
        engine=" ".join(dict.fromkeys([engine.name, *speaks.loaded])),
        device=engine.device,
        precision=" / ".join(dict.fromkeys(it.report.precision for it in speaks.loaded.values()))
        or engine.precision,
    )


def _unloaded(speaks: WorkerStatus) -> str:
    """What to expect where no checkpoint is loaded; empty where one is, or none is needed."""
    if speaks.loaded or speaks.engine.preview:
        return ""
    return tr("No checkpoint is loaded yet: the first job loads one, which takes a moment.")


def warnings(status: Status) -> Html:
    """What the service and its workers found amiss, and behind a fold all that they looked at."""
    found: dict[Finding, list[str]] = {}
    for each in status.workers:
        for finding in each.findings:
            found.setdefault(finding, []).append(each.name)
    own = [finding for finding in status.findings if finding.subject != "worker"]
    warned = [(finding, found.get(finding, [])) for finding in (*own, *found) if _warns(finding)]
    warned.sort(key=lambda it: it[0].verdict != "bad")
    several = len(status.workers) > 1
    return markup.joined(
        [
            *(_warning(finding, names if several else []) for finding, names in warned),
            _looked_at(found) if found else None,
        ]
    )


def _warns(finding: Finding) -> bool:
    return finding.verdict == "bad" or (finding.verdict == "note" and bool(finding.advice))


def _warning(finding: Finding, names: list[str]) -> Html:
    kind = "error" if finding.verdict == "bad" else "warning"
    where = f" ({', '.join(names)})" if names else ""
    subject = element("span", f"{finding.subject}{where}: ", class_="subject")
    said = element("span", markup.prose(finding.fact))
    advice = element("span", " ", markup.prose(finding.advice), class_="hint")
    return element("div", subject, said, advice, class_=f"notice {kind}", role="status")


def _looked_at(found: Mapping[Finding, list[str]]) -> Html:
    """Findings that nobody need do anything about."""
    rest = [(finding.subject, finding.fact) for finding in found if not _warns(finding)]
    return element(
        "details",
        element("summary", tr("What the workers found in order")),
        markup.facts(rest),
        class_="checked-list",
    )


# --- numbers ---------------------------------------------------------------------------------


def _numbers(status: Status) -> Html:
    queue, disk = status.queue, status.outputs
    waiting = ", ".join(f"{count} {name}" for name, count in queue.waiting.items() if count)
    used = tr("{count}, {size}", count=f"{disk.outputs:,}", size=markup.size(disk.bytes))
    trash = tr("{count}, {size}", count=f"{disk.trash:,}", size=markup.size(disk.trash_bytes))
    facts = markup.facts(
        [
            (tr("Waiting"), waiting or tr("nothing")),
            (tr("Running"), queue.running),
            (tr("Room for"), tr("{count} jobs", count=queue.limit)),
            (tr("Pace"), tr("{pace} s per second of sound", pace=f"{queue.pace:.2f}")),
            (tr("Outputs"), used),
            (tr("Trash"), trash),
            (tr("Free on disk"), markup.size(disk.free_bytes)),
            (tr("Version"), status.version),
        ]
    )
    return markup.joined(
        [element("h2", tr("Queue and disk")), element("div", facts, class_="card")]
    )
