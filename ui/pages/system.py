"""System: what speaks and why, the checkpoints, the queue and the disk."""

import gradio as gr

from shared.errors import SpeechError
from shared.status import ModelAction, WorkerStatus
from shared.views import ModelView, Status
from ui import markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame, worker

_LOOK = 2.0
"""Seconds between two looks."""

Parts = tuple[Html, Html]
"""The workers, whose readings change all the time, and all that has buttons: what is shown anew
takes the focus away."""


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it is looked up anew while it is open."""
    frame.head(dashboard, page, "system", "What speaks here, and what it needs.")
    said = markup.place(elem_id="said")
    workers = markup.place(elem_id="workers")
    view = markup.place(elem_id="system", listens=True)
    shown = gr.State(("", ""))
    timer = gr.Timer(_LOOK)

    async def look(before: Parts) -> list[object]:
        now = await parts(dashboard)
        changes = zip(before, now, strict=True)
        return [now, *(gr.skip() if old == new else new for old, new in changes)]

    async def press(event: gr.EventData) -> list[object]:
        note = await act(dashboard, *markup.pressed(event))
        now = await parts(dashboard)
        return [note, now, *now]

    page.load(look, shown, [shown, workers, view], **QUIET)
    timer.tick(look, shown, [shown, workers, view], **QUIET)
    view.click(press, None, [said, shown, workers, view], **QUIET)


async def act(dashboard: Dashboard, action: str, checkpoint: str) -> Html:
    """Do what a button asks for; what to tell the person who pressed it."""
    try:
        match action:
            case "pull" | "load" | "unload":
                accepted = await ask(getattr(dashboard.client, action)(checkpoint))
                deed = f"{action} {checkpoint}"
            case "clear_caches":
                accepted = await ask(dashboard.client.clear_caches())
                deed = "empty the caches before the next job"
            case _:
                return Html("")
    except SpeechError as error:
        return markup.trouble(error)
    return markup.notice("note", f"{accepted.worker} will {deed}.")


async def parts(dashboard: Dashboard) -> Parts:
    """What the page shows now."""
    try:
        status = await ask(dashboard.client.status())
        models = await ask(dashboard.client.models())
    except SpeechError as error:
        return markup.trouble(error), Html("")
    workers = markup.joined([element("h2", "Workers"), *_workers(status.workers)])
    return workers, _system(status, models)


def _system(status: Status, models: list[ModelView]) -> Html:
    return markup.joined(
        [
            worker.caches(status.workers),
            element("h2", "Checkpoints"),
            markup.table(
                ("Checkpoint", "State", "Memory", ""),
                (_model(model, status.workers) for model in models),
            ),
            element("h2", "Queue and disk"),
            _numbers(status),
        ]
    )


def _workers(workers: list[WorkerStatus]) -> list[Html]:
    if not workers:
        return [markup.notice("error", "No worker is alive.", "Start one with `make run`.")]
    return [worker.card(each) for each in workers]


def _model(model: ModelView, workers: list[WorkerStatus]) -> tuple[object, ...]:
    wanted = ["pull"] if model.state != "present" else ["unload" if model.loaded_by else "load"]
    return (
        markup.joined(
            [
                element("div", model.id, class_="excerpt"),
                element("div", _detail(model), class_="hint"),
            ]
        ),
        element("span", model.state, class_=f"badge {model.state}"),
        worker.loaded(model.id, workers),
        element(
            "div",
            *(markup.button(name, model.id, name.capitalize(), model.id) for name in wanted),
            class_="actions",
        ),
    )


def _detail(model: ModelView) -> Html:
    parts: list[object] = [f"{model.size} · {model.kind.replace('_', ' ')}"]
    if model.bytes:
        parts.append(f" · {markup.size(model.bytes)}")
    if broken := [*model.damaged, *model.missing]:
        parts.append(f" · {len(broken)} files missing or damaged")
    if model.action:
        parts.append(_action(model.action))
    return markup.joined(parts)


def _action(action: ModelAction) -> Html:
    words = f"{action.action}: {action.state}"
    if action.total_bytes and action.state == "running":
        words += f", {markup.size(action.done_bytes)} of {markup.size(action.total_bytes)}"
        moving = markup.bar(action.done_bytes / action.total_bytes, words)
        return element("div", moving, words)
    return element("div", f"{words} {action.message}".strip())


def _numbers(status: Status) -> Html:
    queue, disk = status.queue, status.outputs
    waiting = ", ".join(f"{count} {name}" for name, count in queue.waiting.items())
    return element(
        "div",
        markup.facts(
            [
                ("Waiting", waiting),
                ("Running", queue.running),
                ("Room for", f"{queue.limit} jobs"),
                ("Pace", f"{queue.pace:.2f} s per second of sound"),
                ("Outputs", f"{disk.outputs}, {markup.size(disk.bytes)}"),
                ("Trash", f"{disk.trash}, {markup.size(disk.trash_bytes)}"),
                ("Free on disk", markup.size(disk.free_bytes)),
                ("Version", status.version),
            ]
        ),
        class_="card",
    )
