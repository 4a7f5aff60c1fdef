"""A voice that nobody can hear yet reads a sentence, which is its sample from then on."""

from collections.abc import Awaitable, Callable
from typing import Any

import gradio as gr

from shared.client import ServiceUnreachable
from shared.errors import SpeechError
from shared.states import JobState
from shared.text.samples import SAMPLES
from shared.voices.view import VoiceView
from ui import markup, result
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html

_LOOK = 0.7
"""Seconds between two looks at jobs that have not ended."""


class Audition:
    """Where it is said; `begin` says what `outputs` show, `wire` looks at the jobs."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._said = markup.place(elem_id="audition")
        self.jobs = gr.State({})
        """The job that reads for a voice, by the voice's id."""
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `begin` updates."""
        return [self.jobs, self._timer, self._said]

    async def begin(self, voice_id: str, jobs: dict[str, str]) -> list[Any]:
        """Let a voice read; `jobs` are those of the others."""
        client = self._dashboard.client
        try:
            voice = await ask(client.voice(voice_id))
            job = await ask(client.submit(*_sentence(voice)))
        except SpeechError as error:
            return [gr.skip(), gr.skip(), markup.trouble(error)]
        said = markup.notice("note", f"{voice.name} reads a sentence …")
        return [{**jobs, voice_id: job.id}, gr.Timer(active=True), said]

    def wire(
        self, look: Callable[..., Awaitable[Html]], query: list[Any], listing: gr.HTML
    ) -> None:
        """Look at the jobs until they have ended; then `look` says what the `listing` shows."""

        async def tick(jobs: dict[str, str], *query: str) -> list[Any]:
            ended = await self._ended(jobs)
            if not ended:
                return [gr.skip()] * 4
            left = {voice_id: job for voice_id, job in jobs.items() if voice_id not in ended}
            said = markup.joined(ended.values())
            return [left, gr.Timer(active=bool(left)), said, await look(*query)]

        self._timer.tick(tick, [self.jobs, *query], [*self.outputs, listing], **QUIET)

    async def _ended(self, jobs: dict[str, str]) -> dict[str, Html]:
        """What came of those jobs that have ended."""
        ended = {voice_id: await self._end(voice_id, job) for voice_id, job in jobs.items()}
        return {voice_id: said for voice_id, said in ended.items() if said is not None}

    async def _end(self, voice_id: str, job_id: str) -> Html | None:
        """What came of a job, whose sound the voice now has; None while it has not ended."""
        client = self._dashboard.client
        try:
            job = await ask(client.job(job_id))
            if not job.state.terminal:
                return None
            if job.state is not JobState.SUCCEEDED:
                return result.told(self._dashboard, job)
            voice = await ask(client.set_voice_sample(voice_id, job_id))
        except ServiceUnreachable:  # the banner tells of it
            return None
        except SpeechError as error:
            return markup.trouble(error)
        return markup.notice("note", f"{voice.name} can be heard now.")


def _sentence(voice: VoiceView) -> tuple[str, dict[str, Any]]:
    """The task in which a voice reads, and the request: a sentence in its own language."""
    language = voice.language if voice.language in SAMPLES else "english"
    request = {"text": SAMPLES[language], "language": language}
    if voice.kind == "preset":
        return "custom_voice", {**request, "speaker": voice.id}
    return "voice_clone", {**request, "voice": voice.id}
