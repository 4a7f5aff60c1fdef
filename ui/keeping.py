"""The takes of a designed voice side by side: to hear, to name one, and to keep it."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.stores.recipe import Candidate
from shared.voices.view import VoiceView
from ui import library, markup, player, result
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.markup import Html, element
from ui.translation import tr

_LONGEST = 80


class Keeping:
    """Shown under a result that has candidates; `offer` says what `outputs` show of a job."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Column(elem_classes=shown(False), elem_id="keeping") as self._panel:
            self._takes = markup.place(elem_id="takes", listens=True)
            self._said = markup.place(elem_id="kept")
            self._again = gr.Button(tr("Again with other seeds"), elem_id="again")

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates."""
        return [self._panel, self._takes, self._said]

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show the takes of a job; nothing while it has none."""
        takes = result.candidates(job)
        if not takes:
            return [gr.Column(elem_classes=shown(False)), "", ""]
        return [gr.Column(elem_classes=shown(True)), await self._cards(job.id, takes), ""]

    def wire(self, job: gr.State, seed: Any, start: gr.Button) -> None:
        """Join it to the page: the job shown, the field of the seed, the button that submits."""
        self._takes.click(self._keep, job, [self._takes, self._said], **QUIET)
        press = f"() => {{ document.querySelector('#{start.elem_id}').click(); }}"
        self._again.click(_none, None, seed, **QUIET).then(None, js=press, **QUIET)

    async def _keep(self, job_id: str, event: gr.EventData) -> list[Any]:
        action, number = markup.pressed(event)
        if action != "keep" or not number.isdecimal():
            return [gr.skip(), gr.skip()]
        name = markup.picked(event).strip()
        if not name:
            said = tr("A voice that is kept needs a name.")
            return [gr.skip(), markup.notice("error", said, tr("Type one."))]
        made = {"name": name, "from_job": job_id, "candidate": int(number)}
        try:
            voice = await ask(self._client.create_voice(made), LONGER)
            job = await ask(self._client.job(job_id))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error)]
        said = markup.notice("note", tr("{voice} is in the library.", voice=voice.name))
        return [await self._cards(job_id, result.candidates(job), {int(number): voice}), said]

    async def _cards(
        self, job_id: str, takes: list[Candidate], now: Mapping[int, VoiceView] | None = None
    ) -> Html:
        """A card for each take; `now` are those that were kept this moment, by their numbers."""
        kept = {
            voice.origin.candidate: voice
            for voice in await library.everyone(self._client)
            if voice.origin and voice.origin.job == job_id
        }
        kept |= now or {}
        cards = (self._card(job_id, take, kept.get(take.number)) for take in takes)
        return element("div", *cards, class_="candidates")

    def _card(self, job_id: str, take: Candidate, voice: VoiceView | None) -> Html:
        name = tr("Candidate {number}", number=take.number)
        length = markup.seconds(take.duration_seconds)
        about = element(
            "div",
            element("strong", name),
            element("div", f"{length} · {tr('seed {seed}', seed=take.seed)}", class_="hint"),
        )
        heard = player.sample(self._dashboard.file(job_id, take.file), name)
        return element(
            "article",
            element("div", heard, about, class_="candidate"),
            self._voice(voice) if voice else _form(take.number, name),
            class_="card take",
            data_candidate=take.number,
        )

    def _voice(self, voice: VoiceView) -> Html:
        """What stands in the card of a take that is kept."""
        kept = tr("Kept as {voice}", voice=voice.name)
        link = markup.link(self._dashboard.speak_with(voice), tr("Speak with it"))
        badge = element("span", kept, class_="badge succeeded")
        return element("div", badge, link, class_="choices")

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _form(number: int, take: str) -> Html:
    """A name for a take, which opens in its own card."""
    label = tr("Name of the voice from {take}", take=take)
    field = element(
        "input",
        name="value",
        required=True,
        maxlength=_LONGEST,
        placeholder=tr("Old sailor"),
        aria_label=label,
        autocomplete="off",
    )
    button = element("button", tr("Keep"), type="submit", class_="small primary")
    return element(
        "details",
        element("summary", tr("Keep this one"), class_="small"),
        element("form", field, button, class_="naming", data_action="keep", data_id=number),
    )


def _none() -> None:
    """No seed: one is drawn."""
    return None
