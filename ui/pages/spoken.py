"""What the pages of all tasks that read a text have in common: the text box, the language."""

from typing import Any

import gradio as gr

from shared import languages
from ui import markup
from ui.dashboard import QUIET
from ui.form import Form
from ui.markup import Html, element
from ui.saving import Saving
from ui.translation import tr

_COUNT = """(text) => {
  const counter = document.querySelector("#count");
  if (counter) counter.textContent = Array.from(text ?? "").length.toLocaleString("en");
  return [];
}"""


def text(form: Form, lines: int = 8) -> Any:
    """The box of what is read, which counts its characters."""
    box = form.place("text", lines=lines, max_lines=20, elem_classes=["spoken"], info=None)
    markup.place(_counter(form))
    box.change(None, box, None, js=_COUNT, **QUIET)
    return box


def manner(form: Form) -> Saving:
    """How it is read: the mood, the seed, the format, and presets of all that."""
    form.place("emotion", info=tr("The Emotions page tells what each of them does."))
    with gr.Row():
        drawn = tr("Left out, one is drawn.")
        form.place("seed", info=drawn, placeholder=tr("drawn"), value=None, min_width=140)
        form.place("format", info=tr("Of the finished file."), min_width=140)
    return Saving(form)


def language(form: Form) -> None:
    """The picker of the language."""
    choices = form.fields["language"].choices
    auto = tr("Auto: told by the text")
    words = [(auto if value == languages.AUTO else tr(name), value) for name, value in choices]
    form.place("language", choices=words, info=None)


def _counter(form: Form) -> Html:
    field = form.fields["text"]
    count = element("span", f"{len(field.initial):,}", id="count")
    room = tr(" of {count:,} characters", count=field.length)
    return element("div", count, room, class_="counter hint")
