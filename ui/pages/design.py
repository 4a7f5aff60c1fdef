"""Design, laid out by hand: a voice in words, several takes of it, and one to keep."""

import gradio as gr

from shared.requests.declared import Declared
from ui.dashboard import Dashboard
from ui.form import Form
from ui.pages import frame, spoken
from ui.playing import Playing
from ui.snippets import Snippets
from ui.translation import mark, tr

_TEACH = mark("The candidates are heard here. The one that you like best can be kept as a voice.")


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            description = form.place("description", lines=3, max_lines=8)
            text = spoken.text(form, lines=4)
            playing = Playing(dashboard, contract, tr("Design"), tr(_TEACH))
        with gr.Column(scale=2, min_width=320):
            form.place("candidates", info=tr("Takes to choose from, each with a seed of its own."))
            spoken.language(form)
            saving = spoken.manner(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text, description)
    Snippets(dashboard, contract).wire(form)
