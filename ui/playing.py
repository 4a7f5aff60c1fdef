"""Submit and play: the part that the pages of all tasks share."""

from typing import Any
from uuid import UUID

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError, UnknownJob
from shared.jobs import JobView
from shared.requests.declared import Declared, Format
from shared.states import JobState
from ui import markup, player
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.markup import Html, element

PREVIEW = "PREVIEW - this is not Qwen3-TTS."
DOWNLOADS: tuple[Format, ...] = ("wav", "flac", "mp3", "opus")
_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""


class Playing:
    """Buttons, player and result of one page; `wire` joins them to a form."""

    def __init__(self, dashboard: Dashboard, contract: type[Declared]) -> None:
        self._dashboard = dashboard
        self._contract = contract
        with gr.Row(elem_classes=["buttons"]):
            self._start = gr.Button(
                "Speak",
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
        self._told = markup.place(_untouched(), elem_id="told")
        self._job = gr.State("")
        self._timer = gr.Timer(_LOOK, active=False)

    def wire(self, page: gr.Blocks, form: Form, *also: gr.Textbox) -> None:
        """Let the buttons (and Shift+Enter in `also`) submit what the form holds."""
        shown = [self._job, self._said, self._player, self._told, self._timer, self._stop]

        async def submit(*values: Any) -> list[Any]:
            return await self._submit(form, values)

        async def resume(request: gr.Request) -> list[Any]:
            return await self._resume(form, request.query_params.get("job", ""))

        for trigger in (self._start.click, *(box.submit for box in also)):
            trigger(submit, form.inputs, shown, **QUIET)
        self._timer.tick(self._look, self._job, [self._told, self._timer, self._stop], **QUIET)
        self._stop.click(
            self._cancel, self._job, [self._said, self._stop], js=player.STOP_FIRST, **QUIET
        )
        page.load(resume, None, [*shown, *form.inputs], **QUIET)

    async def _submit(self, form: Form, values: tuple[Any, ...]) -> list[Any]:
        try:
            request = form.read(values)
            job = await ask(self._client.submit(self._contract.name, request))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), *[gr.skip()] * 4]
        return self._show(job, player.listen(job.id, autoplay=True))

    async def _resume(self, form: Form, job_id: str) -> list[Any]:
        """The job that the page's address names, with the settings it was made with."""
        nothing = [gr.skip()] * (6 + len(form.inputs))
        if not _is_id(job_id):
            return nothing
        try:
            job = await ask(self._client.job(job_id))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), *nothing[2:]]
        own = job.task == self._contract.name
        settings = form.fill(job.request) if own else [gr.skip()] * len(form.inputs)
        return [*self._show(job, _heard(job)), *settings]

    def _show(self, job: JobView, heard: Html) -> list[Any]:
        running = not job.state.terminal
        told = result(self._dashboard, job)
        return [job.id, "", heard, told, gr.Timer(active=running), gr.Button(interactive=running)]

    async def _look(self, job_id: str) -> list[Any]:
        """How far the job is; while the service is away, that is said and looked again."""
        try:
            job = await ask(self._client.job(job_id))
        except UnknownJob as error:
            return [markup.trouble(error), gr.Timer(active=False), gr.Button(interactive=False)]
        except SpeechError as error:
            return [markup.trouble(error), gr.skip(), gr.skip()]
        if not job.state.terminal:
            return [result(self._dashboard, job), gr.skip(), gr.skip()]
        ended = [gr.Timer(active=False), gr.Button(interactive=False)]
        return [result(self._dashboard, job), *ended]

    async def _cancel(self, job_id: str) -> list[Any]:
        try:
            await ask(self._client.cancel(job_id))
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]
        return ["", gr.Button(interactive=False)]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def result(dashboard: Dashboard, job: JobView) -> Html:
    """What is known of a job: how far it is, or what became of it."""
    warnings = (markup.notice("warning", warning) for warning in job.warnings)
    match job.state:
        case JobState.SUCCEEDED:
            parts = [_preview(job), _facts(job), downloads(dashboard, job.id), *warnings]
        case JobState.FAILED:
            parts = [_failure(job)]
        case JobState.CANCELLED:
            parts = [markup.notice("note", "Stopped.", "Nothing was kept.")]
        case _:
            parts = [_preview(job), _progress(job), *warnings]
    return element("div", *parts, class_="result", data_job=job.id, data_state=job.state.value)


def downloads(dashboard: Dashboard, job_id: str) -> Html:
    """Links to the finished audio in every usual format."""
    links = (
        markup.link(
            dashboard.audio(job_id, format), format, download=f"speech-{job_id[-8:]}.{format}"
        )
        for format in DOWNLOADS
    )
    return element("div", element("span", "Download", class_="hint"), *links, class_="downloads")


def progress(job: JobView) -> str:
    """How far a job is, in words."""
    if job.state is JobState.QUEUED:
        ahead = job.position or 0
        place = f"Waiting, {ahead} ahead" if ahead else "Waiting, next in line"
    else:
        place = job.stage.capitalize()
    rest = f", about {markup.about(job.eta_seconds)} left" if job.eta_seconds else ""
    return f"{place}{rest}"


def _progress(job: JobView) -> Html:
    words = progress(job)
    made = f" · {markup.seconds(job.audio_seconds)} of sound" if job.audio_seconds else ""
    return element("div", markup.bar(job.progress, words), element("span", words + made))


def _preview(job: JobView) -> Html | None:
    if not (job.engine and job.engine.preview):
        return None
    return markup.notice("preview", PREVIEW, f"{job.engine.version} speaks in its place.")


def _facts(job: JobView) -> Html:
    found = job.result or {}
    pace = found.get("timings", {}).get("real_time_factor")
    return markup.facts(
        [
            ("Engine", _engine(job)),
            ("Seed", job.seed),
            ("Length", markup.seconds(found.get("duration_seconds", job.audio_seconds))),
            ("Real-time factor", f"{pace:.2f}" if pace is not None else "unknown"),
        ]
    )


def _engine(job: JobView) -> str:
    if job.engine is None:
        return "unknown"
    checkpoint = "" if job.engine.preview else f", {job.engine.checkpoint}"
    return f"{job.engine.name}{checkpoint}"


def _failure(job: JobView) -> Html:
    error = job.error or {}
    return markup.notice("error", error.get("message", "The job failed."), error.get("hint"))


def _heard(job: JobView) -> Html:
    """The player of a job that is found again."""
    if job.state is JobState.SUCCEEDED:
        return player.replay(job.id, job.audio_seconds, remember=True)
    return Html("") if job.state.terminal else player.listen(job.id)


def _untouched() -> Html:
    return markup.empty("What you let speak is heard here while it is made.")


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
