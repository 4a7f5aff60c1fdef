"""Submit and play: the part that the pages of all tasks share."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol
from uuid import UUID

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError, UnknownJob
from shared.jobs import JobView
from shared.requests.declared import Declared
from shared.states import JobState
from ui import chosen, markup, player, recordings, result, sending
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.keeping import Keeping
from ui.markup import Html
from ui.planning import Planning

_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""
_STEPS = {"pause": "Pause", "resume": "Resume"}
"""What can be asked of a pipeline, as the links of its job call it."""


class Panel(Protocol):
    """A part of a page that shows more of what a job made."""

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates."""
        ...

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show a job."""
        ...


class Playing:
    """Buttons, player and result of one page; `wire` joins them to a form."""

    def __init__(
        self, dashboard: Dashboard, contract: type[Declared], verb: str = "Speak", teach: str = ""
    ) -> None:
        self._dashboard = dashboard
        self._contract = contract
        rests = contract.kind == "pipeline"
        with gr.Row(elem_classes=["buttons"]):
            self._start = gr.Button(
                verb,
                variant="primary",
                elem_id="speak",
                elem_classes=[player.START],
                scale=3,
                min_width=120,
            )
            self.plan = gr.Button("Plan", elem_id="make-plan", min_width=80) if rests else None
            self._step = _step_button(None) if rests else None
            self._stop = gr.Button(
                "Stop", variant="stop", interactive=False, elem_id="stop", min_width=80
            )
        self._said = markup.place(elem_id="said")
        self.player = markup.place(elem_id="player")
        self.told = markup.place(_untouched(teach), elem_id="told")
        self._panels: list[Panel] = []
        self._keeping = Keeping(dashboard) if "candidates" in contract.model_fields else None
        self._planning: Planning | None = None
        self._job = gr.State("")
        self._timer = gr.Timer(_LOOK, active=False)

    def wire(
        self,
        page: gr.Blocks,
        form: Form,
        *also: gr.Textbox,
        planning: Planning | None = None,
        panels: Sequence[Panel] = (),
    ) -> None:
        """Let the buttons (and Shift+Enter in `also`) submit what the form holds.

        With `planning`, what is spoken has a plan first, and is shown with it; `panels` show what
        came of it besides.
        """
        self._planning = planning
        self._panels = [*([self._keeping] if self._keeping else []), *panels]
        shown = [self._job, self._said, self.player, *self._looked]
        plan = planning.outputs if planning else []
        held = [planning.held] if planning else []

        async def submit(*values: Any) -> list[Any]:
            return await self._submit(form, values)

        async def resume(request: gr.Request) -> list[Any]:
            return await self._open(form, request.query_params)

        for trigger in (self._start.click, *(box.submit for box in also)):
            trigger(submit, [*held, *form.inputs], [*shown, *plan], **QUIET)
        self._timer.tick(self._look, [self._job, *held], self._looked, **QUIET)
        self._stop.click(
            self._cancel, self._job, [self._said, self._stop], js=player.STOP_FIRST, **QUIET
        )
        if self._step:
            self._step.click(self._take_step, self._job, shown, **QUIET)
        page.load(resume, None, [*shown, *plan, *form.outputs], **QUIET)
        for slot in form.slots.values():
            sending.wire(self._client, slot)
        chosen.wire(self._client, self._contract.name, form)
        if self._keeping:
            self._keeping.wire(self._job, form.widgets["seed"], self._start)

    @property
    def _looked(self) -> list[Any]:
        """What a look at a job updates: what is told of it, whether to look again, what can be
        done with it, and the panels."""
        step = [self._step] if self._step else []
        panels = [output for panel in self._panels for output in panel.outputs]
        return [self.told, self._timer, self._stop, *step, *panels]

    async def _submit(self, form: Form, values: tuple[Any, ...]) -> list[Any]:
        plan: list[Any] = []
        try:
            if self._planning:
                held, *values_ = values
                request = await sending.send(self._client, form, form.read(values_))
                plan_id, plan = await self._planning.of(request, held)
                request = {**request, "plan": plan_id}
            else:
                request = await sending.send(self._client, form, form.read(values))
            job = await ask(self._client.submit(self._contract.name, request))
        except SpeechError as error:
            unplanned = [gr.skip()] * len(self._planning.outputs) if self._planning else []
            return [*self._refused(error), *(plan or unplanned)]
        return [*await self._show(job, self._listen(job, autoplay=True)), *plan]

    async def _open(self, form: Form, query: Mapping[str, str]) -> list[Any]:
        """What the page's address names: a job with its settings, a voice, an emotion, a preset."""
        shown: list[Any] = [gr.skip()] * (3 + len(self._looked))
        plan = [gr.skip()] * len(self._planning.outputs) if self._planning else []
        request: dict[str, Any] = {}
        if _is_id(query.get("job", "")):
            try:
                job = await ask(self._client.job(query["job"]))
            except SpeechError as error:
                shown[1] = markup.trouble(error)
            else:
                shown = await self._show(job, self._heard(job))
                request = job.request if job.task == self._contract.name else {}
        if self._planning and request.get("plan"):
            plan = await self._planning.again(request)
        fields = await chosen.at_first(self._client, self._contract, form, query, request)
        return [*shown, *plan, *fields]

    async def _show(self, job: JobView, heard: Html) -> list[Any]:
        return [job.id, "", heard, *await self._state(job, "")]

    async def _state(self, job: JobView, at: str) -> list[Any]:
        """What `_looked` shows of a job."""
        running = not job.state.terminal
        step = [_step_button(job)] if self._step else []
        panels = [update for panel in self._panels for update in await panel.offer(job)]
        told = result.told(self._dashboard, job, at)
        return [told, gr.Timer(active=running), gr.Button(interactive=running), *step, *panels]

    async def _look(self, job_id: str, planned: Mapping[str, Any] | None = None) -> list[Any]:
        """How far the job is; while the service is away, that is said and looked again."""
        same = [gr.skip()] * (len(self._looked) - 3)
        try:
            job = await ask(self._client.job(job_id))
        except UnknownJob as error:
            ended = [gr.Timer(active=False), gr.Button(interactive=False)]
            return [markup.trouble(error), *ended, *same]
        except SpeechError as error:
            return [markup.trouble(error), gr.skip(), gr.skip(), *same]
        if job.state.terminal:
            return await self._state(job, "")
        at = self._planning.at(job, planned or {}) if self._planning else ""
        step = [_step_button(job)] if self._step else []
        told = result.told(self._dashboard, job, at)
        return [told, gr.skip(), gr.skip(), *step, *same[len(step) :]]

    async def _cancel(self, job_id: str) -> list[Any]:
        try:
            await ask(self._client.cancel(job_id))
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]
        return ["", gr.Button(interactive=False)]

    async def _take_step(self, job_id: str) -> list[Any]:
        """Pause or resume, whichever the job can; one that has ended goes on as another."""
        try:
            job = await ask(self._client.job(job_id))
            if "pause" in job.links:
                job = await ask(self._client.pause(job_id))
            else:
                job = await ask(self._client.resume(job_id))
        except SpeechError as error:
            return self._refused(error)
        shown = await self._show(job, self._listen(job, autoplay=True))
        if job.id == job_id:  # whoever hears it already hears on
            shown[2] = gr.skip()
        return shown

    def _refused(self, error: SpeechError) -> list[Any]:
        """What the page shows of a request that was not taken."""
        return [gr.skip(), markup.trouble(error), *[gr.skip()] * (1 + len(self._looked))]

    def _listen(self, job: JobView, *, autoplay: bool = False) -> Html:
        file = recordings.of_job(self._dashboard, job)
        return player.listen(job.id, autoplay=autoplay, file=file)

    def _heard(self, job: JobView) -> Html:
        """The player of a job that is found again."""
        if job.state is JobState.SUCCEEDED:
            return recordings.heard(self._dashboard, job)
        return Html("") if job.state.terminal else self._listen(job)

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _step_button(job: JobView | None) -> gr.Button:
    """The button that lets a job rest or go on; it cannot be pressed where the job can neither."""
    step = next((step for step in _STEPS if job and step in job.links), None)
    label = _STEPS[step or "pause"]
    return gr.Button(label, interactive=step is not None, elem_id="step", min_width=90)


def _untouched(teach: str) -> Html:
    return markup.empty(teach or "What you let speak is heard here while it is made.")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
