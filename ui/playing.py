"""Submit and play: the part that the pages of all tasks share."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol
from uuid import UUID

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError, UnknownJob
from shared.jobs import JobView
from shared.requests.declared import Declared
from shared.states import JobState
from ui import chosen, drafts, job_rows, markup, player, recordings, result, sending
from ui.dashboard import QUIET, Dashboard, ask
from ui.drafts import Drafts
from ui.form import Form
from ui.keeping import Keeping
from ui.markup import Html
from ui.planning import Planning
from ui.recent import Recent
from ui.translation import mark, tr

_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""
_SETTLES = 3.0
"""Seconds that a job waits before anybody asks whether there is a worker for it."""
_TEACH = mark("What you let speak is heard here while it is made.")


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
                tr(verb),
                variant="primary",
                elem_id="speak",
                elem_classes=[player.START],
                scale=3,
                min_width=120,
            )
            self.plan = gr.Button(tr("Plan"), elem_id="make-plan", min_width=80) if rests else None
            self._step = _step_button(None) if rests else None
            self._stop = gr.Button(
                tr("Stop"), variant="stop", interactive=False, elem_id="stop", min_width=80
            )
        self._drafts = Drafts(dashboard)
        self._said = markup.place(elem_id="said")
        self.player = markup.place(elem_id="player")
        self.told = markup.place(_untouched(teach), elem_id="told", listens=True)
        self._panels: list[Panel] = []
        self._keeping = Keeping(dashboard) if "candidates" in contract.model_fields else None
        self._recent = Recent(dashboard, contract.name)
        self._planning: Planning | None = None
        self._job = gr.State("")
        self._awaited = gr.State("")
        """A job that the address names and that could not be asked for yet."""
        self._ended = gr.State("")
        """The job whose end was shown last."""
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
        shown = self._shown
        plan = planning.outputs if planning else []
        held = [planning.held] if planning else []

        async def submit(*values: Any) -> list[Any]:
            return await self._submit(form, values)

        async def resume(draft: dict[str, Any] | None, request: gr.Request) -> list[Any]:
            return await self._open(form, draft, request.query_params)

        looks: list[Any] = []
        for trigger in (self._start.click, *(box.submit for box in also)):
            sent = trigger(submit, [*held, *form.inputs], [*shown, *plan], **QUIET)
            looks.append(sent.then)
        looked = [*shown, self._awaited, self._ended]
        known = [self._job, self._awaited, self._ended]
        self._timer.tick(self._look, known, looked, **QUIET)
        self._ended.change(_look_on, [self._job, self._ended], self._timer, **QUIET)
        self._stop.click(
            self._cancel, self._job, [self._said, self._stop], js=player.STOP_FIRST, **QUIET
        )
        if self._step:
            asked = [self._job, self._step]
            looks.append(self._step.click(self._take_step, asked, shown, **QUIET).then)
        self._drafts.wire(page, form)
        page.load(
            resume,
            self._drafts.held,
            [*shown, self._awaited, *plan, *form.outputs],
            js=self._drafts.script("asked"),
            **QUIET,
        )
        for listing in (self._recent.listing, self.told):
            looks.append(listing.click(self._press, self._job, shown, **QUIET).then)
        self._recent.wire(self._job, page.load, *looks)
        for slot in form.slots.values():
            sending.wire(self._client, slot)
        chosen.wire(self._client, self._contract.name, form)
        if self._keeping:
            self._keeping.wire(self._job, form.widgets["seed"], self._start)

    @property
    def _shown(self) -> list[Any]:
        """What another job on the page updates."""
        return [self._job, self._said, self.player, *self._looked]

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

    async def _open(
        self, form: Form, draft: Mapping[str, Any] | None, query: Mapping[str, str]
    ) -> list[Any]:
        """What the page's address names (a job with its settings, a voice, an emotion, a preset)
        or, where there is a draft, that with the job."""
        shown: list[Any] = [gr.skip()] * len(self._shown)
        plan = [gr.skip()] * len(self._planning.outputs) if self._planning else []
        awaited: Any = gr.skip()
        request: dict[str, Any] = {}
        if _is_id(query.get("job", "")):
            try:
                job = await ask(self._client.job(query["job"]))
            except UnknownJob:
                shown[1] = _gone()
            except SpeechError as error:
                shown[1:5] = [markup.lasting(error), gr.skip(), gr.skip(), gr.Timer(active=True)]
                awaited = query["job"]
            else:
                shown = await self._show(job, self._heard(job))
                request = job.request if job.task == self._contract.name else {}
        if self._planning and request.get("plan"):
            plan = await self._planning.again(request)
        return [*shown, awaited, *plan, *await self._fields(form, draft, query, request)]

    async def _fields(
        self,
        form: Form,
        draft: Mapping[str, Any] | None,
        query: Mapping[str, str],
        request: Mapping[str, Any],
    ) -> list[Any]:
        """Updates of the form as the page opens; of nothing that somebody may be typing in."""
        if draft is not None:
            return await drafts.restored(self._client, self._contract, form, draft)
        return await chosen.at_first(self._client, self._contract, form, query, request)

    async def _show(self, job: JobView, heard: Html) -> list[Any]:
        return [job.id, "", heard, *await self._state(job)]

    async def _state(self, job: JobView) -> list[Any]:
        """What `_looked` shows of a job."""
        running = not job.state.terminal
        step = [_step_button(job)] if self._step else []
        panels = [update for panel in self._panels for update in await panel.offer(job)]
        told = await self._told(job)
        return [told, gr.Timer(active=running), gr.Button(interactive=running), *step, *panels]

    async def _told(self, job: JobView) -> Html:
        return result.told(self._dashboard, job, await self._away(job))

    async def _away(self, job: JobView) -> str:
        """Why nobody takes a job that waits; empty where somebody will. Raises SpeechError."""
        waits = (datetime.now(UTC) - job.created_at).total_seconds()
        if job.state is not JobState.QUEUED or waits < _SETTLES:
            return ""
        readiness = await ask(self._client.ready())
        return "" if readiness.worker else readiness.reason

    async def _look(self, job_id: str, awaited: str, ended: str) -> list[Any]:
        """How far the job is; while the service is away, that is said and looked again."""
        same: list[Any] = [gr.skip()] * len(self._shown)
        kept = [gr.skip(), gr.skip()]
        try:
            job = await ask(self._client.job(awaited or job_id))
            if awaited:
                return [*await self._show(job, self._heard(job)), "", gr.skip()]
            if job.state.terminal and job.id == ended:
                # A tick more, while the timer was being stopped: somebody may type in a panel now.
                return [*same[:4], gr.Timer(active=False), *same[5:], *kept]
            if job.state.terminal:
                return [*same[:3], *await self._state(job), gr.skip(), job.id]
            told = await self._told(job)
        except UnknownJob:
            over = [_gone(), gr.Timer(active=False), gr.Button(interactive=False)]
            return ["", "", gr.skip(), *over, *same[6:], "", gr.skip()]
        except SpeechError as error:
            if awaited:
                return [gr.skip(), markup.lasting(error), *same[2:], *kept]
            return [*same[:3], markup.lasting(error), *same[4:], *kept]
        step = [_step_button(job)] if self._step else []
        return [*same[:3], told, gr.skip(), gr.skip(), *step, *same[6 + len(step) :], *kept]

    async def _cancel(self, job_id: str) -> list[Any]:
        try:
            await ask(self._client.cancel(job_id))
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]
        return ["", gr.Button(interactive=False)]

    async def _take_step(self, job_id: str, label: str) -> list[Any]:
        """Pause or resume, whichever the button said; what has ended goes on as another job."""
        step = "pause" if label == tr(job_rows.STEPS["pause"]) else "resume"
        try:
            job = await job_rows.act(self._dashboard, step, job_id)
        except SpeechError as error:
            return self._refused(error)
        return await self._go_on(job, job_id)

    async def _press(self, job_id: str, event: gr.EventData) -> list[Any]:
        """A button of a job: of the one that is shown, or of one before."""
        action, pressed = markup.pressed(event)
        try:
            job = await job_rows.act(self._dashboard, action, pressed)
        except UnknownJob:
            return [gr.skip(), _gone(), *[gr.skip()] * (len(self._shown) - 2)]
        except SpeechError as error:
            return self._refused(error)
        if action == "open":
            return await self._show(job, self._heard(job))
        if job.id != pressed or pressed == job_id:
            return await self._go_on(job, job_id)
        return [gr.skip(), "", *[gr.skip()] * (len(self._shown) - 2)]

    async def _go_on(self, job: JobView, before: str) -> list[Any]:
        """A job after a step; it is heard on, or from its beginning where it is another."""
        shown = await self._show(job, self._listen(job, autoplay=True))
        if job.id == before:
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
    step = next((step for step in ("pause", "resume") if job and step in job.links), None)
    label = tr(job_rows.STEPS[step or "pause"])
    return gr.Button(label, interactive=step is not None, elem_id="step", min_width=90)


def _look_on(job_id: str, ended: str) -> Any:
    """Goes on looking where another job was submitted while a look found that one at its end."""
    return gr.skip() if ended == job_id else gr.Timer(active=True)


def _untouched(teach: str) -> Html:
    return markup.empty(tr(teach or _TEACH))


def _gone() -> Html:
    return markup.notice(
        "note",
        tr("This job is gone."),
        tr("It was deleted, or is so old that the service has forgotten it. Submit it once more."),
    )


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
