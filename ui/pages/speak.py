"""Speak, laid out by hand: the text and its sound on one side, how it is read on the other."""

import gradio as gr

from shared.requests.declared import Declared
from ui.dashboard import Dashboard
from ui.form import Form
from ui.pages import frame, spoken
from ui.playing import Playing
from ui.snippets import Snippets
from ui.translation import tr


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            text = spoken.text(form)
            playing = Playing(dashboard, contract)
        with gr.Column(scale=2, min_width=320):
            form.place("speaker", info=None)
            spoken.language(form)
            form.place("instruct", lines=2, placeholder=tr("calm, like a bedtime story"))
            saving = spoken.manner(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text)
    Snippets(dashboard, contract).wire(form)
