"""Design, then clone, laid out by hand: a voice in words, its sample, and what it reads then."""

import gradio as gr

from shared.requests.declared import Declared
from ui.dashboard import Dashboard
from ui.form import Form
from ui.pages import frame, spoken
from ui.playing import Playing
from ui.snippets import Snippets
from ui.translation import mark, tr

_TEACH = mark(
    "One voice for every sentence: it is designed first, and what it reads is heard here."
)


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            form.place("description", lines=3, max_lines=8)
            form.place("sample_text", lines=2, max_lines=6)
            text = spoken.text(form, lines=5)
            playing = Playing(dashboard, contract, teach=tr(_TEACH))
        with gr.Column(scale=2, min_width=320):
            form.place("candidates", info=tr("Takes of the voice; each can be kept afterwards."))
            form.place("choose")
            form.place("lock_as", placeholder=tr("not kept"))
            spoken.language(form)
            saving = spoken.manner(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text)
    Snippets(dashboard, contract).wire(form)
