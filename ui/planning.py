"""The plan of a document on a page: who speaks, what is said, what is left out, how long it is."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.plans.exchange import PlanView
from shared.requests.pipeline import Pipeline
from shared.views import QueueStatus
from shared.voices.view import VoiceView
from ui import casting, library, markup, plan_rows, sending
from ui.dashboard import QUIET, Dashboard, ask, shown
from ui.form import Form
from ui.plan_rows import ANYONE
from ui.plans import Plans
from ui.translation import tr

_SEARCHED = 200
"""Characters."""
_TO_PLAN = """() => {
  const plan = document.querySelector("#planned");
  if (plan && !plan.querySelector(".notice.error")) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    plan.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  }
}"""
OUTDATE = """(...values) => {
  document.querySelector("#plan-about .outdated")?.removeAttribute("hidden");
  return [];
}"""
"""For `js=` of an event that changes the form: the plan that is shown is not of it any more."""


class Planning:
    """Where a plan is shown; `wire` joins it to the button that asks for one, and to the form."""

    def __init__(self, dashboard: Dashboard, contract: type[Pipeline], form: Form) -> None:
        self._dashboard = dashboard
        self._plans = Plans(dashboard.client, contract.name)
        self._mapped = "cast" in form.fields
        self.held = gr.State({})
        """`id` of the plan that is shown, and a digest of the request that it is `of`."""
        self._speaker = gr.State(ANYONE)
        """Whose lines are looked for."""
        self._said = markup.place(elem_id="plan-said")
        with gr.Column(elem_classes=shown(False), elem_id="planned") as self._panel:
            self._about = markup.place(elem_id="plan-about", listens=True)
            self._cast = markup.place(elem_id="cast", listens=True)
            if "cast" in form.fields:
                with gr.Accordion(tr("Cast in full"), open=False):
                    form.place("cast", value="", info=_full_cast(), lines=3)
            with gr.Accordion(tr("What is said"), open=True, elem_id="plan-lines"):
                self._words = gr.Textbox(
                    label=tr("Search the plan"),
                    show_label=False,
                    placeholder=tr("Search the plan"),
                    max_length=_SEARCHED,
                    container=False,
                    elem_id="plan-words",
                )
                self._lines = markup.place(elem_id="plan", listens=True)

    @property
    def outputs(self) -> list[Any]:
        """What a plan updates."""
        return [
            self.held, self._said, self._panel, self._about, self._cast, self._lines, self._words,
            self._speaker,
        ]  # fmt: skip

    def wire(self, form: Form, button: gr.Button) -> None:
        """Let the button ask for the plan of what the form holds."""
        cast: list[Any] = [form.widgets["cast"]] if "cast" in form.widgets else []

        async def make(*values: Any) -> list[Any]:
            return await self._make(form, values)

        async def recast(event: gr.EventData, *values: Any) -> list[Any]:
            _, name = markup.pressed(event)
            return await self._recast(form, values, name, markup.picked(event))

        async def replan(event: gr.EventData, *values: Any) -> list[Any]:
            wanted = markup.pressed(event)[0] == "plan"
            return await self._make(form, values) if wanted else self._same

        async def arrived(*values: Any) -> list[Any]:
            return await self._make(form, values) if _has_come(form, values) else self._same

        button.click(make, form.inputs, self.outputs, **QUIET).then(None, js=_TO_PLAN, **QUIET)
        self._about.click(replan, form.inputs, self.outputs, **QUIET)
        if source := form.slots.get("source"):
            source.said.change(arrived, form.inputs, self.outputs, **QUIET)
        self._outdate(form)
        sought = [self.held, self._words, self._speaker]
        self._lines.click(self._turn, sought, [self._speaker, self._lines], **QUIET)
        self._words.change(self._seen, sought, self._lines, trigger_mode="always_last", **QUIET)
        if cast:
            # A choice while the one before is planned comes after it, with the cast as it is then.
            planned = [*cast, *self.outputs]
            self._cast.click(recast, form.inputs, planned, trigger_mode="always_last", **QUIET)

    async def of(self, request: dict[str, Any], held: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The id of the plan of a request, and updates that show it: the one that is shown
        already, unless anything was changed since. Raises SpeechError."""
        if held.get("of") == _digest(request) and await self._plans.is_kept(held["id"]):
            return held["id"], self._same
        plan = await self._plans.make(request)
        return plan.id, await self._show(plan, request)

    async def again(self, request: dict[str, Any]) -> list[Any]:
        """Updates that show the plan of a job; nothing, if it is kept no longer."""
        try:
            plan = await self._plans.find(request["plan"])
        except SpeechError:
            return self._same
        return await self._show(plan, {})

    def _outdate(self, form: Form) -> None:
        """Let the plan say so when a person changes the form."""
        for widget in form.held:
            events = (getattr(widget, name, None) for name in ("input", "upload", "clear"))
            for listen in filter(None, events):
                listen(None, None, None, js=OUTDATE, **QUIET)

    async def _make(self, form: Form, values: tuple[Any, ...]) -> list[Any]:
        try:
            request = await sending.send(self._client, form, form.read(values))
            plan = await self._plans.make(request)
        except SpeechError as error:
            return self._refused(error)
        return await self._show(plan, request)

    async def _recast(
        self, form: Form, values: tuple[Any, ...], name: str, voice: str
    ) -> list[Any]:
        """Another voice for a member of the cast: the cast as the form shows it, and its plan."""
        try:
            request = await sending.send(self._client, form, form.read(values))
            request["cast"] = casting.mapped(request.get("cast") or {}, name, voice)
            plan = await self._plans.make(request)
        except SpeechError as error:
            return [gr.skip(), *self._refused(error)]
        if not request["cast"]:
            del request["cast"]
        filled = form.fields["cast"].show(request.get("cast"))
        return [filled, *await self._show(plan, request)]

    async def _turn(
        self, held: dict[str, Any], words: str, speaker: str, event: gr.EventData
    ) -> list[Any]:
        """Another page of the lines, or those of another speaker."""
        action, first = markup.pressed(event)
        if action == "speaker":
            speaker = markup.picked(event)
            return [speaker, await self._seen(held, words, speaker)]
        return [gr.skip(), await self._seen(held, words, speaker, _number(first))]

    async def _seen(self, held: dict[str, Any], words: str, speaker: str, first: int = 0) -> str:
        """The lines that are looked for, from that one in their order on."""
        try:
            plan = await self._plans.find(held.get("id", ""))
        except SpeechError as error:
            return markup.trouble(error)
        return plan_rows.lines(plan, await self._voices(), first, speaker, words)

    async def _show(self, plan: PlanView, request: dict[str, Any]) -> list[Any]:
        voices = await self._voices()
        held = {"id": plan.id, "of": _digest(request)}
        cast = casting.table(plan.cast, voices, plan_rows.hues(plan), self._mapped)
        panel = gr.Column(elem_classes=shown(True))
        about = plan_rows.about(plan, await self._queue())
        return [held, "", panel, about, cast, plan_rows.lines(plan, voices), "", ANYONE]

    async def _voices(self) -> dict[str, VoiceView]:
        return {voice.id: voice for voice in await library.everyone(self._client)}

    async def _queue(self) -> QueueStatus | None:
        """How fast the service is, and what waits; None while it does not tell."""
        try:
            return (await ask(self._client.status())).queue
        except SpeechError:
            return None

    def _refused(self, error: SpeechError) -> list[Any]:
        return [gr.skip(), markup.trouble(error), *[gr.skip()] * (len(self.outputs) - 2)]

    @property
    def _same(self) -> list[Any]:
        return [gr.skip()] * len(self.outputs)

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _has_come(form: Form, values: Iterable[Any]) -> bool:
    """Whether a person has just put a document in; that of a job shown again has no path."""
    held = dict(zip(map(id, form.inputs), values, strict=False))
    sent = held.get(id(form.slots["source"].sent)) or {}
    return bool(sent.get("path"))


def _digest(request: Mapping[str, Any]) -> str:
    """Tells one request from another, without keeping a text of megabytes."""
    return hashlib.sha256(json.dumps(request, sort_keys=True).encode()).hexdigest()


def _number(text: str) -> int:
    return int(text) if text.isdecimal() else 0


def _full_cast() -> str:
    return tr(
        "Roles in full: for each name a voice, or a description, instruct, emotion and speed."
    )
