"""System: what speaks and why, the checkpoints, the queue and the disk."""

import gradio as gr

from shared.errors import SpeechError
from shared.jobs import moment
from shared.status import ModelAction, WorkerStatus
from shared.views import ModelView, Status
from ui import markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame

_LOOK = 2.0
_ACTIONS = ("pull", "load", "unload")


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it is looked up anew while it is open."""
    frame.head(dashboard, page, "System", "What speaks here, and what it needs.")
    said = markup.place(elem_id="said")
    view = markup.place(elem_id="system", listens=True)
    shown = gr.State("")
    timer = gr.Timer(_LOOK)

    async def look(before: str) -> list[object]:
        now = await _view(dashboard)
        return [gr.skip(), gr.skip()] if now == before else [now, now]

    async def act(event: gr.EventData) -> list[object]:
        note = await _act(dashboard, *markup.pressed(event))
        now = await _view(dashboard)
        return [note, now, now]

    page.load(look, shown, [shown, view], **QUIET)
    timer.tick(look, shown, [shown, view], **QUIET)
    view.click(act, None, [said, shown, view], **QUIET)


async def _act(dashboard: Dashboard, action: str, checkpoint: str) -> Html:
    if action not in _ACTIONS:
        return Html("")
    try:
        accepted = await ask(getattr(dashboard.client, action)(checkpoint))
    except SpeechError as error:
        return markup.trouble(error)
    return markup.notice("note", f"{accepted.worker} will {action} {checkpoint}.")


async def _view(dashboard: Dashboard) -> Html:
    try:
        status = await ask(dashboard.client.status())
        models = await ask(dashboard.client.models())
    except SpeechError as error:
        return markup.trouble(error)
    return markup.joined(
        [
            element("h2", "Workers"),
            *_workers(status.workers),
            element("h2", "Checkpoints"),
            markup.table(
                ("Checkpoint", "State", "Memory", ""), (_model(model) for model in models)
            ),
            element("h2", "Queue and disk"),
            _numbers(status),
        ]
    )


def _workers(workers: list[WorkerStatus]) -> list[Html]:
    if not workers:
        return [markup.notice("error", "No worker is alive.", "Start one with `make run`.")]
    return [_worker(worker) for worker in workers]


def _worker(worker: WorkerStatus) -> Html:
    state = "speaking" if worker.job else "idle" if worker.ready else "not ready"
    return element(
        "div",
        markup.facts(
            [
                ("Worker", f"{worker.name} on {worker.host}"),
                ("State", state),
                ("Engine", f"{worker.engine.name} ({worker.engine.version})"),
                ("Device", f"{worker.engine.device}, {worker.engine.precision}"),
                ("Up since", markup.ago(moment(worker.started_at))),
            ]
        ),
        element("p", worker.trouble or worker.reason, class_="hint"),
        class_="card",
    )


def _model(model: ModelView) -> tuple[object, ...]:
    wanted = ["pull"] if model.state != "present" else ["unload" if model.loaded_by else "load"]
    return (
        markup.joined(
            [
                element("div", model.id, class_="excerpt"),
                element("div", _detail(model), class_="hint"),
            ]
        ),
        element("span", model.state, class_=f"badge {model.state}"),
        ", ".join(model.loaded_by) or "not loaded",
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
