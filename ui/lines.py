"""The lines of a finished recording: to hear, to speak again, and to choose among their takes."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import QueueFull, SpeechError, TooManyJobs
from shared.jobs import JobView
from shared.requests.pipeline import Pipeline
from shared.states import JobState
from shared.views import AssemblyView, LinePage
from ui import library, line_rows, markup, recordings, result, retake
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.markup import Html, element
from ui.retake import RetakeForm
from ui.translation import mark, plural, tr

_SHOWN = 50
"""Lines on a page."""
_LOOK = 0.7
"""Seconds between two looks at takes or a recording that are being made."""
_SEARCHED = 200
"""Characters."""
_ANYONE = "*"
"""Whoever speaks; no script can name somebody so."""
_TO_FORM = """() => {
  const panel = document.querySelector("#retake");
  if (!panel?.offsetParent) return;
  panel.scrollIntoView({ behavior: "smooth", block: "nearest" });
  panel.querySelector("textarea")?.focus({ preventScroll: true });
}"""


@dataclass(frozen=True)
class _Filter:
    """Lines that somebody looks for."""

    label: str
    query: Mapping[str, Any]
    """As the API takes it."""
    none: str
    """What is said where there are none."""


_FILTERS = {
    "": _Filter(mark("All"), {}, mark("There is no such line.")),
    "faulty": _Filter(mark("To hear again"), {"faulty": True}, mark("No line has a fault.")),
    "strained": _Filter(
        mark("Overruns"), {"strained": True}, mark("Every cue fits into its time.")
    ),
    "failed": _Filter(mark("Failed"), {"state": "failed"}, mark("No line failed.")),
    "retaken": _Filter(
        mark("Several takes"), {"takes": 2}, mark("No line was spoken more than once yet.")
    ),
}
Held = dict[str, Any]
"""What a page knows of the lines that it shows: the `output`; the line `after` which they begin
and those `before` it; which are wanted (`only`, `speaker`, `q`); the `pending` jobs with their
lines; lines `left` to be sent, of how many in the `batch`; whether it is `assembling`."""


class Lines:
    """Shown under a finished recording; `offer` says what `outputs` show of a job."""

    def __init__(self, dashboard: Dashboard, contract: type[Pipeline]) -> None:
        self._dashboard = dashboard
        self._fitted = "report.json" in contract.artifacts
        self._held = gr.State({})
        with gr.Column(elem_classes=shown(False), elem_id="spoken") as self._panel:
            markup.place(element("h2", tr("Lines")))
            with gr.Row(elem_classes=["sieve"]):
                self._filters = markup.place(elem_id="lines-filter", listens=True)
                self._words = gr.Textbox(
                    label=tr("Search the lines"),
                    show_label=False,
                    placeholder=tr("Search the lines"),
                    max_length=_SEARCHED,
                    container=False,
                    elem_id="lines-words",
                    scale=0,
                    min_width=200,
                )
            self._said = markup.place(elem_id="lines-said")
            with gr.Row(elem_classes=["workbench"]):
                with gr.Column(scale=3, min_width=280):
                    self._listing = markup.place(elem_id="lines", listens=True)
                self._form = RetakeForm()
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates."""
        return [self._panel, self._form.panel, *self._shown]

    @property
    def _shown(self) -> list[Any]:
        return [self._held, self._said, self._filters, self._listing, self._timer]

    def wire(self, player: gr.HTML, told: gr.HTML) -> None:
        """Join it to the player and the result of the page, which follow a choice."""

        async def act(held: Held, event: gr.EventData) -> list[Any]:
            return await self._act(held, *markup.pressed(event), markup.picked(event))

        async def search(held: Held, words: str) -> list[Any]:
            return await self._look(_wanting(held, q=words))

        acted = [*self._shown, *self._form.outputs]
        self._filters.click(act, self._held, acted, **QUIET)
        self._words.change(
            search, [self._held, self._words], self._shown, trigger_mode="always_last", **QUIET
        )
        self._listing.click(act, self._held, acted, **QUIET).then(None, js=_TO_FORM, **QUIET)
        self._form.speak.click(
            self._speak, [self._held, *self._form.inputs], [*self._shown, self._form.panel], **QUIET
        )
        self._form.close.click(lambda: self._form.seen(False), None, self._form.panel, **QUIET)
        self._timer.tick(self._tick, self._held, [*self._shown, player, told], **QUIET)

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show the lines of a job; nothing while it has none."""
        closed = self._form.seen(False)
        if job.state is not JobState.SUCCEEDED or "lines" not in job.links:
            aside = gr.Column(elem_classes=shown(False))
            return [aside, closed, {}, "", "", "", gr.Timer(active=False)]
        held: Held = {"output": job.id, "after": 0, "before": []}
        return [gr.Column(elem_classes=shown(True)), closed, *await self._look(held)]

    # --- what a person does ---

    async def _act(self, held: Held, action: str, what: str, picked: str) -> list[Any]:
        same = [gr.skip()] * len(self._form.outputs)
        number, _, take = what.partition("/")
        match action:
            case "again":
                return [*[gr.skip()] * len(self._shown), *await self._opened(held, int(number))]
            case "again-all":
                return [*await self._speak_all(held, _numbers(what)), *same]
            case "use":
                return [*await self._choose(held, int(number), int(take)), *same]
            case "only":
                held = _wanting(held, only=what if what in _FILTERS else "")
            case "speaker":
                held = _wanting(held, speaker=None if picked == _ANYONE else picked)
            case "next":
                before = [*held["before"], held["after"]]
                held = {**held, "before": before, "after": int(number)}
            case "previous":
                held = {**held, "before": held["before"][:-1], "after": held["before"][-1]}
            case _:
                pass
        return [*await self._look(held), *same]

    async def _opened(self, held: Held, number: int) -> list[Any]:
        """The form of a line, filled in with what is heard of it now."""
        try:
            line = await ask(self._client.line(held["output"], number))
        except SpeechError as error:
            return self._form.refused(error)
        return self._form.show(line, held.get("hues", {}))

    async def _speak(self, held: Held, number: int, *values: Any) -> list[Any]:
        try:
            line = await ask(self._client.line(held["output"], number))
            changes = retake.changes(line, *values)
            job = await ask(self._client.retake(held["output"], number, **changes))
        except SpeechError as error:
            return [*self._refused(error), gr.skip()]
        return [*await self._look(_begun(held, {job.id: number})), self._form.seen(False)]

    async def _speak_all(self, held: Held, numbers: list[int]) -> list[Any]:
        """Each of the lines with another seed, as many at once as the service takes."""
        batch = held.get("batch", 0) if held.get("pending") else 0
        held = {**held, "left": [*held.get("left", []), *numbers], "batch": batch + len(numbers)}
        try:
            held = await self._send(held)
        except SpeechError as error:
            return self._refused(error)
        return await self._look(held)

    async def _send(self, held: Held) -> Held:
        """Send the lines that are left, until the queue takes no more. Raises SpeechError."""
        left = list(held.get("left", ()))
        begun: dict[str, int] = {}
        while left:
            try:
                job = await ask(self._client.retake(held["output"], left[0]))
            except (QueueFull, TooManyJobs):
                break
            begun[job.id] = left.pop(0)
        return {**held, "left": left, "pending": {**held.get("pending", {}), **begun}}

    async def _choose(self, held: Held, number: int, take: int) -> list[Any]:
        try:
            await ask(self._client.choose(held["output"], number, take), LONGER)
        except SpeechError as error:
            return self._refused(error)
        return await self._look({**held, "assembling": True})

    # --- what is shown ---

    async def _tick(self, held: Held) -> list[Any]:
        """How far the takes and the recording are; what has ended is shown."""
        same = [gr.skip()] * (len(self._shown) + 2)
        try:
            page = await ask(self._client.lines(held["output"], limit=1))
            if held.get("assembling") and page.assembly.state != "running":
                looked = await self._look({**held, "assembling": False}, _assembled(page.assembly))
                return [*looked, *await self._heard(held["output"])]
            ended = {id: n for id, n in held.get("pending", {}).items() if id not in page.pending}
            left = held.get("left", [])
            if not ended and not left:
                return same
            held = await self._send({**held, "pending": dict(page.pending)})
            if not ended and held["left"] == left:
                return same
            said = "" if held["pending"] or held["left"] else await self._taken(held, ended)
            return [*await self._look(held, said), *same[-2:]]
        except SpeechError as error:
            return [*self._refused(error), *same[-2:]]

    async def _taken(self, held: Held, ended: Mapping[str, int]) -> Html:
        """What came of the takes that were asked for."""
        for id in ended:
            job = await ask(self._client.job(id))
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                return result.told(self._dashboard, job)
        if held.get("batch", 0) > 1:
            said = plural(
                "{count} line has another take.", "{count} lines have other takes.", held["batch"]
            )
        else:
            said = tr("Line {number} has another take.", number=next(iter(ended.values())))
        return markup.notice("note", said, tr("Hear them, and use the better one."))

    async def _heard(self, output: str) -> list[Any]:
        """The player and the result of a recording that was assembled anew."""
        job = await ask(self._client.job(output))
        version = str(time.time_ns())
        player = recordings.heard(self._dashboard, job, version=version)
        return [player, result.told(self._dashboard, job)]

    async def _look(self, held: Held, said: str = "") -> list[Any]:
        """Updates of `_shown`: the page of lines that is held, and what is being made."""
        only = _FILTERS[held.get("only", "")]
        try:
            page = await ask(
                self._client.lines(
                    held["output"],
                    held["after"],
                    _SHOWN,
                    speaker=held.get("speaker"),
                    q=held.get("q") or None,
                    **only.query,
                )
            )
        except SpeechError as error:
            return self._refused(error)
        held = {**held, "hues": markup.colours(page.speakers)}
        held["pending"] = {**page.pending, **held.get("pending", {})}
        held["assembling"] = held.get("assembling") or page.assembly.state == "running"
        if not said and page.assembly.state == "failed":
            said = _assembled(page.assembly)
        waits = bool(held["pending"] or held["assembling"] or held.get("left"))
        listing = await self._listed(held, page)
        told = said or _in_work(held)
        return [held, told, self._filter(held, page), listing, gr.Timer(active=waits)]

    async def _listed(self, held: Held, page: LinePage) -> Html:
        """The table of a page of lines."""
        if not page.items:
            return markup.empty(tr(_FILTERS[held.get("only", "")].none))
        voices = {voice.id: voice for voice in await library.everyone(self._client)}
        spoken = {*held["pending"].values(), *held.get("left", ())}
        rows = [
            line_rows.row(
                self._dashboard,
                page.output,
                line,
                voices,
                held["hues"],
                spoken,
                fitted=self._fitted,
            )
            for line in page.items
        ]
        return element(
            "speech-lines",
            _tools(),
            line_rows.table(rows, fitted=self._fitted),
            _turning(held, page),
            words=json.dumps(
                {
                    "none": tr("Speak again"),
                    "several": tr("Speak {count} again"),
                    "error": tr("It cannot be played."),
                }
            ),
        )

    def _filter(self, held: Held, page: LinePage) -> Html:
        """What can be looked for, with how many lines there are of each."""
        counts = page.counts
        known = {
            "": page.lines,
            "faulty": counts.faulty,
            "strained": counts.strained,
            "failed": counts.failed,
            "retaken": counts.retaken,
        }
        if not self._fitted:
            del known["strained"]
        chips = [_chip(name, count, held.get("only", "") == name) for name, count in known.items()]
        return element(
            "div",
            element("div", *chips, class_="chips", role="group", aria_label=tr("Show lines")),
            _speakers(page, held.get("speaker")),
            class_="choices",
        )

    def _refused(self, error: SpeechError) -> list[Any]:
        return [gr.skip(), markup.trouble(error), *[gr.skip()] * (len(self._shown) - 2)]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _wanting(held: Held, **wanted: Any) -> Held:
    """The first page of other lines."""
    return {**held, **wanted, "after": 0, "before": []}


def _begun(held: Held, jobs: Mapping[str, int]) -> Held:
    return {**held, "pending": {**held.get("pending", {}), **jobs}, "batch": 1}


def _numbers(text: str) -> list[int]:
    """Those of the lines that were chosen, as the browser joined them."""
    return [int(word) for word in text.split(",") if word.isdecimal()][:_SHOWN]


def _in_work(held: Held) -> Html:
    """What is being made of the lines at present; empty where nothing is."""
    if held.get("assembling"):
        said = tr("The recording is assembled anew …")
        return markup.notice("note", said, None, element("progress", aria_label=said))
    left = len(held.get("pending", ())) + len(held.get("left", ()))
    if not left:
        return Html("")
    if left == 1 and held.get("batch", 1) <= 1:
        number = next(iter(held["pending"].values()))
        said = tr("Line {number} is spoken again …", number=number)
        return markup.notice("note", said, None, element("progress", aria_label=said))
    batch = max(held.get("batch", 0), left)
    said = tr("{done} of {count} lines are spoken again …", done=batch - left, count=batch)
    return markup.notice("note", said, None, markup.bar((batch - left) / batch, said))


def _assembled(assembly: AssemblyView) -> Html:
    if assembly.state == "failed":
        why = tr("The recording could not be assembled: {why}", why=assembly.error)
        return markup.notice("error", why)
    return markup.notice(
        "note", tr("The recording is assembled anew."), tr("All its files follow.")
    )


def _tools() -> Html:
    """What is done with several lines, and the keys."""
    every = element("input", type="checkbox", data_every=True)
    again = element(
        "button",
        tr("Speak again"),
        type="button",
        class_="small",
        data_action="again-all",
        data_id="",
        disabled=True,
    )
    return element(
        "div",
        element("label", every, tr("Choose all")),
        again,
        element("span", tr("j and k move, Space plays, Shift+Space plays on"), class_="hint keys"),
        class_="choices tools",
    )


def _chip(name: str, count: int, chosen: bool) -> Html:
    label = tr(_FILTERS[name].label)
    return element(
        "button",
        label,
        element("span", f"{count:,}", class_="count"),
        type="button",
        class_="chip",
        data_action="only",
        data_id=name,
        aria_pressed="true" if chosen else "false",
    )


def _speakers(page: LinePage, chosen: str | None) -> Html | None:
    """A picker of who speaks; nothing where that is one alone."""
    if len(page.speakers) < 2:
        return None
    named = [(f"{name or tr('nobody')} ({count:,})", name) for name, count in page.speakers.items()]
    choices = [(tr("Everybody"), _ANYONE), *named]
    who = _ANYONE if chosen is None else chosen
    return markup.picker("speaker", "", choices, who, tr("Lines of whom"))


def _turning(held: Held, page: LinePage) -> Html | None:
    """Buttons to turn the page; nothing where one page is all of it."""
    if page.next is None and not held["before"]:
        return None
    first = len(held["before"]) * _SHOWN
    where = tr(
        "{first:,} – {last:,} of {count:,}",
        first=first + 1,
        last=first + len(page.items),
        count=page.found,
    )
    lines = tr("lines")
    return element(
        "div",
        markup.button("previous", "", tr("Previous"), lines) if held["before"] else None,
        element("span", where, class_="hint"),
        markup.button("next", str(page.next), tr("Next"), lines) if page.next else None,
        class_="choices turning",
    )
