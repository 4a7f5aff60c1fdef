"""Speak, laid out by hand: the text and its sound on one side, how it is read on the other."""

import gradio as gr

from shared.requests.declared import Declared
from shared.speakers import SPEAKERS
from ui.dashboard import QUIET, Dashboard
from ui.form import Form
from ui.pages import frame, spoken
from ui.playing import Playing


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            text = spoken.text(form)
            playing = Playing(dashboard, contract)
        with gr.Column(scale=2, min_width=320):
            initial = form.fields["speaker"].initial
            speaker = form.place("speaker", choices=_speakers(), info=_description(initial))
            spoken.language(form)
            form.place("instruct", lines=2, placeholder="calm, like a bedtime story")
            saving = spoken.manner(form)
            form.rest()
    speaker.change(_described, speaker, speaker, **QUIET)
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text)


def _speakers() -> list[tuple[str, str]]:
    return [(f"{who.name} · {who.language.capitalize()}", who.id) for who in SPEAKERS.values()]


def _description(speaker: str) -> str:
    return SPEAKERS[speaker].description if speaker in SPEAKERS else ""


def _described(speaker: str) -> gr.Dropdown:
    return gr.Dropdown(info=_description(speaker))
