"""Choosing one of the takes of a designed voice, and keeping it in the library."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.jobs import JobView
from ui import markup, result
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown


class Keeping:
    """Shown under a result that has candidates; `offer` says what `outputs` show of a job."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Column(elem_classes=shown(False), elem_id="keeping") as self._panel:
            self._take = gr.Radio([], label="Keep one in the library", elem_id="take")
            with gr.Row(elem_classes=["keep"]):
                self._name = gr.Textbox(
                    label="Name", placeholder="Old sailor", max_length=80, elem_id="name", scale=3
                )
                self._keep = gr.Button(
                    "Keep as voice", variant="primary", elem_id="keep", min_width=140
                )
            self._said = markup.place(elem_id="kept")
            self._again = gr.Button("Again with other seeds", elem_id="again")

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates."""
        return [self._panel, self._take, self._said]

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show the takes of a job; nothing while it has none."""
        takes = result.candidates(job)
        if not takes:
            return [gr.Column(elem_classes=shown(False)), gr.skip(), gr.skip()]
        choices = [(f"Candidate {take.number}", take.number) for take in takes]
        return [
            gr.Column(elem_classes=shown(True)),
            gr.Radio(choices=choices, value=takes[0].number),
            "",
        ]

    def wire(self, job: gr.State, seed: Any, start: gr.Button) -> None:
        """Join it to the page: the job shown, the field of the seed, the button that submits."""
        for trigger in (self._keep.click, self._name.submit):
            trigger(self._keep_it, [job, self._take, self._name], [self._said], **QUIET)
        press = f"() => {{ document.querySelector('#{start.elem_id}').click(); }}"
        self._again.click(_none, None, seed, **QUIET).then(None, js=press, **QUIET)

    async def _keep_it(self, job_id: str, take: int, name: str) -> list[Any]:
        try:
            voice = await ask(
                self._dashboard.client.create_voice(
                    {"name": name, "from_job": job_id, "candidate": take}
                ),
                LONGER,
            )
        except SpeechError as error:
            return [markup.trouble(error)]
        speak = markup.link(self._dashboard.page("voice_clone", voice=voice.id), "Speak with it")
        return [markup.notice("note", f"{voice.name} is in the library.", None, speak)]


def _none() -> None:
    """No seed: one is drawn."""
    return None
