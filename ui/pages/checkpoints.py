"""The checkpoints on the System page: what lies on disk, what is loaded, what is done with them."""

from collections.abc import Iterator

from shared.status import ModelAction, WorkerStatus
from shared.views import ModelView
from ui import markup
from ui.markup import Html, element
from ui.pages import worker
from ui.translation import mark, plural, tr

_LABELS = {
    "absent": mark("Download"),
    "partial": mark("Download the rest"),
    "damaged": mark("Download again"),
}
"""Of the button that makes a checkpoint whole, by its state."""
_STATES = {
    "absent": mark("not here"),
    "partial": mark("incomplete"),
    "present": mark("on disk"),
    "damaged": mark("damaged"),
}
_DOING = {
    "pull": mark("downloading"),
    "load": mark("loading"),
    "unload": mark("unloading"),
}
_FAILED = {
    "pull": mark("{checkpoint} was not downloaded."),
    "load": mark("{checkpoint} was not loaded."),
    "unload": mark("{checkpoint} was not unloaded."),
}
_OWN = "local"
"""Revision of a checkpoint of one's own, which nobody can download."""


def table(models: list[ModelView], workers: list[WorkerStatus], preview: bool) -> Html:
    """All of them; the `preview` engine loads none."""
    headings = (tr("Checkpoint"), tr("State"), tr("Memory"), "")
    about = tr("The preview engine needs no checkpoint. Qwen3-TTS speaks once one is here.")
    return markup.joined(
        [
            element("h2", tr("Checkpoints")),
            element("p", about, class_="hint") if preview else None,
            markup.table(headings, (_row(model, workers, preview) for model in models)),
        ]
    )


def under_way(models: list[ModelView]) -> Html:
    """What is being done with them, and what did not work; empty while there is neither."""
    return markup.joined(
        _action(model.id, model.action)
        for model in models
        if model.action and model.action.state != "done"
    )


def _row(model: ModelView, workers: list[WorkerStatus], preview: bool) -> tuple[object, ...]:
    doing = _doing(model)
    badge = "running-action" if doing else model.state
    buttons = [] if doing else _buttons(model, preview)
    return (
        markup.joined(
            [
                element("div", model.id, class_="excerpt"),
                element("div", _detail(model), class_="hint"),
            ]
        ),
        element(
            "span", doing or tr(_STATES.get(model.state, model.state)), class_=f"badge {badge}"
        ),
        worker.loaded(model.id, workers),
        element("div", *buttons, class_="actions"),
    )


def _doing(model: ModelView) -> str:
    """What is done with it, without a number: the row has a button, and stays as it is."""
    action = model.action
    if action is None or action.state not in ("waiting", "running"):
        return ""
    return tr(_DOING.get(action.action, action.action))


def _buttons(model: ModelView, preview: bool) -> Iterator[Html]:
    if model.state in _LABELS:
        if model.revision != _OWN:
            yield markup.button("pull", model.id, tr(_LABELS[model.state]), model.id)
    elif model.loaded_by:
        yield markup.button("unload", model.id, tr("Unload"), model.id)
    elif not preview:
        yield markup.button("load", model.id, tr("Load"), model.id)


def _detail(model: ModelView) -> str:
    parts = [model.size, model.kind.replace("_", " ")]
    if model.bytes:
        parts.append(markup.size(model.bytes))
    if broken := len(model.damaged) + len(model.missing):
        parts.append(
            plural("{count} file missing or damaged", "{count} files missing or damaged", broken)
        )
    return " · ".join(parts)


def _action(checkpoint: str, action: ModelAction) -> Html:
    if action.state == "failed":
        failed = tr(_FAILED.get(action.action, action.action), checkpoint=checkpoint)
        return markup.notice("error", failed, action.message)
    doing = tr(_DOING.get(action.action, action.action))
    return element(
        "div",
        element("div", f"{checkpoint}: {doing}"),
        *_progress(action, f"{checkpoint}: {doing}"),
        class_="card action-now",
    )


def _progress(action: ModelAction, what: str) -> Iterator[Html]:
    if not action.total_bytes:
        # Nobody knows how far it is: a bar without a value says that it goes on.
        yield element("progress", aria_label=what)
        yield element("span", _patience(action), class_="hint")
        return
    words = ", ".join(_amounts(action))
    yield markup.bar(action.done_bytes / action.total_bytes, f"{what}, {words}")
    yield element("span", words, class_="hint")


def _patience(action: ModelAction) -> str:
    if action.state == "waiting":
        return tr("The worker is asked.")
    if action.action == "pull":
        return tr("The download begins.")
    return tr("It waits for the job that runs, if one does.")


def _amounts(action: ModelAction) -> Iterator[str]:
    done, total = action.done_bytes, action.total_bytes
    yield f"{done / total:.0%}"
    yield tr("{done} of {total}", done=_amount(done), total=_amount(total))
    if action.rate > 0:
        yield f"{_amount(round(action.rate))}/s"
        if left := (total - done) / action.rate:
            yield tr("about {time} left", time=markup.about(left))
    if action.message:
        yield action.message


def _amount(nbytes: int) -> str:
    if nbytes < 1e9:
        return markup.size(nbytes)
    return tr("{count} GB", count=f"{nbytes / 1e9:.2f}")
