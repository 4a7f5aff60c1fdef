"""Voices that nobody can hear yet read a sentence, one after the other, until all have a sample."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient, ServiceUnreachable
from shared.errors import SpeechError
from shared.states import JobState
from shared.voices.view import VoiceView
from ui import library, markup, result
from ui.dashboard import QUIET, Dashboard, ask, shown
from ui.markup import Html, element
from ui.translation import plural, tr

_LOOK = 0.7
"""Seconds between two looks at jobs that have not ended."""
_AT_ONCE = 2
"""Voices that read at a time, so that whoever speaks meanwhile waits for no more."""
_NOBODY: Mapping[str, Any] = {"jobs": {}, "left": [], "of": 0, "faults": []}


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
        self.held = gr.State(dict(_NOBODY))
        """`jobs` that read, by the voice; voices that are `left` to read, `of` how many; what went
        wrong, as `faults`."""
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `begin` updates."""
        return [self.held, self._timer, self._stop, self._said]

    def offer(self, voices: list[VoiceView]) -> gr.Button:
        """The button that lets all read that have no sample, with how many those are."""
        mute = sum(not voice.has_sample for voice in voices)
        label = plural("Make a sample for {count} voice", "Make samples for {count} voices", mute)
        return gr.Button(label, elem_classes=shown(mute > 0))

    async def begin(self, voice_ids: list[str], held: Mapping[str, Any]) -> list[Any]:
        """Let voices read, after those that do already."""
        known = {*held["jobs"], *held["left"]}
        new = [voice_id for voice_id in voice_ids if voice_id not in known]
        more = {"left": [*held["left"], *new], "of": held["of"] + len(new)}
        faults = held["faults"] if known else []
        return self._shown(await self._filled({**held, **more, "faults": faults}))

    def wire(
        self,
        look: Callable[..., Awaitable[list[Any]]],
        query: list[Any],
        listing: list[Any],
    ) -> None:
        """Join the buttons; whenever a voice can be heard, `look` says what the `listing` shows."""

        async def tick(held: dict[str, Any], *query: Any) -> list[Any]:
            now = await self._filled(await self._ended(held))
            if now == held:
                return [gr.skip()] * (len(self.outputs) + len(listing))
            return [*self._shown(now), *await look(*query)]

        async def every(held: dict[str, Any]) -> list[Any]:
            voices = await library.everyone(self._client)
            return await self.begin([each.id for each in voices if not each.has_sample], held)

        self.all.click(every, self.held, self.outputs, **QUIET)
        self._stop.click(self._halt, self.held, self.outputs, **QUIET)
        self._timer.tick(tick, [self.held, *query], [*self.outputs, *listing], **QUIET)

    # --- steps ---

    async def _filled(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """With as many jobs as may be; one that is refused ends what is left."""
        jobs, left, faults = dict(held["jobs"]), list(held["left"]), list(held["faults"])
        while left and len(jobs) < _AT_ONCE:
            try:
                jobs[left[0]] = (await ask(self._client.read_sample(left[0]))).id
                del left[0]
            except SpeechError as error:
                faults.append(markup.trouble(error))
                left.clear()
        return {**held, "jobs": jobs, "left": left, "faults": faults}

    async def _ended(self, held: Mapping[str, Any]) -> dict[str, Any]:
        """Without the jobs that have ended, whose sound the voices have now."""
        ended = {voice: await self._end(voice, job) for voice, job in held["jobs"].items()}
        jobs = {voice: job for voice, job in held["jobs"].items() if ended[voice] is None}
        faults = [*held["faults"], *filter(None, ended.values())]
        return {**held, "jobs": jobs, "faults": faults}

    async def _end(self, voice_id: str, job_id: str) -> str | None:
        """What went wrong with a job, empty if nothing; None while it has not ended."""
        try:
            job = await ask(self._client.job(job_id))
            if not job.state.terminal:
                return None
            if job.state is not JobState.SUCCEEDED:
                return result.told(self._dashboard, job)
            await ask(self._client.set_voice_sample(voice_id, job_id))
        except ServiceUnreachable:  # the banner tells of it
            return None
        except SpeechError as error:
            return markup.trouble(error)
        return ""

    async def _halt(self, held: Mapping[str, Any]) -> list[Any]:
        """Those that read now are cancelled; what was read is kept."""
        faults: list[str] = []
        for job_id in held["jobs"].values():
            try:
                await ask(self._client.cancel(job_id))
            except SpeechError as error:
                faults.append(markup.trouble(error))
        return self._shown({**_NOBODY, "faults": faults})

    def _shown(self, held: Mapping[str, Any]) -> list[Any]:
        busy = bool(held["jobs"] or held["left"])
        now = dict(held) if busy else {**_NOBODY, "faults": held["faults"]}
        stop = gr.Button(elem_classes=shown(busy))
        return [now, gr.Timer(active=busy), stop, _told(held, busy)]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _told(held: Mapping[str, Any], busy: bool) -> Html:
    """How far it is, and what went wrong."""
    faults = [Html(fault) for fault in held["faults"]]
    if not busy:
        return markup.joined(faults)
    done = held["of"] - len(held["jobs"]) - len(held["left"])
    words = tr("{done} of {count} voices have read.", done=done, count=held["of"])
    bar = markup.bar(done / held["of"], words)
    return markup.joined([element("div", bar, element("span", words, class_="hint")), *faults])
