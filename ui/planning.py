"""The plan of a document on a page: who speaks, what is said, what is left out, how long it is."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Skipped
from shared.requests.pipeline import Pipeline
from shared.voices.view import VoiceView
from ui import casting, library, markup, sending
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.form import Form
from ui.markup import Html, element

_SHOWN = 50
"""Lines on a page."""
_MOST_SKIPPED = 100
_SPEAKING = 0.95
"""Share of a pipeline's progress that is speaking; assembling is the rest."""
_CAST = "Roles in full: for each name a voice, or a description, instruct, emotion and speed."
_TO_PLAN = """() => {
  const plan = document.querySelector("#planned");
  if (plan && !plan.querySelector(".notice.error")) {
    plan.scrollIntoView({ behavior: "smooth", block: "nearest" });
  }
}"""


class Planning:
    """Where a plan is shown; `wire` joins it to the button that asks for one, and to the form."""

    def __init__(self, dashboard: Dashboard, contract: type[Pipeline], form: Form) -> None:
        self._dashboard = dashboard
        self._task = contract.name
        self._mapped = "cast" in form.fields
        self.held = gr.State({})
        """`id` of the plan that is shown, the `request` that it is of, when each line `ends`."""
        self._said = markup.place(elem_id="plan-said")
        with gr.Column(elem_classes=shown(False), elem_id="planned") as self._panel:
            self._about = markup.place(elem_id="plan-about")
            self._cast = markup.place(elem_id="cast", listens=True)
            if "cast" in form.fields:
                with gr.Accordion("Cast in full", open=False):
                    form.place("cast", value="", info=_CAST, lines=3)
            self._lines = markup.place(elem_id="plan", listens=True)

    @property
    def outputs(self) -> list[Any]:
        """What a plan updates."""
        return [self.held, self._said, self._panel, self._about, self._cast, self._lines]

    def wire(self, form: Form, button: gr.Button) -> None:
        """Let the button ask for the plan of what the form holds."""
        cast: list[Any] = [form.widgets["cast"]] if "cast" in form.widgets else []

        async def make(*values: Any) -> list[Any]:
            return await self._make(form, values)

        async def recast(event: gr.EventData, *values: Any) -> list[Any]:
            _, name = markup.pressed(event)
            return await self._recast(form, values, name, markup.picked(event))

        button.click(make, form.inputs, self.outputs, **QUIET).then(None, js=_TO_PLAN, **QUIET)
        self._lines.click(self._turn, self.held, self._lines, **QUIET)
        if cast:
            self._cast.click(recast, form.inputs, [*cast, *self.outputs], **QUIET)

    async def of(self, request: dict[str, Any], held: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The id of the plan of a request, and updates that show it: the one that is shown
        already, unless anything was changed since. Raises SpeechError."""
        if held.get("request") == request:
            return held["id"], [gr.skip()] * len(self.outputs)
        plan = await self._plan(request)
        return plan.id, await self._show(plan, request)

    async def again(self, request: dict[str, Any]) -> list[Any]:
        """Updates that show the plan of a job; nothing, if it is kept no longer."""
        try:
            plan = await self._plan({"plan": request["plan"]})
        except SpeechError:
            return [gr.skip()] * len(self.outputs)
        return await self._show(plan, {})

    def at(self, job: JobView, held: Mapping[str, Any]) -> str:
        """Which line is spoken now, about, as estimates tell."""
        ends: list[float] = held.get("ends") or []
        if not ends or job.stage != "speaking":
            return ""
        done = bisect_right(ends, job.progress / _SPEAKING * ends[-1] + 1e-6)
        return f"line {min(done + 1, len(ends)):,} of {len(ends):,}"

    async def _make(self, form: Form, values: tuple[Any, ...]) -> list[Any]:
        try:
            request = await sending.send(self._client, form, form.read(values))
            plan = await self._plan(request)
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
            plan = await self._plan(request)
        except SpeechError as error:
            return [gr.skip(), *self._refused(error)]
        if not request["cast"]:
            del request["cast"]
        filled = form.fields["cast"].show(request.get("cast"))
        return [filled, *await self._show(plan, request)]

    async def _turn(self, held: Mapping[str, Any], event: gr.EventData) -> Html:
        """Another page of the lines."""
        _, first = markup.pressed(event)
        try:
            plan = await self._plan({"plan": held.get("id", "")})
        except SpeechError as error:
            return markup.trouble(error)
        voices = await library.everyone(self._client)
        start = int(first) if first.isdecimal() else 0
        return _lines(plan, {voice.id: voice for voice in voices}, start)

    async def _plan(self, request: dict[str, Any]) -> PlanView:
        return await ask(self._client.plan(self._task, request), LONGER)

    async def _show(self, plan: PlanView, request: dict[str, Any]) -> list[Any]:
        voices = {voice.id: voice for voice in await library.everyone(self._client)}
        held = {
            "id": plan.id,
            "request": request,
            "ends": list(accumulate(line.seconds for line in plan.lines)),
        }
        cast = casting.table(self._dashboard, plan.cast, voices, _hues(plan), self._mapped)
        panel = gr.Column(elem_classes=shown(True))
        return [held, "", panel, _about(plan), cast, _lines(plan, voices, 0)]

    def _refused(self, error: SpeechError) -> list[Any]:
        return [gr.skip(), markup.trouble(error), *[gr.skip()] * (len(self.outputs) - 2)]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _about(plan: PlanView) -> Html:
    """What there is to know of a plan beside its lines."""
    titled = [("Title", plan.title)] if plan.title else []
    pairs: list[tuple[str, object]] = [
        *titled,
        ("Lines", f"{len(plan.lines):,}"),
        ("Length", f"about {markup.seconds(plan.estimate)}"),
        ("Language", plan.language.capitalize()),
    ]
    if plan.chapters:
        pairs.append(("Chapters", f"{len(plan.chapters):,}"))
    if plan.cast:
        pairs.append(("Cast", f"{len(plan.cast):,}"))
    warnings = (markup.notice("warning", warning) for warning in plan.warnings)
    return markup.joined(
        [
            element("h2", "Plan"),
            markup.facts(pairs),
            *warnings,
            _chapters(plan),
            _skipped(plan.skipped),
        ]
    )


def _chapters(plan: PlanView) -> Html | None:
    """The chapters by the numbers that choose them."""
    if not plan.chapters:
        return None
    rows = (element("li", each.title, value=each.number) for each in plan.chapters)
    title = element("summary", f"{len(plan.chapters):,} chapters or scenes")
    return element("details", title, element("ol", *rows, class_="chapters"))


def _skipped(skipped: list[Skipped]) -> Html | None:
    """What of the document is not spoken, and why."""
    if not skipped:
        return None
    rows = [
        element("li", element("span", each.text or each.where.id), _why(each))
        for each in skipped[:_MOST_SKIPPED]
    ]
    if len(skipped) > _MOST_SKIPPED:
        rows.append(element("li", f"… and {len(skipped) - _MOST_SKIPPED:,} more"))
    title = element("summary", f"{len(skipped):,} left out")
    return element("details", title, element("ul", *rows, class_="left-out"))


def _why(skipped: Skipped) -> Html:
    place = f"Line {skipped.where.line}: " if skipped.where.line else ""
    return element("div", f"{place}{skipped.why}", class_="hint")


def _lines(plan: PlanView, voices: Mapping[str, VoiceView], first: int) -> Html:
    """A page of the lines, from that one in their order on."""
    page = plan.lines[first : first + _SHOWN]
    titles = {chapter.number: chapter.title for chapter in plan.chapters}
    hues = _hues(plan)
    rows = (_row(line, voices, titles, hues) for line in page)
    return element(
        "details",
        element("summary", "What is said"),
        element("ol", *rows, class_="lines"),
        markup.pages(first, len(page), len(plan.lines), _SHOWN),
        open=True,
    )


def _hues(plan: PlanView) -> dict[str, int]:
    """The colours of all who speak, in the order of the lines, as the finished ones have them."""
    names = [line.speaker for line in plan.lines]
    return markup.colours([*names, *(part.name for part in plan.cast)])


def _row(
    line: Line,
    voices: Mapping[str, VoiceView],
    titles: Mapping[int, str],
    hues: Mapping[str, int],
) -> Html:
    said = element("div", line.text, class_="excerpt")
    facts = element("div", " · ".join(_facts(line, voices, titles)), class_="hint")
    who = markup.speaker(line.speaker, hues) if line.speaker else None
    body = element("div", who, said, facts, class_="grows")
    return element("li", element("span", line.number, class_="number"), body, data_line=line.number)


def _facts(line: Line, voices: Mapping[str, VoiceView], titles: Mapping[int, str]) -> Iterator[str]:
    yield casting.who(line.role, voices)
    if line.role.emotion:
        yield line.role.emotion
    if line.role.instruct:
        yield f"“{line.role.instruct}”"
    yield f"about {markup.seconds(line.seconds)}"
    if line.slot:
        yield f"{markup.clock(line.slot.start)} – {markup.clock(line.slot.end)}"
    if line.chapter in titles:
        yield titles[line.chapter]
    if line.where.id:
        yield line.where.id
