"""Outputs: what was made, to find, hear, compare, mark, download and throw away."""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from shared.errors import SpeechError, UnknownOutput
from shared.jobs import JobView
from shared.stores.listing import Output
from ui import comparing, marking, markup, player, recordings, shelf
from ui.cleaning import Cleaning
from ui.dashboard import LONGER, QUIET, Dashboard, ask
from ui.finding import Finding, Wanted
from ui.marking import Done
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Asked, heed
from ui.translation import plural, tr
from ui.viewing import Gone, View

_LENGTH = 40
"""Outputs that are asked for at once."""
_MOST = 12
"""Times that more can be shown: each has a place of its own, so that a change sends only one."""
_TITLE = 60
_TO_UNDO = """() => {
  requestAnimationFrame(() => {
    const undo = document.querySelector("#said [data-action=undo]");
    if (!undo || undo.dataset.met === undo.dataset.id) return;
    undo.dataset.met = undo.dataset.id;
    undo.focus({ preventScroll: true });
  });
  return [];
}"""
"""The button that was pressed went with its row."""

Answer = dict[Any, Any]


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
        self._compare = markup.place(elem_id="compare", listens=True)
        with gr.Column(elem_id="acting", min_width=0):
            self._said = markup.place(elem_id="said", listens=True)
            self._selection = markup.place(elem_id="selection", listens=True)
        with gr.Column(elem_id="outputs", min_width=0):
            self._chunks = [markup.place(listens=True) for _ in range(_MOST)]
        self._more = gr.Button(tr("Show more"), visible=False, elem_id="more")
        self._player = markup.place(elem_id="player")
        self._cleaning = Cleaning(dashboard)
        self._address = markup.place()
        self._view = gr.State(View())

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
        opened = page.load(self._open, self._view, everything, **QUIET)
        opened.then(self._fill, self._view, finding.widgets, **QUIET)
        changes = [widget.change for widget in finding.widgets]
        gr.on(changes, self._change, inputs, everything, trigger_mode="always_last", **QUIET)
        self._refresh.click(self._look, inputs, everything, **QUIET)
        self._more.click(self._grow, self._view, everything, **QUIET)
        narrowing = [place.click for place in (finding.dates, finding.chips)]
        gr.on(narrowing, self._narrow, inputs, everything, trigger_mode="multiple", **QUIET)
        acting = (self._said, self._compare, self._selection, *self._chunks)
        gr.on(
            [place.click for place in acting],
            self._act,
            self._view,
            everything,
            # What is pressed while another answer is on its way counts too.
            trigger_mode="multiple",
            **QUIET,
        )
        look, shown = self._cleaning.look
        self._said.change(look, None, shown, js=_TO_UNDO, **QUIET)
        self._cleaning.wire(self._look, inputs, everything)
        Asked(self._dashboard, "outputs", "outputs list").wire(inputs, self._asked)
        heed(self._address)

    def _asked(self, view: View, *values: Any) -> dict[str, Any]:
        return self._finding.read(values, view.wanted).query(_LENGTH)

    # --- looking -----------------------------------------------------------------------------

    async def _open(self, view: View, request: gr.Request) -> Answer:
        """The page as its address asks for it."""
        return await self._found(view, Wanted.of(dict(request.query_params)), whole=True)

    async def _fill(self, view: View) -> list[Any]:
        return self._finding.fill(view.wanted)

    async def _look(self, view: View, *values: Any) -> Answer:
        return await self._found(view, self._finding.read(values, view.wanted))

    async def _change(self, view: View, *values: Any) -> Answer:
        """What another value asks for; those that the page itself has filled in ask nothing."""
        wanted = self._finding.read(values, view.wanted)
        return {self._view: view} if wanted == view.wanted else await self._found(view, wanted)

    async def _narrow(
        self,
        view: View,
        words: str,
        task: str,
        voice: str,
        when: str,
        sort: str,
        starred: bool,
        event: gr.EventData,
    ) -> Answer:
        """Another tag, or another day."""
        wanted = self._finding.read((words, task, voice, when, sort, starred), view.wanted)
        action, name = markup.pressed(event)
        if action == "filter":
            wanted = wanted.toggled(name)
        elif action in ("since", "until"):
            wanted = wanted.dated(action, markup.picked(event))
        return await self._found(view, wanted)

    async def _found(self, view: View, wanted: Wanted, *, whole: bool = False) -> Answer:
        """The first page of what is wanted; with `whole`, what to choose from too."""
        client, view.wanted = self._dashboard.client, wanted
        try:
            found, facets = await asyncio.gather(
                ask(client.outputs(**wanted.query(_LENGTH))), ask(client.facets())
            )
        except SpeechError as error:
            return {self._said: markup.trouble(error)}
        if view.wanted is not wanted:
            return {self._view: view}
        view.begin(found)
        filters = self._finding.offer if whole else self._finding.around
        return {
            **filters(wanted, facets),
            **self._shown(view, range(_MOST)),
            self._said: "",
            self._address: element("speech-address", query=wanted.address),
        }

    async def _grow(self, view: View) -> Answer:
        """One page more, below those that are shown."""
        wanted, cursor = view.wanted, view.cursor
        if cursor is None or len(view.pages) == _MOST:
            return {self._more: gr.Button(visible=False)}
        try:
            found = await ask(self._dashboard.client.outputs(**wanted.query(_LENGTH, cursor)))
        except SpeechError as error:
            return {self._said: markup.trouble(error)}
        if view.wanted is not wanted or view.cursor != cursor:
            return {self._view: view}
        view.grow(found)
        return self._shown(view, [len(view.pages) - 1])

    # --- what a person does ------------------------------------------------------------------

    async def _act(self, view: View, event: gr.EventData) -> Answer:
        """What a button or a form asks for, of one output or of those that are selected."""
        action, id = markup.pressed(event)
        run, _, tag = id.partition(" ")
        # Whoever looked before the dashboard was started anew is known no more.
        shown = {} if view.pages else await self._found(view, view.wanted)
        try:
            value = tag or markup.picked(event).strip()
            return {**shown, **await self._do(view, action, run, value)}
        except UnknownOutput:
            return self._after(view, [run], Done(vanished=[run]))
        except SpeechError as error:
            return {self._said: markup.joined([markup.trouble(error), _undoable(view.gone)])}

    async def _do(self, view: View, action: str, run: str, value: str) -> Answer:
        client = self._dashboard.client
        match action:
            case "play":
                return {self._player: self._heard(await ask(client.output(run)))}
            case "star" | "unstar" | "rename" | "tag" | "untag":
                return await self._mark(view, [run], action, value)
            case "stars" | "unstars" | "tags":
                return await self._mark(view, view.picked, action.removesuffix("s"), value)
            case "again":
                begun = self._begun(await ask(client.again(run)))
                return {self._said: markup.joined([begun, _undoable(view.gone)])}
            case "delete":
                return await self._delete(view, [run])
            case "deletes":
                return await self._delete(view, view.picked)
            case "undo":
                return await self._undo(view)
            case "compare" | "apart":
                return await self._pair(view, run)
            case _:
                return self._select(view, action, run)

    def _select(self, view: View, action: str, run: str) -> Answer:
        before = list(view.picked)
        if action == "pick":
            view.pick(run)
        elif action == "clear":
            view.picked = []
        elif action == "all":
            view.picked = [each.id for page in view.pages for each in page]
        return self._shown(view, view.pages_of({run, *before, *view.picked}))

    async def _mark(self, view: View, runs: Collection[str], action: str, value: str) -> Answer:
        client, runs = self._dashboard.client, list(runs)
        async with view.marking:
            before = view.named(runs)
            done = await marking.mark(client, before, action, value)
            pages = view.pages_of(runs)
            for output in done.outputs:
                view.take(output)
        astray = [each.id for each in done.outputs if not view.wanted.holds(each)]
        known = {each.id: each for each in before}
        left = [gone for run in astray if (gone := view.drop(run, thrown=False))]
        view.gone = [replace(gone, output=known[gone.output.id]) for gone in left] or view.gone
        answer = self._after(view, runs, done, pages)
        if action in marking.OF_TAGS:
            answer |= self._finding.around(view.wanted, await ask(client.facets()))
        return answer

    async def _delete(self, view: View, runs: Collection[str]) -> Answer:
        runs = list(runs)
        done = await marking.discard(self._dashboard.client, view.named(runs))
        pages = view.pages_of(runs)
        thrown = [gone for each in done.outputs if (gone := view.drop(each.id, thrown=True))]
        view.gone = thrown or view.gone
        return self._after(view, runs, done, pages)

    async def _undo(self, view: View) -> Answer:
        """Bring back what left the list last, each to its place."""
        gone, client = view.gone, self._dashboard.client
        thrown = [each.output.id for each in gone if each.thrown]
        restored = await ask(client.restore_all(thrown), LONGER) if thrown else None
        done = await marking.mark_as(client, [each.output for each in gone if not each.thrown])
        if done.trouble:
            raise done.trouble
        missing = {*(restored.missing if restored else ()), *done.vanished}
        back = [each for each in gone if each.output.id not in missing]
        for each in reversed(back):
            view.put_back(each)
        if view.gone is gone:
            view.gone = []
        told = plural("{count} output is back.", "{count} outputs are back.", len(back))
        answer = self._shown(view, {each.page for each in back if each.page < len(view.pages)})
        return {**answer, self._said: markup.notice("note", told) if gone else ""}

    async def _pair(self, view: View, run: str) -> Answer:
        """Put an output into the comparison or take it out; without one, end it."""
        before = {each.id for each in view.compared}
        if not run:
            view.compared = []
        elif run in before:
            view.part(run)
        else:
            view.compare(await ask(self._dashboard.client.output(run)))
        return self._shown(view, view.pages_of({run, *before}))

    def _after(
        self, view: View, runs: Iterable[str], done: Done, pages: Iterable[int] = ()
    ) -> Answer:
        """The list where it changed, and what is to be said of it."""
        changed = {*pages, *view.pages_of([*runs, *done.vanished])}
        for run in done.vanished:
            view.drop(run, thrown=True)
        trouble = markup.trouble(done.trouble) if done.trouble else None
        said = markup.joined([trouble, _vanished(done.vanished), _undoable(view.gone)])
        return {**self._shown(view, changed), self._said: said}

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
        last = self._chunks[-1]
        if last in answer and view.cursor and len(view.pages) == _MOST:
            rest = tr("More of them are found with the filters above.")
            answer[last] = markup.joined([answer[last], element("p", rest, class_="hint")])
        return answer

    def _heard(self, output: Output) -> Html:
        format = str(output.request.get("format", "wav"))
        file = recordings.address(self._dashboard, output.id, output.task, format)
        heard = player.replay(output.id, output.duration_seconds, autoplay=True, file=file)
        name = element("div", shelf.title(output), class_="excerpt name")
        return element("div", name, heard, class_="heard")

    def _begun(self, job: JobView) -> Html:
        link = markup.link(self._dashboard.page(job.task, job.id), tr("Hear it"))
        return markup.notice("note", tr("It is being made again."), None, link)


def _summary(view: View) -> Html:
    count = plural("{count} output", "{count} outputs", view.total)
    length = tr("{length} of sound", length=markup.seconds(view.seconds))
    part = tr("{count} shown", count=f"{view.shown:,}") if view.shown < view.total else None
    told = " · ".join(filter(None, (count, length if view.total else None, part)))
    return element("p", told, class_="hint", role="status")


def _nothing(wanted: Wanted) -> Html:
    if wanted.narrows:
        return markup.empty(tr("Nothing matches."), tr("Try fewer words, or take a filter away."))
    return markup.empty(
        tr("Nothing was made yet."),
        tr("Speak something; it is kept here when it is done, with the settings that made it."),
    )


def _vanished(runs: Sequence[str]) -> Html | None:
    if not runs:
        return None
    told = plural(
        "That output is gone: it was deleted elsewhere.",
        "{count} outputs are gone: they were deleted elsewhere.",
        len(runs),
    )
    return markup.notice("note", told)


def _undoable(gone: Sequence[Gone]) -> Html | None:
    """What left the list last, with the way to bring it back."""
    if not gone:
        return None
    first = shelf.title(gone[0].output)[:_TITLE]
    match len(gone), gone[0].thrown:
        case 1, True:
            told = tr("Deleted: {what}", what=first)
        case 1, False:
            told = tr("It matches no more: {what}", what=first)
        case count, True:
            told = plural("{count} output deleted.", "{count} outputs deleted.", count)
        case count, _:
            told = plural("{count} output matches no more.", "{count} match no more.", count)
    undo = markup.button("undo", gone[0].output.id, tr("Undo"), told)
    return markup.notice("note", told, None, undo)
