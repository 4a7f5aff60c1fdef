"""The plan of a document on a page: who speaks, what is said, what is left out, how long it is."""

import time
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from itertools import accumulate
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.plans.exchange import PlanView
from shared.plans.plan import Line, Part, Skipped
from shared.requests.pipeline import Pipeline
from shared.views import QueueStatus
from shared.voices.view import VoiceView
from ui import casting, library, markup, sending
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.form import Form
from ui.markup import Html, element
from ui.translation import plural, tr

_SHOWN = 50
"""Lines on a page."""
_MOST_SKIPPED = 100
_MOST_NAMED = 8
"""Members of a cast that the summary names."""
_SEARCHED = 200
"""Characters."""
_ANYONE = "*"
_SPEAKING = 0.95
"""Share of a pipeline's progress that is speaking; assembling is the rest."""
_TO_PLAN = """() => {
  const plan = document.querySelector("#planned");
  if (plan && !plan.querySelector(".notice.error")) {
    plan.scrollIntoView({ behavior: "smooth", block: "nearest" });
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
        self._task = contract.name
        self._mapped = "cast" in form.fields
        self.held = gr.State({})
        """`id` of the plan that is shown, the `request` that it is of, when each line `ends`, and
        which lines are looked for: of which `speaker`, with the words `q`."""
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
            self.held, self._said, self._panel, self._about, self._cast, self._lines, self._words
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
        seen = [self.held, self._lines]
        self._lines.click(self._turn, self.held, seen, **QUIET)
        self._words.change(
            self._search, [self.held, self._words], seen, trigger_mode="always_last", **QUIET
        )
        if cast:
            self._cast.click(recast, form.inputs, [*cast, *self.outputs], **QUIET)

    async def of(self, request: dict[str, Any], held: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """The id of the plan of a request, and updates that show it: the one that is shown
        already, unless anything was changed since. Raises SpeechError."""
        if held.get("request") == request:
            return held["id"], self._same
        plan = await self._plan(request)
        return plan.id, await self._show(plan, request)

    async def again(self, request: dict[str, Any]) -> list[Any]:
        """Updates that show the plan of a job; nothing, if it is kept no longer."""
        try:
            plan = await self._plan({"plan": request["plan"]})
        except SpeechError:
            return self._same
        return await self._show(plan, {})

    def at(self, job: JobView, held: Mapping[str, Any]) -> str:
        """Which line is spoken now, about, as estimates tell."""
        ends: list[float] = held.get("ends") or []
        if not ends or job.stage != "speaking":
            return ""
        done = bisect_right(ends, job.progress / _SPEAKING * ends[-1] + 1e-6)
        line = min(done + 1, len(ends))
        return tr("line {line:,} of {count:,}", line=line, count=len(ends))

    def _outdate(self, form: Form) -> None:
        """Let the plan say so when a person changes the form."""
        for widget in form.held:
            events = (getattr(widget, name, None) for name in ("input", "upload", "clear"))
            for listen in filter(None, events):
                listen(None, None, None, js=OUTDATE, **QUIET)

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

    async def _turn(self, held: dict[str, Any], event: gr.EventData) -> list[Any]:
        """Another page of the lines, or those of another speaker."""
        action, first = markup.pressed(event)
        if action == "speaker":
            who = markup.picked(event)
            return await self._seen({**held, "speaker": None if who == _ANYONE else who})
        return await self._seen(held, int(first) if first.isdecimal() else 0)

    async def _search(self, held: dict[str, Any], words: str) -> list[Any]:
        return await self._seen({**held, "q": words})

    async def _seen(self, held: dict[str, Any], first: int = 0) -> list[Any]:
        """The lines that are looked for, from that one in their order on."""
        try:
            plan = await self._plan({"plan": held.get("id", "")})
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error)]
        voices = await library.everyone(self._client)
        return [held, _lines(plan, {voice.id: voice for voice in voices}, first, held)]

    async def _plan(self, request: dict[str, Any]) -> PlanView:
        return await ask(self._client.plan(self._task, request), LONGER)

    async def _show(self, plan: PlanView, request: dict[str, Any]) -> list[Any]:
        voices = {voice.id: voice for voice in await library.everyone(self._client)}
        held = {
            "id": plan.id,
            "request": request,
            "ends": list(accumulate(line.seconds for line in plan.lines)),
        }
        cast = casting.table(plan.cast, voices, _hues(plan), self._mapped)
        panel = gr.Column(elem_classes=shown(True))
        about = _about(plan, await self._queue())
        return [held, "", panel, about, cast, _lines(plan, voices, 0, held), ""]

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


def _full_cast() -> str:
    return tr(
        "Roles in full: for each name a voice, or a description, instruct, emotion and speed."
    )


def _about(plan: PlanView, queue: QueueStatus | None) -> Html:
    """What there is to know of a plan beside its lines."""
    warnings = (markup.notice("warning", warning) for warning in plan.warnings)
    card = element(
        "section",
        element("h2", plan.title or tr("Plan")),
        markup.facts(_facts_of(plan, queue)),
        _shares(plan),
        class_="card plan-card",
        aria_label=tr("Plan"),
    )
    return markup.joined(
        [_outdated(plan), card, *warnings, _chapters(plan), _skipped(plan.skipped)]
    )


def _outdated(plan: PlanView) -> Html:
    """Out of sight until the form is changed; each plan has its own, so that it is so again."""
    again = markup.button("plan", plan.id, tr("Plan again"), tr("the form as it is now"))
    said = tr("The form changed: this plan is of what it was before.")
    notice = markup.notice("warning", said, None, again)
    return element("div", notice, class_="outdated", hidden=True, data_made=time.time_ns())


def _facts_of(plan: PlanView, queue: QueueStatus | None) -> Iterator[tuple[str, object]]:
    characters = sum(len(line.text) for line in plan.lines)
    yield tr("Lines"), f"{len(plan.lines):,}"
    yield tr("Characters"), f"{characters:,}"
    yield tr("Sound"), tr("about {length}", length=markup.seconds(plan.estimate))
    if queue:
        yield tr("Takes to make"), _making(plan.estimate, queue)
    yield tr("Language"), tr(plan.language.capitalize())
    if plan.chapters:
        yield tr("Chapters"), f"{len(plan.chapters):,}"
    if plan.cast:
        yield tr("Cast"), f"{len(plan.cast):,}"
    if plan.skipped:
        yield tr("Left out"), f"{len(plan.skipped):,}"


def _making(estimate: float, queue: QueueStatus) -> str:
    """How long the service has to work on it, and what it has to do before."""
    length = tr("about {length}", length=markup.about(estimate * queue.pace))
    before = sum(queue.waiting.values()) + queue.running
    waits = plural("after {count} job", "after {count} jobs", before)
    return f"{length}, {waits}" if before else length


def _shares(plan: PlanView) -> Html | None:
    """Who speaks how much, as a bar in their colours, with their names; nothing for one alone."""
    parts = sorted(plan.cast, key=lambda part: -part.seconds)
    whole = sum(part.seconds for part in parts)
    if len(parts) < 2 or not whole:
        return None
    hues = _hues(plan)
    bar = (
        element("span", style=f"--hue: {hues[part.name]}; --share: {part.seconds / whole:.4f}")
        for part in parts
    )
    names = (_share(part, whole, hues) for part in parts[:_MOST_NAMED])
    left = len(parts) - _MOST_NAMED
    more = plural("and {count} other", "and {count} others", left)
    return element(
        "div",
        element("div", *bar, class_="shares", aria_hidden="true"),
        element(
            "div", *names, element("span", more, class_="hint") if left > 0 else None,
            class_="choices",
        ),
        class_="who-speaks",
    )  # fmt: skip


def _share(part: Part, whole: float, hues: Mapping[str, int]) -> Html:
    share = element("span", f"{part.seconds / whole:.0%}", class_="hint")
    return element("span", markup.speaker(part.name, hues), " ", share)


def _chapters(plan: PlanView) -> Html | None:
    """The chapters by the numbers that choose them."""
    if not plan.chapters:
        return None
    rows = (element("li", each.title, value=each.number) for each in plan.chapters)
    count = len(plan.chapters)
    title = element(
        "summary", plural("{count} chapter or scene", "{count} chapters or scenes", count)
    )
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
        rows.append(element("li", tr("… and {count:,} more", count=len(skipped) - _MOST_SKIPPED)))
    words = plural("{count} part is left out", "{count} parts are left out", len(skipped))
    return element("details", element("summary", words), element("ul", *rows, class_="left-out"))


def _why(skipped: Skipped) -> Html:
    line = skipped.where.line
    said = tr("Line {line}: {why}", line=line, why=skipped.why) if line else skipped.why
    return element("div", said, class_="hint")


def _lines(
    plan: PlanView, voices: Mapping[str, VoiceView], first: int, held: Mapping[str, Any]
) -> Html:
    """A page of the lines that are looked for, from that one in their order on."""
    found = [line for line in plan.lines if _is_wanted(line, held)]
    page = found[first : first + _SHOWN]
    titles = {chapter.number: chapter.title for chapter in plan.chapters}
    hues = _hues(plan)
    rows = [_row(line, voices, titles, hues) for line in page]
    listed = element("ol", *rows, class_="planned-lines", tabindex=0) if rows else None
    return markup.joined(
        [
            _speakers(plan, held.get("speaker")),
            listed or markup.empty(tr("No line of the plan is like that.")),
            markup.pages(first, len(page), len(found), _SHOWN) if rows else None,
        ]
    )


def _is_wanted(line: Line, held: Mapping[str, Any]) -> bool:
    speaker, words = held.get("speaker"), (held.get("q") or "").casefold().split()
    if speaker is not None and line.speaker != speaker:
        return False
    text = f"{line.text}\n{line.speaker}\n{line.where.id}".casefold() if words else ""
    return all(word in text for word in words)


def _speakers(plan: PlanView, chosen: str | None) -> Html | None:
    """A picker of who speaks; nothing where that is one alone."""
    names = list(dict.fromkeys(line.speaker for line in plan.lines))
    if len(names) < 2:
        return None
    choices = [(tr("Everybody"), _ANYONE), *((name or tr("nobody"), name) for name in names)]
    who = _ANYONE if chosen is None else chosen
    return markup.picker("speaker", "", choices, who, tr("Planned lines of whom"))


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
        yield tr(line.role.emotion)
    if line.role.instruct:
        yield f"“{line.role.instruct}”"
    yield tr("about {length}", length=markup.seconds(line.seconds))
    if line.slot:
        yield f"{markup.clock(line.slot.start)} – {markup.clock(line.slot.end)}"
    if line.chapter in titles:
        yield titles[line.chapter]
    if line.where.id and not line.where.id.isdecimal():  # cues are counted, and so are lines
        yield line.where.id
