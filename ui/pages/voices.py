"""Voices: the library, to search, hear, speak with, add to, edit and tidy up."""

from collections.abc import Sequence
from typing import Any

import gradio as gr

from shared import languages
from shared.errors import SpeechError
from ui import library, markup, picker, voice_cards
from ui.adding import Adding
from ui.audition import Audition, Reading
from ui.dashboard import QUIET, Dashboard, ask
from ui.editing import Editing
from ui.markup import Html
from ui.pages import frame
from ui.snippets import Asked
from ui.translation import mark, tr
from ui.voice_cards import Query

_LONGEST = 200
_NAMED, _LATEST = "name", "latest"
_ORDERS = {_NAMED: mark("By name"), _LATEST: mark("Latest first")}
Updates = dict[Any, Any]


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened, searched, refreshed or acted upon."""
    summary = tr("The library: voices with a name that sound the same tomorrow.")
    frame.head(dashboard, page, "voices", summary)
    shelf = _Shelf(dashboard)
    shelf.wire(page)
    Asked(dashboard, "voices", "voices list").wire(shelf.query, _asked)


class _Shelf:
    """The parts of the page; `wire` joins them."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._adding = Adding(dashboard)
        with gr.Row(elem_classes=["filters"]):
            words = gr.Textbox(
                label=tr("Search"),
                placeholder=tr("name, word, tag"),
                max_length=_LONGEST,
                scale=3,
                min_width=180,
            )
            language = gr.Dropdown(_languages(), value="", label=tr("Language"), min_width=120)
            kind = gr.Dropdown(_kinds(), value="", label=tr("Kind"), min_width=110)
            order = gr.Dropdown(_orders(), value=_NAMED, label=tr("Order"), min_width=120)
        self._fields = [words, language, kind, order]
        self._chosen = gr.State([])
        self._tags = markup.place(elem_id="tags", listens=True)
        self._audition = Audition(dashboard)
        self._said = markup.place(elem_id="said")
        self._editing = Editing(dashboard)
        self._listing = markup.place(elem_id="voices", listens=True)

    @property
    def query(self) -> list[Any]:
        """What holds which voices are wanted, tags last."""
        return [*self._fields, self._chosen]

    @property
    def _shown(self) -> list[Any]:
        return [self._tags, self._audition.all, self._listing]

    def wire(self, page: gr.Blocks) -> None:
        """Join the widgets."""
        query, shown = self.query, self._shown
        page.load(self._look, query, shown, **QUIET)
        for field in self._fields:
            field.change(self._look, query, shown, **QUIET)
        self._tags.click(
            self._narrow, query, [self._chosen, *shown], trigger_mode="always_last", **QUIET
        )
        acted = [self._said, self._chosen, *shown, *self._editing.outputs, *self._audition.outputs]
        self._listing.click(self._act, [self._audition.held, *query], acted, **QUIET)
        self._audition.wire(self._look, query, shown)
        for done in (*self._adding.wire(), *self._editing.wire()):
            done.then(self._look, query, shown, **QUIET)

    # --- steps ---

    async def _look(self, *query: Any) -> list[Any]:
        return await self._found(_query(query))

    async def _narrow(self, event: gr.EventData, *query: Any) -> list[Any]:
        tags = _turned(query[-1], *markup.pressed(event))
        return [tags, *await self._look(*query[:-1], tags)]

    async def _act(self, event: gr.EventData, held: Reading, *query: Any) -> Updates:
        action, named = markup.pressed(event)
        match action:
            case "edit":
                return await self._edit(named)
            case "read":
                begun = await self._audition.begin([named], held)
                return {self._said: "", **dict(zip(self._audition.outputs, begun, strict=True))}
            case "tag":
                tags, *now = await self._narrow(event, *query)
                return {self._said: "", self._chosen: tags, **self._listed(now)}
            case "really":
                note = await self._delete(named)
                return {self._said: note, **self._listed(await self._look(*query))}
            case _:
                doomed = named if action == "delete" else ""
                now = await self._found(_query(query), doomed)
                return {self._said: "", **self._listed(now)}

    async def _edit(self, voice_id: str) -> Updates:
        try:
            opened = await self._editing.open(voice_id)
        except SpeechError as error:
            return {self._said: markup.trouble(error)}
        return {self._said: "", **dict(zip(self._editing.outputs, opened, strict=True))}

    async def _delete(self, voice_id: str) -> Html:
        client = self._dashboard.client
        try:
            voice = await library.one(client, voice_id)
            await ask(client.delete_voice(voice.id))
        except SpeechError as error:
            return markup.trouble(error)
        return markup.notice("note", tr("{voice} was deleted.", voice=voice.name))

    async def _found(self, query: Query, doomed: str = "") -> list[Any]:
        """The tags, the button that lets all read, and the voices."""
        try:
            found = await ask(
                self._dashboard.client.voices(
                    q=query.words or None,
                    language=query.language or None,
                    kind=query.kind or None,
                    limit=library.MOST,
                )
            )
        except SpeechError as error:
            return [gr.skip(), gr.skip(), markup.trouble(error)]
        wanted = [voice for voice in found.items if set(query.tags) <= set(voice.tags)]
        if query.order == _LATEST:
            wanted.sort(key=lambda voice: voice.created, reverse=True)
        return [
            voice_cards.tags(found.items, query.tags),
            self._audition.offer(wanted),
            voice_cards.listing(self._dashboard, found, wanted, query, doomed),
        ]

    def _listed(self, updates: list[Any]) -> Updates:
        return dict(zip(self._shown, updates, strict=True))


def _query(values: Sequence[Any]) -> Query:
    words, language, kind, order, tags = values
    return Query((words or "").strip()[:_LONGEST], language or "", kind or "", order, tags)


def _asked(*values: Any) -> dict[str, Any]:
    """What the service is asked for the voices that are seen."""
    query = _query(values)
    named = {"q": query.words, "language": query.language, "kind": query.kind}
    return {name: value or None for name, value in named.items()} | {"tag": list(query.tags)}


def _turned(tags: Sequence[str], action: str, tag: str) -> list[str]:
    """The tags that are wanted, after one was pressed."""
    if action == "all" or tag in tags:
        return [each for each in tags if each != tag and action != "all"]
    return [*tags, tag]


def _languages() -> list[tuple[str, str]]:
    return [(tr("any"), ""), *((tr(name.capitalize()), name) for name in languages.CODES)]


def _kinds() -> list[tuple[str, str]]:
    return [(tr("any"), ""), *((tr(title), kind) for kind, title in picker.KINDS.items())]


def _orders() -> list[tuple[str, str]]:
    return [(tr(title), order) for order, title in _ORDERS.items()]
