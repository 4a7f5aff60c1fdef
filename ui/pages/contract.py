"""The page that every contract has from the day it is declared."""

import gradio as gr

from shared.requests.declared import Declared
from ui.dashboard import Dashboard
from ui.form import Form
from ui.pages import frame
from ui.playing import Playing


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """A widget for every field, filled in with the contract's example."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            form.rest()
        with gr.Column(scale=2, min_width=320):
            verb = "Speak" if "text" in contract.model_fields else contract.title
            playing = Playing(dashboard, contract, verb, "What comes of it appears here.")
    playing.wire(page, form)
