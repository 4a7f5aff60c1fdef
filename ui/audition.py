"""Voices that nobody can hear yet read a sentence, one after the other, until all have a sample."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from shared.client import AsyncClient, ServiceUnreachable
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.states import JobState
from shared.voices.view import VoiceView
from ui import library, markup
from ui.dashboard import QUIET, Dashboard, ask, shown
from ui.markup import Html, element
from ui.translation import plural, tr

_LOOK = 0.7
"""Seconds between two looks at jobs that have not ended."""
_AT_ONCE = 2
"""Voices that read at a time, so that whoever speaks meanwhile waits for no more."""


@dataclass
class Reading:
    """What is going on in one session. Events share it and run between each other's questions to
    the service, so that each changes it on the spot and gives nothing back."""

    jobs: dict[str, str] = field(default_factory=dict[str, str])
    """Of those that read, by the voice; empty until the service has answered."""
    left: list[str] = field(default_factory=list[str])
    """Voices that are still to read."""
    of: int = 0
    """How many were asked to."""
    faults: list[Html] = field(default_factory=list[Html])
    """What went wrong, each said once."""

    @property
    def busy(self) -> bool:
        """Whether anybody reads or is to."""
        return bool(self.jobs or self.left)

    @property
    def done(self) -> int:
        """How many have read."""
        return self.of - len(self.jobs) - len(self.left)

    def ask(self, voice_ids: Iterable[str]) -> None:
        """Let voices read after those that do already."""
        if not self.busy:
            self.of, self.faults = 0, []
        new = [each for each in voice_ids if each not in self.jobs and each not in self.left]
        self.left += new
        self.of += len(new)

    def fail(self, fault: Html) -> None:
        """Say what went wrong."""
        if fault not in self.faults:
            self.faults.append(fault)

    def clear(self) -> list[str]:
        """Let nobody read any more; the jobs of those who did."""
        jobs = [job for job in self.jobs.values() if job]
        self.jobs.clear()
        self.left.clear()
        self.faults.clear()
        return jobs


class Audition:
    """Where it is said, with a button to stop; `wire` looks at the jobs."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Row(elem_classes=["auditions"]):
            self.all = gr.Button(
                elem_classes=shown(False), elem_id="sample-all", size="sm", min_width=230, scale=0
            )
            self._stop = gr.Button(
                tr("Stop"), elem_classes=shown(False), elem_id="stop-samples", size="sm",
                variant="stop", min_width=80, scale=0,
            )  # fmt: skip
        self._said = markup.place(elem_id="audition")
        self.held = gr.State(Reading())
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `begin` updates."""
        return [self._timer, self._stop, self._said]

    def offer(self, voices: list[VoiceView]) -> gr.Button:
        """The button that lets all read that have no sample, with how many those are."""
        mute = sum(not voice.has_sample for voice in voices)
        label = plural("Make a sample for {count} voice", "Make samples for {count} voices", mute)
        return gr.Button(label, elem_classes=shown(mute > 0))

    async def begin(self, voice_ids: Iterable[str], held: Reading) -> list[Any]:
        """Let voices read, after those that do already."""
        held.ask(voice_ids)
        await self._fill(held)
        return self._shown(held)

    def wire(
        self,
        look: Callable[..., Awaitable[list[Any]]],
        query: list[Any],
        listing: list[Any],
    ) -> None:
        """Join the buttons; whenever a voice can be heard, `look` says what the `listing` shows."""

        async def tick(held: Reading, *query: Any) -> list[Any]:
            before = held.done, held.busy
            await self._end(held)
            await self._fill(held)
            if (held.done, held.busy) == before:
                return [gr.skip()] * (len(self.outputs) + len(listing))
            return [*self._shown(held), *await look(*query)]

        async def every(held: Reading) -> list[Any]:
            voices = await library.everyone(self._client)
            return await self.begin((each.id for each in voices if not each.has_sample), held)

        self.all.click(every, self.held, self.outputs, **QUIET)
        self._stop.click(self._halt, self.held, self.outputs, **QUIET)
        self._timer.tick(tick, [self.held, *query], [*self.outputs, *listing], **QUIET)

    # --- steps ---

    async def _fill(self, held: Reading) -> None:
        """Submit as many jobs as may be; one that is refused ends what is left."""
        while held.left and len(held.jobs) < _AT_ONCE:
            voice_id = held.left.pop(0)
            held.jobs[voice_id] = ""
            try:
                job = await ask(self._client.read_sample(voice_id))
            except SpeechError as error:
                held.jobs.pop(voice_id, None)
                held.left.clear()
                held.fail(markup.trouble(error))
            else:
                if voice_id in held.jobs:
                    held.jobs[voice_id] = job.id
                else:  # it was stopped meanwhile
                    await self._cancel(held, job.id)

    async def _end(self, held: Reading) -> None:
        """Give the sound of jobs that have ended to their voices."""
        for voice_id, job_id in [each for each in held.jobs.items() if each[1]]:
            try:
                ended = await self._kept(voice_id, job_id, held)
            except ServiceUnreachable:  # the banner tells of it
                continue
            except SpeechError as error:
                held.fail(markup.trouble(error))
                ended = True
            if ended and held.jobs.get(voice_id) == job_id:
                del held.jobs[voice_id]

    async def _kept(self, voice_id: str, job_id: str, held: Reading) -> bool:
        """Whether a job has ended, whose sound the voice has then. Raises SpeechError."""
        job = await ask(self._client.job(job_id))
        if job.state is JobState.SUCCEEDED:
            await ask(self._client.set_voice_sample(voice_id, job_id))
        elif job.state.terminal:
            held.fail(_failure(job))
        return job.state.terminal

    async def _halt(self, held: Reading) -> list[Any]:
        """Those that read now are cancelled; what was read is kept."""
        for job_id in held.clear():
            await self._cancel(held, job_id)
        return self._shown(held)

    async def _cancel(self, held: Reading, job_id: str) -> None:
        try:
            await ask(self._client.cancel(job_id))
        except SpeechError as error:
            held.fail(markup.trouble(error))

    def _shown(self, held: Reading) -> list[Any]:
        stop = gr.Button(elem_classes=shown(held.busy))
        return [gr.Timer(active=held.busy), stop, _told(held)]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _failure(job: JobView) -> Html:
    """Why a voice has no sample, though it was to read."""
    if job.state is JobState.CANCELLED:
        return markup.notice("note", tr("A reading was stopped."), tr("Nothing was kept."))
    error = job.error or {}
    return markup.notice("error", error.get("message") or tr("The job failed."), error.get("hint"))


def _told(held: Reading) -> Html:
    """How far it is, and what went wrong."""
    if not held.busy:
        return markup.joined(held.faults)
    words = plural(
        "{done} of {count} voice has read.",
        "{done} of {count} voices have read.",
        held.of,
        done=held.done,
    )
    bar = markup.bar(held.done / held.of, words)
    hint = element("span", words, class_="hint")
    return markup.joined([element("div", bar, hint), *held.faults])
