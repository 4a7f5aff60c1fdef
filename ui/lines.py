"""The lines of a finished recording: to hear, to speak again, and to choose among their takes."""

import time
from collections.abc import Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient, ServiceUnreachable
from shared.errors import QueueFull, SpeechError, TooManyJobs
from shared.jobs import JobView
from shared.requests.pipeline import Pipeline
from shared.states import JobState
from shared.views import LinePage
from ui import library, line_rows, markup, recordings, result, retake, sieve, work
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.markup import Html, element
from ui.retake import RetakeForm
from ui.sieve import View
from ui.translation import tr
from ui.work import Work

_SHOWN = 50
"""Lines on a page."""
_LOOK = 0.7
"""Seconds between two looks at takes or a recording that are being made."""
_SEARCHED = 200
"""Characters."""
_TO_FORM = """() => {
  const panel = document.querySelector("#retake");
  if (!panel?.offsetParent) return;
  const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
  panel.scrollIntoView({ behavior: still ? "auto" : "smooth", block: "nearest" });
  panel.querySelector("textarea")?.focus({ preventScroll: true });
}"""


class Lines:
    """Shown under a finished recording; `offer` says what `outputs` show of a job."""

    def __init__(self, dashboard: Dashboard, contract: type[Pipeline]) -> None:
        self._dashboard = dashboard
        self._fitted = "report.json" in contract.artifacts
        self._view = gr.State({})
        """One a person, which all events of the page change in place: a press that comes while
        another is answered adds to it, and the answer to what was wanted before comes too late."""
        self._work = gr.State({})
        """Apart from the view: what a look at the work says, which may end after a press that it
        knows nothing of, does not undo that press."""
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
        return [self._panel, self._form.panel, self._words, *self._shown]

    @property
    def _shown(self) -> list[Any]:
        return [self._view, self._work, self._said, self._filters, self._listing, self._timer]

    def wire(self, player: gr.HTML, told: gr.HTML) -> None:
        """Join it to the player and the result of the page, which follow a choice."""

        async def act(view: View, doing: Work, event: gr.EventData) -> list[Any]:
            return await self._act(view, doing, *markup.pressed(event), markup.picked(event))

        async def search(view: View, doing: Work, words: str) -> list[Any]:
            view.update(sieve.wanting(view, q=words))
            return await self._turn(view, doing)

        held = [self._view, self._work]
        acted = [*self._shown, *self._form.outputs]
        self._filters.click(act, held, acted, **QUIET)
        self._words.change(
            search, [*held, self._words], self._shown, trigger_mode="always_last", **QUIET
        )
        self._listing.click(act, held, acted, **QUIET).then(None, js=_TO_FORM, **QUIET)
        self._form.speak.click(
            self._speak, [*held, *self._form.inputs], [*self._shown, self._form.panel], **QUIET
        )
        self._form.close.click(lambda: self._form.seen(False), None, self._form.panel, **QUIET)
        self._timer.tick(self._tick, held, [*self._shown, player, told], **QUIET)

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show the lines of a job; nothing while it has none."""
        closed = self._form.seen(False)
        if job.state is not JobState.SUCCEEDED or "lines" not in job.links:
            aside = gr.Column(elem_classes=shown(False))
            return [aside, closed, "", {}, {}, "", "", "", gr.Timer(active=False)]
        view = sieve.wanting({"output": job.id})
        looked = await self._look(view, {})
        return [gr.Column(elem_classes=shown(True)), closed, "", view, *looked[1:]]

    # --- what a person does ---

    async def _act(self, view: View, doing: Work, action: str, what: str, picked: str) -> list[Any]:
        same = [gr.skip()] * len(self._form.outputs)
        number, _, take = what.partition("/")
        match action:
            case "again":
                opened = await self._opened(view, _number(number))
                return [*[gr.skip()] * len(self._shown), *opened]
            case "again-all":
                return [*await self._speak_all(view, doing, _numbers(what)), *same]
            case "use":
                return [*await self._choose(view, doing, _number(number), _number(take)), *same]
            case "only":
                view.update(sieve.wanting(view, only=what))
            case "speaker":
                view.update(sieve.wanting(view, speaker=picked))
            case "next" | "previous":
                view.update(sieve.turned(view, action, _number(number)))
            case _:
                pass
        return [*await self._turn(view, doing), *same]

    async def _turn(self, view: View, doing: Work) -> list[Any]:
        """Other lines; what is being made goes on as it does."""
        shown = await self._look(view, doing)
        return [*[gr.skip()] * 2, *shown[2:]]

    async def _opened(self, view: View, number: int) -> list[Any]:
        """The form of a line, filled in with what is heard of it now."""
        try:
            line = await ask(self._client.line(view["output"], number))
        except SpeechError as error:
            return self._form.refused(error)
        return self._form.show(line, view.get("hues", {}))

    async def _speak(self, view: View, doing: Work, number: int, *values: Any) -> list[Any]:
        try:
            line = await ask(self._client.line(view["output"], number))
            changes = retake.changes(line, *values)
            job = await ask(self._client.retake(view["output"], number, **changes))
        except SpeechError as error:
            return [*self._refused(error), gr.skip()]
        looked = await self._look(view, work.begun(doing, job.id, number))
        return [*looked, self._form.seen(False)]

    async def _speak_all(self, view: View, doing: Work, numbers: list[int]) -> list[Any]:
        """Each of the lines with another seed, as many at once as the service takes."""
        try:
            doing = await self._send(view, work.more(doing, numbers))
        except SpeechError as error:
            return self._refused(error)
        return await self._look(view, doing)

    async def _send(self, view: View, doing: Work) -> Work:
        """Send the lines that are left, until the queue takes no more. Raises SpeechError."""
        left = list(doing.get("left", ()))
        begun: dict[str, int] = {}
        while left:
            try:
                job = await ask(self._client.retake(view["output"], left[0]))
            except (QueueFull, TooManyJobs):
                break
            begun[job.id] = left.pop(0)
        return {**doing, "left": left, "pending": {**doing.get("pending", {}), **begun}}

    async def _choose(self, view: View, doing: Work, number: int, take: int) -> list[Any]:
        try:
            await ask(self._client.choose(view["output"], number, take), LONGER)
        except SpeechError as error:
            return self._refused(error)
        return await self._look(view, {**doing, "assembling": True})

    # --- what is shown ---

    async def _tick(self, view: View, doing: Work) -> list[Any]:
        """How far the takes and the recording are; what has ended is shown."""
        same = [gr.skip()] * (len(self._shown) + 2)
        try:
            return await self._followed(view, doing)
        except ServiceUnreachable as error:
            return [*self._refused(error), *same[-2:]]
        except SpeechError as error:  # such as a recording that was deleted: it stays so
            return [*self._refused(error)[:-1], gr.Timer(active=False), *same[-2:]]

    async def _followed(self, view: View, doing: Work) -> list[Any]:
        """What has changed since the look before. Raises SpeechError."""
        page = await ask(self._client.lines(view["output"], limit=1))
        if doing.get("assembling") and page.assembly.state != "running":
            said = work.assembled(page.assembly)
            looked = await self._look(view, {**doing, "assembling": False}, said)
            return [*looked, *await self._heard(view["output"])]
        before, left = doing.get("pending", {}), doing.get("left", [])
        ended = {id: number for id, number in before.items() if id not in page.pending}
        now = await self._send(view, {**doing, "pending": dict(page.pending)})
        if now["pending"].keys() == before.keys() and now.get("left", []) == left:
            still = [gr.skip()] * (len(self._shown) - 1)
            timer = gr.skip() if work.goes_on(now) else gr.Timer(active=False)
            return [*still, timer, gr.skip(), gr.skip()]
        said = "" if work.lines(now) or not ended else await self._taken(now, ended)
        looked = await self._look(view, now, said)
        return [*looked, gr.skip(), gr.skip()]

    async def _taken(self, doing: Work, ended: Mapping[str, int]) -> Html:
        """What came of the takes that were asked for: the first that failed, if one did."""
        for id in ended:
            job = await ask(self._client.job(id))
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                return result.told(self._dashboard, job)
        return work.done(doing, ended)

    async def _heard(self, output: str) -> list[Any]:
        """The player and the result of a recording that was assembled anew."""
        job = await ask(self._client.job(output))
        version = str(time.time_ns())
        player = recordings.heard(self._dashboard, job, version=version)
        return [player, result.told(self._dashboard, job)]

    async def _look(self, view: View, doing: Work, said: str = "") -> list[Any]:
        """Updates of `_shown`: the page of lines that is wanted, and what is being made; nothing if
        others are wanted meanwhile."""
        asked = sieve.asked(view)
        try:
            call = self._client.lines(view["output"], view["after"], _SHOWN, **sieve.query(view))
            page = await ask(call)
        except SpeechError as error:
            return self._refused(error)
        view["hues"] = markup.colours(page.speakers)
        doing = {
            **doing,
            "pending": {**page.pending, **doing.get("pending", {})},
            "assembling": doing.get("assembling") or page.assembly.state == "running",
        }
        if not said and page.assembly.state == "failed":
            said = work.assembled(page.assembly)
        controls = sieve.controls(view, page, fitted=self._fitted)
        listing = await self._listed(view, work.lines(doing), page)
        if sieve.asked(view) != asked:
            return [gr.skip()] * len(self._shown)
        timer = gr.Timer(active=work.goes_on(doing))
        return [gr.skip(), doing, said or work.told(doing), controls, listing, timer]

    async def _listed(self, view: View, spoken: set[int], page: LinePage) -> Html:
        """The table of a page of lines, of which some are spoken again."""
        if not page.items:
            return sieve.nothing(view)
        voices = {voice.id: voice for voice in await library.everyone(self._client)}
        rows = (
            line_rows.row(
                self._dashboard,
                page.output,
                line,
                voices,
                view["hues"],
                spoken,
                fitted=self._fitted,
            )
            for line in page.items
        )
        return line_rows.listing(rows, _turning(view, page), fitted=self._fitted)

    def _refused(self, error: SpeechError) -> list[Any]:
        same = [gr.skip()] * len(self._shown)
        return [*same[:2], markup.trouble(error), *same[3:]]

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


def _number(text: str) -> int:
    """Of a line or a take, as the browser sent it; 0, which none has, for anything else."""
    return int(text) if text.isdecimal() else 0


def _numbers(text: str) -> list[int]:
    """Those of the lines that were chosen, as the browser joined them."""
    return [int(word) for word in text.split(",") if word.isdecimal()][:_SHOWN]


def _turning(view: View, page: LinePage) -> Html | None:
    """Buttons to turn the page; nothing where one page is all of it."""
    before = view["before"]
    if page.next is None and not before:
        return None
    where = markup.span(len(before) * _SHOWN, len(page.items), page.found)
    lines = tr("lines")
    return element(
        "div",
        markup.button("previous", "", tr("Previous"), lines) if before else None,
        element("span", where, class_="hint"),
        markup.button("next", str(page.next), tr("Next"), lines) if page.next else None,
        class_="choices turning",
    )
