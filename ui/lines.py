"""The lines of a finished recording: to hear, to speak again, and to choose among their takes."""

import time
from collections.abc import Mapping
from typing import Any

import gradio as gr

from shared import emotions
from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.requests.pipeline import Pipeline
from shared.states import JobState
from shared.views import AssemblyView, LinePage, LineView
from shared.voices.view import VoiceView
from ui import fitting, library, line_rows, markup, recordings, result
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.markup import Html, element

_SHOWN = 50
"""Lines on a page."""
_READ = 1_000
"""Lines that are looked through at once."""
_LOOK = 0.7
"""Seconds between two looks at a take or a recording that is being made."""
_LINES = 4_000
_TO_FORM = """() => {
  const panel = document.querySelector("#retake");
  if (panel && panel.offsetParent) panel.scrollIntoView({ behavior: "smooth", block: "nearest" });
}"""


class Lines:
    """Shown under a finished recording; `offer` says what `outputs` show of a job."""

    def __init__(self, dashboard: Dashboard, contract: type[Pipeline]) -> None:
        self._dashboard = dashboard
        self._fitted = "report.json" in contract.artifacts
        self._held = gr.State({})
        """`output`, the line `after` which the page begins and the pages `before` it, the `line`
        that is being spoken again, the `job` of that, whether the recording is `assembling`, and
        the `hues` of those who speak."""
        with gr.Column(elem_classes=shown(False), elem_id="spoken") as self._panel:
            markup.place(element("h2", "Lines"))
            label = "Only lines with faults"
            label += ", or that hardly fit into their time" if self._fitted else ""
            self._only = gr.Checkbox(False, label=label, elem_id="only-faulty")
            self._said = markup.place(elem_id="lines-said")
            self._listing = markup.place(elem_id="lines", listens=True)
            self._form = _Form()
        self._timer = gr.Timer(_LOOK, active=False)

    @property
    def outputs(self) -> list[Any]:
        """What `offer` updates."""
        return [self._panel, self._form.panel, *self._shown]

    @property
    def _shown(self) -> list[Any]:
        return [self._held, self._said, self._listing, self._timer]

    def wire(self, player: gr.HTML, told: gr.HTML) -> None:
        """Join it to the player and the result of the page, which follow a choice."""
        state = [self._held, self._only]

        async def act(held: dict[str, Any], only: bool, event: gr.EventData) -> list[Any]:
            return await self._act(held, only, *markup.pressed(event))

        async def look(held: dict[str, Any], only: bool) -> list[Any]:
            return await self._look({**held, "after": 0, "before": []}, only)

        self._only.change(look, state, self._shown, **QUIET)
        self._listing.click(act, state, [*self._shown, *self._form.outputs], **QUIET).then(
            None, js=_TO_FORM, **QUIET
        )
        self._form.speak.click(
            self._speak, [*state, *self._form.inputs], [*self._shown, self._form.panel], **QUIET
        )
        self._form.close.click(_closed, None, self._form.panel, **QUIET)
        self._timer.tick(self._tick, state, [*self._shown, player, told], **QUIET)

    async def offer(self, job: JobView) -> list[Any]:
        """Updates that show the lines of a job; nothing while it has none."""
        if job.state is not JobState.SUCCEEDED or "lines" not in job.links:
            aside = gr.Column(elem_classes=shown(False))
            return [aside, aside, {}, "", "", gr.Timer(active=False)]
        held = {"output": job.id, "after": 0, "before": [], "hues": await self._hues(job.id)}
        panels = [gr.Column(elem_classes=shown(True)), gr.Column(elem_classes=shown(False))]
        return [*panels, *await self._look(held, only=False)]

    async def _hues(self, output: str) -> dict[str, int]:
        """The colours of all who speak, as far as the beginning tells."""
        try:
            page = await ask(self._client.lines(output, limit=_READ))
        except SpeechError:  # what is shown next says it
            return {}
        return markup.colours(line.speaker for line in page.items)

    # --- what a person does ---

    async def _act(self, held: dict[str, Any], only: bool, action: str, what: str) -> list[Any]:
        same = [gr.skip()] * len(self._form.outputs)
        number, _, take = what.partition("/")
        match action:
            case "again":
                return [*[gr.skip()] * 4, *await self._opened(held, int(number))]
            case "use":
                return [*await self._choose(held, only, int(number), int(take)), *same]
            case "next":
                before = [*held["before"], held["after"]]
                held = {**held, "before": before, "after": int(number)}
            case "previous":
                held = {**held, "before": held["before"][:-1], "after": held["before"][-1]}
            case _:
                pass
        return [*await self._look(held, only), *same]

    async def _opened(self, held: dict[str, Any], number: int) -> list[Any]:
        """The form of a line, filled in with what is heard of it now."""
        try:
            line = await ask(self._client.line(held["output"], number))
        except SpeechError as error:
            return self._form.refused(error)
        voices = await library.everyone(self._client)
        return self._form.show(line, voices, held.get("hues", {}))

    async def _speak(
        self, held: dict[str, Any], only: bool, number: int, *values: Any
    ) -> list[Any]:
        try:
            line = await ask(self._client.line(held["output"], number))
            changes = line_rows.changes(line, *values)
            job = await ask(self._client.retake(held["output"], number, **changes))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), gr.skip(), gr.skip(), gr.skip()]
        held = {**held, "line": number, "job": job.id}
        said = markup.notice("note", f"Line {number} is spoken again …")
        return [*await self._look(held, only, said), gr.Column(elem_classes=shown(False))]

    async def _choose(self, held: dict[str, Any], only: bool, number: int, take: int) -> list[Any]:
        try:
            await ask(self._client.choose(held["output"], number, take), LONGER)
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), gr.skip(), gr.skip()]
        said = markup.notice("note", "The recording is assembled anew …")
        return await self._look({**held, "assembling": True}, only, said)

    # --- what is shown ---

    async def _tick(self, held: dict[str, Any], only: bool) -> list[Any]:
        """How far the take or the recording is; once there, the page shows it."""
        try:
            page = await ask(self._client.lines(held["output"], limit=1))
            if held.get("job") and held["job"] not in page.pending:
                said = await self._taken(held)
                return [*await self._look(_without(held, "job"), only, said), gr.skip(), gr.skip()]
            if held.get("assembling") and page.assembly.state != "running":
                said = _assembled(page.assembly)
                shown_ = await self._look(_without(held, "assembling"), only, said)
                return [*shown_, *await self._heard(held["output"])]
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error), *[gr.skip()] * 4]
        return [gr.skip()] * 6

    async def _taken(self, held: dict[str, Any]) -> Html:
        """What came of another take."""
        job = await ask(self._client.job(held["job"]))
        if not job.state.terminal or job.state is JobState.SUCCEEDED:
            said = f"Line {held['line']} has another take."
            return markup.notice("note", said, "Hear it, and use it if it is the better one.")
        return result.told(self._dashboard, job)

    async def _heard(self, output: str) -> list[Any]:
        """The player and the result of a recording that was assembled anew."""
        job = await ask(self._client.job(output))
        version = str(time.time_ns())
        player = recordings.heard(self._dashboard, job, version=version)
        return [player, result.told(self._dashboard, job)]

    async def _look(self, held: dict[str, Any], only: bool, said: str = "") -> list[Any]:
        """Updates of `_shown`: the page of lines that is held."""
        waits = bool(held.get("job") or held.get("assembling"))
        try:
            listing = await self._page(held, only)
        except SpeechError as error:
            return [held, markup.trouble(error), gr.skip(), gr.Timer(active=waits)]
        return [held, said, listing, gr.Timer(active=waits)]

    async def _page(self, held: dict[str, Any], only: bool) -> Html:
        output = held["output"]
        fits = await fitting.of(self._client, output) if self._fitted else {}
        page, lines, more = await self._found(output, held["after"], only, fits)
        if not lines:
            return markup.empty("No line has a fault.")
        voices = {voice.id: voice for voice in await library.everyone(self._client)}
        spoken = set(page.pending.values())
        hues: dict[str, int] = held.get("hues", {})
        rows = (
            line_rows.row(
                self._dashboard, output, line, voices, hues, fits.get(line.number), spoken
            )
            for line in lines
        )
        turning = _turning(held, lines, page.lines, more)
        return markup.joined([element("ol", *rows, class_="lines"), turning])

    async def _found(
        self, output: str, after: int, only: bool, fits: Mapping[int, fitting.Fitted]
    ) -> tuple[LinePage, list[LineView], bool]:
        """A page of the lines that are wanted, and whether more follow."""
        found: list[LineView] = []
        while True:
            page = await ask(self._client.lines(output, after, _READ if only else _SHOWN))
            found += [
                line
                for line in page.items
                if not only or line_rows.is_faulty(line, fits.get(line.number))
            ]
            if page.next is None or len(found) > _SHOWN or not only:
                return page, found[:_SHOWN], len(found) > _SHOWN or page.next is not None
            after = page.next

    @property
    def _client(self) -> AsyncClient:
        return self._dashboard.client


class _Form:
    """What is to be other in another take of a line."""

    def __init__(self) -> None:
        with gr.Column(elem_classes=[*shown(False), "card"], elem_id="retake") as self.panel:
            self._number = gr.State(0)
            self._title = markup.place()
            self._text = gr.Textbox(
                label="What is said", lines=2, max_length=_LINES, elem_id="retake-text"
            )
            self._instruct = gr.Textbox(
                label="Instruct", placeholder="wary, slower", elem_id="retake-instruct"
            )
            with gr.Row():
                self._voice = gr.Dropdown(
                    [library.OPEN], value="", label="Voice", min_width=140, elem_id="retake-voice"
                )
                self._emotion = gr.Dropdown(
                    [("none", ""), *((each.capitalize(), each) for each in emotions.EMOTIONS)],
                    value="",
                    label="Emotion",
                    min_width=140,
                    elem_id="retake-emotion",
                )
                self._seed = gr.Number(
                    None, label="Seed", precision=0, minimum=0, placeholder="another one",
                    min_width=120, elem_id="retake-seed",
                )  # fmt: skip
            with gr.Row():
                self.speak = gr.Button(
                    "Speak this line again", variant="primary", elem_id="retake-speak"
                )
                self.close = gr.Button("Close", min_width=80, scale=0)

    @property
    def inputs(self) -> list[Any]:
        """The number of the line, then what `line_rows.changes` takes."""
        return [
            self._number, self._text, self._instruct, self._emotion, self._voice, self._seed
        ]  # fmt: skip

    @property
    def outputs(self) -> list[Any]:
        return [self.panel, self._title, *self.inputs]

    def show(self, line: LineView, voices: list[VoiceView], hues: Mapping[str, int]) -> list[Any]:
        """Updates of `outputs` for a line."""
        role = line.role
        title = element("h2", f"Line {line.number} again")
        who = markup.speaker(line.speaker, hues) if line.speaker else None
        picker = gr.Dropdown(choices=library.anyone(voices), value=role.voice or "")
        return [
            gr.Column(elem_classes=[*shown(True), "card"]),
            element("div", title, who, class_="choices"),
            line.number,
            line.text,
            role.instruct or "",
            role.emotion or "",
            picker,
            None,
        ]

    def refused(self, error: SpeechError) -> list[Any]:
        """The same for a line that cannot be looked at."""
        panel = gr.Column(elem_classes=[*shown(True), "card"])
        return [panel, markup.trouble(error), *[gr.skip()] * len(self.inputs)]


def _closed() -> gr.Column:
    return gr.Column(elem_classes=shown(False))


def _without(held: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in held.items() if key != name}


def _assembled(assembly: AssemblyView) -> Html:
    if assembly.state == "failed":
        return markup.notice("error", f"The recording could not be assembled: {assembly.error}")
    return markup.notice("note", "The recording is assembled anew.", "All its files follow.")


def _turning(held: dict[str, Any], lines: list[LineView], total: int, more: bool) -> Html | None:
    """Buttons to turn the page; nothing where one page is all of it."""
    if not more and not held["before"]:
        return None
    last = lines[-1].number
    return element(
        "div",
        markup.button("previous", "", "Previous", "lines") if held["before"] else None,
        element("span", f"{lines[0].number:,} – {last:,} of {total:,}", class_="hint"),
        markup.button("next", str(last), "Next", "lines") if more else None,
        class_="choices turning",
    )
