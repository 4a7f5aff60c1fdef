"""Presets on a page: choose one to fill the form, save what the form holds as another."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from ui import library, markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.markup import Html


class Saving:
    """A fold with the picker of presets and a name to save one under; `wire` joins it to a form."""

    def __init__(self, form: Form) -> None:
        with gr.Accordion("Presets", open=False, elem_id="presets"):
            self._preset = form.place("preset")
            with gr.Row(elem_classes=["keep"]):
                self._name = gr.Textbox(
                    label="Save these settings as",
                    placeholder="Bedtime",
                    max_length=80,
                    elem_id="preset-name",
                    scale=3,
                )
                self._save = gr.Button("Save as preset", elem_id="save-preset")
            self._said = markup.place(elem_id="preset-said")

    def wire(self, dashboard: Dashboard, task: str, form: Form) -> None:
        """Join it to the form that it fills and saves."""

        async def save(name: str, *values: Any) -> list[Any]:
            try:
                kept = await ask(dashboard.client.save_preset(name, task, form.manner(values)))
            except SpeechError as error:
                return [gr.skip(), markup.trouble(error)]
            found = await library.presets(dashboard.client, task)
            return [library.picker(library.titles(found), kept.name), _saved(kept.name)]

        for trigger in (self._save.click, self._name.submit):
            trigger(save, [self._name, *form.inputs], [self._preset, self._said], **QUIET)


def _saved(name: str) -> Html:
    return markup.notice("note", f"{name} is saved.", "Its text and files are not part of it.")
