"""The page of every pipeline: a document, its plan, the recording, and its lines one by one."""

from collections.abc import Iterator
from typing import Any

import gradio as gr

from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline
from ui.dashboard import QUIET, Dashboard, shown
from ui.form import Form
from ui.lines import Lines
from ui.pages import frame, spoken
from ui.planning import Planning
from ui.playing import Playing
from ui.saving import Saving

TEXT, FILE = "Written here", "A file"
_SIDES = {TEXT: frozenset({"text"}), FILE: frozenset({"source"})}
_TEACH = (
    "Plan shows who says what, before anything is spoken. Speak is heard from its first line on."
)


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; the fields of the contract decide what is on it."""
    assert issubclass(contract, Pipeline)
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            text = _document(form)
            playing = Playing(dashboard, contract, teach=_TEACH)
            lines = Lines(dashboard, contract)
            planning = Planning(dashboard, contract, form)
        with gr.Column(scale=2, min_width=320):
            spoken.language(form)
            for name in _own(contract, form):
                form.place(name)
            saving = Saving(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    if playing.plan:
        planning.wire(form, playing.plan)
    lines.wire(playing.player, playing.told)
    playing.wire(page, form, text, planning=planning, panels=[lines])


def _document(form: Form) -> Any:
    """The document, as a text or as a file; the box of the text."""
    side = gr.Radio(list(_SIDES), value=TEXT, label="Document", elem_id="side")
    form.choose(side, _SIDES)
    with gr.Column(elem_id="from-text") as written:
        text = spoken.text(form)
    with gr.Column(elem_classes=shown(False), elem_id="from-file") as file:
        form.place("source", label="Document", info="")
    side.change(_seen, side, [written, file], **QUIET)
    return text


def _seen(side: str) -> list[Any]:
    return [gr.Column(elem_classes=shown(side == each)) for each in _SIDES]


def _own(contract: type[Pipeline], form: Form) -> Iterator[str]:
    """The fields of this pipeline alone, those that say who speaks first; then what is usual."""
    own = [name for name in contract.model_fields if name in contract.__annotations__]
    roles = [name for name in own if f"{name}.voice" in form.fields]
    yield from roles
    yield from (name for name in own if name not in (*roles, "cast", "format", "loudness"))
    yield from ("loudness", "format")
