"""Submit and play: the part that the pages of all tasks share."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError, UnknownJob
from shared.jobs import JobView
from shared.requests.declared import Declared
from shared.states import JobState
from ui import chosen, markup, player, result, sending
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.keeping import Keeping
from ui.markup import Html

_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""


class Playing:
    """Buttons, player and result of one page; `wire` joins them to a form."""

    def __init__(
        self, dashboard: Dashboard, contract: type[Declared], verb: str = "Speak", teach: str = ""
    ) -> None:
        self._dashboard = dashboard
        self._contract = contract
        with gr.Row(elem_classes=["buttons"]):
            self._start = gr.Button(
                verb,
                variant="primary",
                elem_id="speak",
                elem_classes=[player.START],
                scale=3,
                min_width=120,
            )
            self._stop = gr.Button(
                "Stop", variant="stop", interactive=False, elem_id="stop", min_width=80
            )
        self._said = markup.place(elem_id="said")
        self._player = markup.place(elem_id="player")
        self._told = markup.place(_untouched(teach), elem_id="told")
        self._keeping = Keeping(dashboard) if "candidates" in contract.model_fields else None
        self._job = gr.State("")
        self._timer = gr.Timer(_LOOK, active=False)

    def wire(self, page: gr.Blocks, form: Form, *also: gr.Textbox) -> None:
        """Let the buttons (and Shift+Enter in `also`) submit what the form holds."""
        kept = self._keeping.outputs if self._keeping else []
        shown = [
            self._job, self._said, self._player, self._told, self._timer, self._stop, *kept
        ]  # fmt: skip
        looked = [self._told, self._timer, self._stop, *kept]

        async def submit(*values: Any) -> list[Any]:
            return await self._submit(form, values)

        async def resume(request: gr.Request) -> list[Any]:
            return await self._open(form, request.query_params)

        for trigger in (self._start.click, *(box.submit for box in also)):
            trigger(submit, form.inputs, shown, **QUIET)
        self._timer.tick(self._look, self._job, looked, **QUIET)
        self._stop.click(
            self._cancel, self._job, [self._said, self._stop], js=player.STOP_FIRST, **QUIET
        )
        page.load(resume, None, [*shown, *form.outputs], **QUIET)
        for slot in form.slots.values():
            sending.wire(self._client, slot)
        chosen.wire(self._client, self._contract.name, form)
        if self._keeping:
            self._keeping.wire(self._job, form.widgets["seed"], self._start)

    async def _submit(self, form: Form, values: tuple[Any, ...]) -> list[Any]:
        try:
            request = await sending.send(self._client, form, form.read(values))
            job = await ask(self._client.submit(self._contract.name, request))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), *[gr.skip()] * (4 + self._panels)]
        return self._show(job, player.listen(job.id, autoplay=True))

    async def _open(self, form: Form, query: Mapping[str, str]) -> list[Any]:
        """What the page's address names: a job with its settings, a voice, an emotion, a preset."""
        shown: list[Any] = [gr.skip()] * (6 + self._panels)
        request: dict[str, Any] = {}
        if _is_id(query.get("job", "")):
            try:
                job = await ask(self._client.job(query["job"]))
            except SpeechError as error:
                shown[1] = markup.trouble(error)
            else:
                shown = self._show(job, _heard(job))
                request = job.request if job.task == self._contract.name else {}
        return [*shown, *await chosen.at_first(self._client, self._contract, form, query, request)]

    def _show(self, job: JobView, heard: Html) -> list[Any]:
        running = not job.state.terminal
        told = result.told(self._dashboard, job)
        buttons = [gr.Timer(active=running), gr.Button(interactive=running)]
        return [job.id, "", heard, told, *buttons, *self._kept(job)]

    async def _look(self, job_id: str) -> list[Any]:
        """How far the job is; while the service is away, that is said and looked again."""
        same = [gr.skip()] * self._panels
        ended = [gr.Timer(active=False), gr.Button(interactive=False)]
        try:
            job = await ask(self._client.job(job_id))
        except UnknownJob as error:
            return [markup.trouble(error), *ended, *same]
        except SpeechError as error:
            return [markup.trouble(error), gr.skip(), gr.skip(), *same]
        told = result.told(self._dashboard, job)
        if not job.state.terminal:
            return [told, gr.skip(), gr.skip(), *same]
        return [told, *ended, *self._kept(job)]

    async def _cancel(self, job_id: str) -> list[Any]:
        try:
            await ask(self._client.cancel(job_id))
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]
        return ["", gr.Button(interactive=False)]

    def _kept(self, job: JobView) -> list[Any]:
        return self._keeping.offer(job) if self._keeping else []

    @property
    def _panels(self) -> int:
        return len(self._keeping.outputs) if self._keeping else 0

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _heard(job: JobView) -> Html:
    """The player of a job that is found again."""
    if job.state is JobState.SUCCEEDED:
        return player.replay(job.id, job.audio_seconds, remember=True)
    return Html("") if job.state.terminal else player.listen(job.id)


def _untouched(teach: str) -> Html:
    return markup.empty(teach or "What you let speak is heard here while it is made.")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
