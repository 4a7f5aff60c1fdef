"""Presets on a page: choose one to fill the form or delete it, save what the form holds."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from ui import library, markup
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.markup import Html
from ui.translation import mark, tr

_DELETE, _REALLY = mark("Delete preset"), mark("Delete for good")
_INFO = mark("Fills the form with the settings that it keeps.")


class Saving:
    """A fold with the picker of presets and a name to save one under; `wire` joins it to a form."""

    def __init__(self, form: Form) -> None:
        with gr.Accordion(tr("Presets"), open=False, elem_id="presets"):
            with gr.Row(elem_classes=["keep"]):
                self._preset = form.place("preset", info=tr(_INFO), scale=2)
                self._delete = gr.Button(tr(_DELETE), elem_id="delete-preset", min_width=150)
            with gr.Row(elem_classes=["keep"]):
                self._name = gr.Textbox(
                    label=tr("Save these settings as"),
                    placeholder=tr("Bedtime"),
                    max_length=80,
                    elem_id="preset-name",
                    scale=2,
                )
                self._save = gr.Button(tr("Save as preset"), elem_id="save-preset", min_width=150)
            self._doomed = gr.State("")
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

        async def delete(name: str | None, doomed: str) -> list[Any]:
            if not name:
                return [gr.skip(), *_asked(""), markup.notice("note", tr("Choose a preset first."))]
            if name != doomed:
                return [gr.skip(), *_asked(name), ""]
            try:
                await ask(dashboard.client.delete_preset(name))
            except SpeechError as error:
                return [gr.skip(), *_asked(""), markup.trouble(error)]
            left = library.titles(await library.presets(dashboard.client, task))
            said = markup.notice("note", tr("{name} was deleted.", name=name))
            return [gr.Dropdown(choices=left, value=None), *_asked(""), said]

        asked = [self._doomed, self._delete]
        self._preset.change(_asked, None, asked, **QUIET)
        self._delete.click(
            delete, [self._preset, self._doomed], [self._preset, *asked, self._said], **QUIET
        )
        for trigger in (self._save.click, self._name.submit):
            trigger(save, [self._name, *form.inputs], [self._preset, self._said], **QUIET)


def _saved(name: str) -> Html:
    saved = tr("{name} is saved.", name=name)
    return markup.notice("note", saved, tr("Its text and files are not part of it."))


def _asked(doomed: str = "") -> list[Any]:
    """The preset that is asked about once more, and the button that asks."""
    label, kind = (_REALLY, "stop") if doomed else (_DELETE, "secondary")
    return [doomed, gr.Button(tr(label), variant=kind)]
