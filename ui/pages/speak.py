"""Speak, laid out by hand: the text and its sound on one side, how it is read on the other."""

import gradio as gr

from shared import languages
from shared.requests.declared import Declared
from shared.speakers import SPEAKERS
from ui import markup
from ui.dashboard import QUIET, Dashboard
from ui.form import Form
from ui.markup import Html, element
from ui.pages import frame
from ui.playing import Playing

_COUNT = """(text) => {
  const counter = document.querySelector("#count");
  if (counter) counter.textContent = Array.from(text ?? "").length.toLocaleString("en");
  return [];
}"""


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.head(dashboard, page, contract.title, contract.summary)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            text = form.place("text", lines=8, max_lines=20, elem_classes=["spoken"], info=None)
            markup.place(_counter(form))
            playing = Playing(dashboard, contract)
        with gr.Column(scale=2, min_width=320):
            initial = form.fields["speaker"].initial
            speaker = form.place("speaker", choices=_speakers(), info=_description(initial))
            form.place("language", choices=_languages(form))
            form.place("instruct", lines=2, placeholder="calm, like a bedtime story")
            with gr.Row():
                form.place("seed", placeholder="drawn", min_width=140)
                form.place("format", min_width=140)
            form.rest()
    text.change(None, text, None, js=_COUNT, **QUIET)
    speaker.change(_described, speaker, speaker, **QUIET)
    playing.wire(page, form, text)


def _counter(form: Form) -> Html:
    field = form.fields["text"]
    count = element("span", f"{len(field.initial):,}", id="count")
    return element("div", count, f" of {field.length:,} characters", class_="counter hint")


def _speakers() -> list[tuple[str, str]]:
    return [(f"{who.name} · {who.language.capitalize()}", who.id) for who in SPEAKERS.values()]


def _description(speaker: str) -> str:
    return SPEAKERS[speaker].description if speaker in SPEAKERS else ""


def _described(speaker: str) -> gr.Dropdown:
    return gr.Dropdown(info=_description(speaker))


def _languages(form: Form) -> list[tuple[str, str]]:
    choices = form.fields["language"].choices
    return [("Auto: told by the text" if c == languages.AUTO else name, c) for name, c in choices]
