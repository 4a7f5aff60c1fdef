"""Outputs: what was made, to find, hear, compare, mark, download and throw away."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

import gradio as gr

from shared.errors import SpeechError, UnknownOutput
from shared.stores.listing import Output
from ui import comparing, markup, player, recordings, shelf
from ui.cleaning import Cleaning
from ui.dashboard import LONGER, QUIET, Dashboard, ask
from ui.finding import Finding, Wanted
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Asked
from ui.translation import plural, tr

_LENGTH = 40
"""Outputs that are asked for at once."""
_MOST = 12
"""Times that more can be shown: each has a place of its own, so that a change sends only one."""
_PAIR = 2
_TITLE = 60
_TO_UNDO = """() => {
  const undo = document.querySelector("#said [data-action=undo]");
  if (!undo || undo.dataset.met === undo.dataset.id) return;
  undo.dataset.met = undo.dataset.id;
  undo.focus({ preventScroll: true });
}"""
"""The button that was pressed went with its row."""

Answer = dict[Any, Any]


@dataclass(frozen=True)
class Gone:
    """An output that was thrown away, and where it stood."""

    output: Output
    page: int
    place: int


@dataclass
class View:
    """What one person looks at."""

    wanted: Wanted = field(default_factory=Wanted)
    pages: list[list[Output]] = field(default_factory=list[list[Output]])
    total: int = 0
    seconds: float = 0.0
    cursor: str | None = None
    picked: list[str] = field(default_factory=list[str])
    compared: list[Output] = field(default_factory=list[Output])
    gone: list[Gone] = field(default_factory=list[Gone])

    def find(self, run: str) -> tuple[int, int] | None:
        """On which page an output stands, and where on it."""
        for page, outputs in enumerate(self.pages):
            for place, output in enumerate(outputs):
                if output.id == run:
                    return page, place
        return None

    def take(self, output: Output) -> None:
        """Put the output in the place of what was known of it."""
        if found := self.find(output.id):
            self.pages[found[0]][found[1]] = output
        known = {each.id: each for each in self.compared}
        self.compared = [output if run == output.id else each for run, each in known.items()]

    def drop(self, run: str) -> Gone | None:
        """Take an output out; None if it is not shown."""
        self.picked = [each for each in self.picked if each != run]
        self.compared = [each for each in self.compared if each.id != run]
        found = self.find(run)
        if found is None:
            return None
        output = self.pages[found[0]].pop(found[1])
        self.total -= 1
        self.seconds -= output.duration_seconds
        return Gone(output, *found)

    def put_back(self, gone: Gone) -> None:
        """Let an output stand where it stood."""
        self.pages[gone.page].insert(gone.place, gone.output)
        self.total += 1
        self.seconds += gone.output.duration_seconds

    def named(self, runs: Iterable[str]) -> list[Output]:
        """Those of the outputs that are shown."""
        wanted = set(runs)
        return [output for page in self.pages for output in page if output.id in wanted]


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened, searched, refreshed or acted upon."""
    frame.head(dashboard, page, "outputs", tr("Everything that was made, the latest first."))
    Browser(dashboard).wire(page)


class Browser:
    """The list with all that belongs to it."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._finding = Finding()
        with gr.Row(elem_classes=["summing"]):
            self._summary = markup.place(elem_id="summary")
            self._refresh = gr.Button(
                tr("Refresh"), min_width=90, scale=0, elem_id="refresh", size="sm"
            )
        self._said = markup.place(elem_id="said", listens=True)
        self._compare = markup.place(elem_id="compare", listens=True)
        self._selection = markup.place(elem_id="selection", listens=True)
        with gr.Column(elem_id="outputs", min_width=0):
            self._chunks = [markup.place(listens=True) for _ in range(_MOST)]
        self._more = gr.Button(tr("Show more"), visible=False, elem_id="more")
        self._player = markup.place(elem_id="player")
        self._cleaning = Cleaning(dashboard)
        self._address = markup.place()
        self._view = gr.State(None)

    def wire(self, page: gr.Blocks) -> None:
        """Let the page look when something is asked of it."""
        finding, inputs = self._finding, [self._view, *self._finding.widgets]
        everything = [
            self._view,
            *finding.outputs,
            self._summary,
            self._said,
            self._compare,
            self._selection,
            *self._chunks,
            self._more,
            self._player,
            self._address,
        ]
        page.load(self._open, None, everything, **QUIET)
        for widget in finding.widgets:
            widget.change(self._change, inputs, everything, trigger_mode="always_last", **QUIET)
        self._refresh.click(self._look, inputs, everything, **QUIET)
        self._more.click(self._grow, self._view, everything, **QUIET)
        for place in (finding.dates, finding.chips):
            place.click(self._narrow, inputs, everything, trigger_mode="multiple", **QUIET)
        for place in (self._said, self._compare, self._selection, *self._chunks):
            # What is pressed while another answer is on its way counts too.
            acted = place.click(self._act, self._view, everything, trigger_mode="multiple", **QUIET)
            acted.then(None, js=_TO_UNDO, **QUIET)
        look, shown = self._cleaning.look
        self._said.change(look, None, shown, **QUIET)
        self._cleaning.wire(page, self._look, inputs, everything)
        Asked(self._dashboard, "outputs", "outputs list").wire(inputs, self._asked)

    def _asked(self, view: View | None, *values: Any) -> dict[str, Any]:
        return self._finding.read(values, (view or View()).wanted).query(_LENGTH)

    # --- looking -----------------------------------------------------------------------------

    async def _open(self, request: gr.Request) -> Answer:
        """The page as its address asks for it."""
        wanted = Wanted.of(dict(request.query_params))
        return await self._found(View(wanted), whole=True)

    async def _look(self, view: View | None, *values: Any) -> Answer:
        before = view or View()
        wanted = self._finding.read(values, before.wanted)
        return await self._found(replace(before, wanted=wanted))

    async def _change(self, view: View | None, *values: Any) -> Answer:
        """What another value asks for; those that the page itself has filled in ask nothing."""
        before = view or View()
        same = self._finding.read(values, before.wanted) == before.wanted
        return {self._view: view} if same else await self._look(before, *values)

    async def _narrow(
        self,
        view: View | None,
        words: str,
        task: str,
        voice: str,
        when: str,
        sort: str,
        starred: bool,
        event: gr.EventData,
    ) -> Answer:
        """Another tag, or another day."""
        before = view or View()
        wanted = self._finding.read((words, task, voice, when, sort, starred), before.wanted)
        action, name = markup.pressed(event)
        if action == "filter":
            wanted = wanted.toggled(name)
        elif action in ("since", "until"):
            wanted = wanted.dated(action, markup.picked(event))
        return await self._found(replace(before, wanted=wanted))

    async def _found(self, before: View, *, whole: bool = False) -> Answer:
        """The first page of what is wanted; with `whole`, the widgets too."""
        client, wanted = self._dashboard.client, before.wanted
        try:
            found, facets = await asyncio.gather(
                ask(client.outputs(**wanted.query(_LENGTH))), ask(client.facets())
            )
        except SpeechError as error:
            return {self._said: markup.trouble(error)}
        view = View(
            wanted,
            [found.items],
            found.total,
            found.duration_seconds,
            found.next_cursor,
            compared=before.compared,
        )
        filters = self._finding.show if whole else self._finding.around
        return {
            **filters(wanted, facets),
            **self._shown(view, range(_MOST)),
            self._said: "",
            self._address: element("speech-address", query=wanted.address),
        }

    async def _grow(self, view: View | None) -> Answer:
        """One page more, below those that are shown."""
        if view is None or view.cursor is None or len(view.pages) == _MOST:
            return {self._more: gr.Button(visible=False)}
        query = view.wanted.query(_LENGTH, view.cursor)
        try:
            found = await ask(self._dashboard.client.outputs(**query))
        except SpeechError as error:
            return {self._said: markup.trouble(error)}
        view.pages.append(found.items)
        view.cursor, view.total, view.seconds = (
            found.next_cursor,
            found.total,
            found.duration_seconds,
        )
        return self._shown(view, [len(view.pages) - 1])

    # --- what a person does ------------------------------------------------------------------

    async def _act(self, view: View | None, event: gr.EventData) -> Answer:
        """What a button or a form asks for, of one output or of those that are selected."""
        view = view or View()
        action, id = markup.pressed(event)
        run, _, tag = id.partition(" ")
        try:
            return await self._do(view, action, run, tag or markup.picked(event).strip())
        except UnknownOutput:
            return self._vanished(view, run)
        except SpeechError as error:
            return {self._said: markup.trouble(error)}

    async def _do(self, view: View, action: str, run: str, value: str) -> Answer:
        client = self._dashboard.client
        match action:
            case "play":
                return {self._player: self._heard(await ask(client.output(run)))}
            case "star" | "unstar" | "rename" | "tag" | "untag":
                return await self._mark(view, run, action, value)
            case "again":
                return {self._said: self._begun(await ask(client.again(run)))}
            case "delete":
                return await self._delete(view, [run])
            case "undo":
                return await self._undo(view)
            case "compare" | "apart":
                return await self._pair(view, run)
            case _:
                return await self._of_selected(view, action, run, value)

    async def _of_selected(self, view: View, action: str, run: str, value: str) -> Answer:
        """What is done with several outputs, or to their selection."""
        before = list(view.picked)
        match action:
            case "pick":
                kept = [each for each in before if each != run]
                view.picked = kept if len(kept) < len(before) else [*before, run]
            case "clear":
                view.picked = []
            case "stars" | "unstars" | "tags":
                return await self._mark_all(view, action.removesuffix("s"), value)
            case "deletes":
                return await self._delete(view, before)
            case _:
                pass
        return self._shown(view, self._chunks_of(view, {run, *before}))

    async def _mark(self, view: View, run: str, action: str, value: str) -> Answer:
        known = view.named([run]) or [each for each in view.compared if each.id == run]
        output = known[0] if known else await ask(self._dashboard.client.output(run))
        marks = _marks(output, action, value)
        view.take(await ask(self._dashboard.client.mark(run, **marks)))
        answer = {**self._shown(view, self._chunks_of(view, {run})), self._said: ""}
        if action in ("tag", "untag"):
            facets = await ask(self._dashboard.client.facets())
            answer |= self._finding.around(view.wanted, facets)
        return answer

    async def _mark_all(self, view: View, action: str, value: str) -> Answer:
        client, chosen = self._dashboard.client, view.named(view.picked)
        for output in chosen:
            view.take(await ask(client.mark(output.id, **_marks(output, action, value))))
        answer = self._shown(view, self._chunks_of(view, view.picked))
        return {**answer, **self._finding.around(view.wanted, await ask(client.facets()))}

    async def _delete(self, view: View, runs: list[str]) -> Answer:
        chunks = self._chunks_of(view, runs)
        dropped: list[Gone] = []
        trouble: SpeechError | None = None
        for run in runs:
            try:
                await ask(self._dashboard.client.discard(run))
            except UnknownOutput:  # it was deleted elsewhere, which is what was asked for
                view.drop(run)
            except SpeechError as error:
                trouble = error
                break
            else:
                gone = view.drop(run)
                dropped += [gone] if gone else []
        view.gone = dropped or view.gone
        said = markup.joined(
            [_deleted(dropped) if dropped else None, markup.trouble(trouble) if trouble else None]
        )
        return {**self._shown(view, chunks), self._said: said}

    async def _undo(self, view: View) -> Answer:
        """Bring back what was deleted last, each to its place."""
        gone, view.gone = view.gone, []
        runs = [each.output.id for each in gone]
        if not runs:
            return {self._said: ""}
        done = await ask(self._dashboard.client.restore_all(runs), LONGER)
        for each in reversed(gone):
            if each.output.id not in done.missing:
                view.put_back(each)
        told = plural("{count} output is back.", "{count} outputs are back.", done.outputs)
        answer = self._shown(view, {each.page for each in gone})
        return {**answer, self._said: markup.notice("note", told)}

    async def _pair(self, view: View, run: str) -> Answer:
        """Put an output into the comparison or take it out; without one, end it."""
        before = {each.id: each for each in view.compared}
        if not run:
            view.compared = []
        elif run in before:
            view.compared = [each for each in view.compared if each.id != run]
        else:
            output = await ask(self._dashboard.client.output(run))
            view.compared = [*view.compared[-1:], output][-_PAIR:]
        return self._shown(view, self._chunks_of(view, {run, *before}))

    def _vanished(self, view: View, run: str) -> Answer:
        """What is shown of an output that somebody deleted elsewhere."""
        chunks = self._chunks_of(view, {run})
        view.drop(run)
        told = markup.notice("note", tr("That output is gone: it was deleted elsewhere."))
        return {**self._shown(view, chunks), self._said: told}

    # --- what is shown -----------------------------------------------------------------------

    def _shown(self, view: View, chunks: Iterable[int]) -> Answer:
        """The list where it changed, and what depends on it."""
        compared = [each.id for each in view.compared]
        chosen = view.named(view.picked)
        stars = bool(chosen) and all(each.starred for each in chosen)
        answer: Answer = {
            self._view: view,
            self._summary: _summary(view),
            self._selection: shelf.selection(self._dashboard, view.picked, stars),
            self._compare: comparing.panel(self._dashboard, view.compared),
            self._more: gr.Button(
                visible=view.cursor is not None and len(view.pages) < _MOST,
            ),
        }
        for number in chunks:
            outputs = view.pages[number] if number < len(view.pages) else []
            answer[self._chunks[number]] = shelf.rows(
                self._dashboard, outputs, view.picked, compared
            )
        if not view.total and 0 in chunks:
            answer[self._chunks[0]] = _nothing(view.wanted)
        return answer

    def _chunks_of(self, view: View, runs: Iterable[str]) -> set[int]:
        return {found[0] for run in runs if (found := view.find(run))}

    def _heard(self, output: Output) -> Html:
        format = str(output.request.get("format", "wav"))
        file = recordings.address(self._dashboard, output.id, output.task, format)
        heard = player.replay(output.id, output.duration_seconds, autoplay=True, file=file)
        name = element("div", shelf.title(output), class_="excerpt name")
        return element("div", name, heard, class_="heard")

    def _begun(self, job: Any) -> Html:
        link = markup.link(self._dashboard.page(job.task, job.id), tr("Hear it"))
        return markup.notice("note", tr("It is being made again."), None, link)


def _marks(output: Output, action: str, value: str) -> dict[str, Any]:
    """What is asked of the service for a step."""
    match action:
        case "star" | "unstar":
            return {"starred": action == "star"}
        case "rename":
            return {"title": value}
        case "untag":
            return {"tags": [tag for tag in output.tags if tag != value]}
        case _:
            return {"tags": [*output.tags, *([value] if value else [])]}


def _summary(view: View) -> Html:
    count = plural("{count} output", "{count} outputs", view.total)
    length = tr("{length} of sound", length=markup.seconds(view.seconds))
    shown = sum(map(len, view.pages))
    part = tr("{count} shown", count=f"{shown:,}") if shown < view.total else None
    told = " · ".join(filter(None, (count, length if view.total else None, part)))
    return element("p", told, class_="hint", role="status")


def _nothing(wanted: Wanted) -> Html:
    if wanted.narrows:
        return markup.empty(tr("Nothing matches."), tr("Try fewer words, or take a filter away."))
    return markup.empty(
        tr("Nothing was made yet."),
        tr("Speak something; it is kept here when it is done, with the settings that made it."),
    )


def _deleted(gone: list[Gone]) -> Html:
    first = shelf.title(gone[0].output)[:_TITLE]
    if len(gone) == 1:
        told = tr("Deleted: {what}", what=first)
    else:
        told = plural("{count} output deleted.", "{count} outputs deleted.", len(gone))
    undo = markup.button("undo", gone[0].output.id, tr("Undo"), told)
    return markup.notice("note", told, None, undo)
