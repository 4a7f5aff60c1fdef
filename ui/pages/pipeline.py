"""The page of every pipeline: a document, its plan, the recording, and its lines one by one."""

from collections.abc import Iterable, Sequence
from typing import Any

import gradio as gr

from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline
from ui import markup
from ui.dashboard import QUIET, Dashboard, shown
from ui.form import Form
from ui.lines import Lines
from ui.markup import Html, element
from ui.pages import frame, spoken
from ui.planning import OUTDATE, Planning
from ui.playing import Playing
from ui.saving import Saving
from ui.snippets import Snippets
from ui.translation import mark, tr

_TEXT, _FILE = mark("Written here"), mark("A file")
_SIDES = {_TEXT: frozenset({"text"}), _FILE: frozenset({"source"})}
_PROSE = ("txt", "md", "epub", "docx")
_SIDE, _FIELD = "side", "field-source"


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; the fields of the contract decide what is on it."""
    assert issubclass(contract, Pipeline)
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            text = _document(form)
        with gr.Column(scale=2, min_width=320) as settings:
            saving = _settings(form, contract)
    playing = Playing(dashboard, contract, teach=_teach())
    lines = Lines(dashboard, contract)
    planning = Planning(dashboard, contract, form)
    with settings:
        form.rest()
    saving.wire(dashboard, contract.name, form)
    if playing.plan:
        planning.wire(form, playing.plan)
    lines.wire(playing.player, playing.told)
    playing.wire(page, form, text, planning=planning, panels=[lines])
    Snippets(dashboard, contract).wire(form)


def _teach() -> str:
    return tr(
        "Plan shows who says what and how long it takes, before anything is spoken. Speak is heard "
        "from its first line on."
    )


def _document(form: Form) -> Any:
    """The document, as a text or as a file; the box of the text."""
    sides = {tr(side): fields for side, fields in _SIDES.items()}
    side = gr.Radio(list(sides), value=tr(_TEXT), label=tr("Document"), elem_id=_SIDE)
    form.choose(side, sides)
    with gr.Column(elem_id="from-text") as written:
        text = spoken.text(form, lines=12)
        sample = gr.Button(tr("Try a sample"), size="sm", elem_id="sample", scale=0, min_width=110)
    with gr.Column(elem_classes=shown(False), elem_id="from-file") as file:
        form.place("source", label=tr("Document"), info="")
    markup.place(_dropping(form))
    side.change(lambda chosen: _seen(chosen, sides), side, [written, file], **QUIET)
    example = form.fields["text"].initial
    sample.click(lambda: example, None, text, **QUIET).then(None, js=OUTDATE, **QUIET)
    return text


def _dropping(form: Form) -> Html:
    """What is seen while a document is dragged across the page, and what says that it may be."""
    hint = tr("Or drop a file anywhere on this page: {kinds}.", kinds=", ".join(_kinds(form)))
    zone = element("div", element("p", tr("Drop it here, and see its plan.")), class_="drop-zone")
    drop = element("document-drop", zone, field=_FIELD, side=_SIDE)
    return markup.joined([element("p", hint, class_="hint drop-hint"), drop])


def _kinds(form: Form) -> Sequence[str]:
    """How the documents of this pipeline may be written, as its field of that name says."""
    known = form.fields.get("form")
    return [name for name, it in known.choices if it != "auto"] if known else _PROSE


def _seen(side: str, sides: Iterable[str]) -> list[Any]:
    return [gr.Column(elem_classes=shown(side == each)) for each in sides]


def _settings(form: Form, contract: type[Pipeline]) -> Saving:
    """Who speaks and how: what is usual in sight, the rest in folds."""
    spoken.language(form)
    roles, others = _own(contract, form)
    for name in roles:
        form.place(name)
    with gr.Row():
        for name in ("loudness", "format"):
            form.place(name, min_width=140)
    if others:
        with gr.Accordion(tr("How it is read"), open=False):
            for name in others:
                form.place(name)
    return Saving(form)


def _own(contract: type[Pipeline], form: Form) -> tuple[list[str], list[str]]:
    """The fields of this pipeline alone: those that say who speaks, and the others."""
    own = [name for name in contract.model_fields if name in contract.__annotations__]
    roles = [name for name in own if f"{name}.voice" in form.fields]
    aside = (*roles, "cast", "format", "loudness")
    return roles, [name for name in own if name not in aside]
