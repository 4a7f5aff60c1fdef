"""A button that asks the service what a recording says."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from ui import markup
from ui.dashboard import LONGER, QUIET, Dashboard, ask
from ui.translation import tr


def transcribe(dashboard: Dashboard, sent: gr.State, words: Any) -> gr.Button:
    """Put it here: it fills the box of `words` with what the file that was `sent` says."""
    button = gr.Button(tr("Transcribe"), size="sm", elem_id="transcribe")
    said = markup.place(elem_id="transcribed")

    async def write(sent: dict[str, str]) -> list[Any]:
        if "id" not in sent:
            return [gr.skip(), markup.notice("note", tr("Put a recording in first."))]
        try:
            found = await ask(dashboard.client.transcribe(sent["id"]), LONGER)
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error)]
        return [found.text, markup.notice("note", tr("Read it over: every word must be right."))]

    listening = button.click(_listening, None, said, **QUIET)
    listening.then(write, sent, [words, said], **QUIET)
    return button


def _listening() -> str:
    return markup.notice("note", tr("Listening to it …"))
