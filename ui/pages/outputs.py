"""Outputs: what was made, to hear again, download, star and throw away."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.jobs import has_lines
from shared.requests import CONTRACTS
from shared.stores.listing import Output, Page
from ui import markup, player, recordings
from ui.dashboard import QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame
from ui.result import downloads

_MORE = 30
_MOST = 500


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened, searched, refreshed or acted upon."""
    frame.head(dashboard, page, "outputs", "Everything that was made, the latest first.")
    with gr.Row(elem_classes=["search"]):
        words = gr.Textbox(label="Search", placeholder="words, voice, tag", scale=4, min_width=200)
        starred = gr.Checkbox(label="Starred only", min_width=140)
        refresh = gr.Button("Refresh", min_width=100, scale=0, elem_id="refresh")
    said = markup.place(elem_id="said", listens=True)
    heard = markup.place(elem_id="player")
    listing = markup.place(elem_id="outputs", listens=True)
    more = gr.Button("Show more", visible=False, elem_id="more")
    count = gr.State(_MORE)
    query, shown = [words, starred, count], [listing, more]

    async def look(words: str, starred: bool, count: int) -> list[Any]:
        return await _look(dashboard, words, starred, count)

    async def grow(words: str, starred: bool, count: int) -> list[Any]:
        return [count + _MORE, *await _look(dashboard, words, starred, count + _MORE)]

    async def act(words: str, starred: bool, count: int, event: gr.EventData) -> list[Any]:
        note, sound = await _act(dashboard, *markup.pressed(event))
        if sound is not None:
            return [note, sound, gr.skip(), gr.skip()]
        return [note, gr.skip(), *await _look(dashboard, words, starred, count)]

    for trigger in (page.load, words.submit, words.change, starred.change, refresh.click):
        trigger(look, query, shown, **QUIET)
    more.click(grow, query, [count, *shown], **QUIET)
    for element_ in (listing, said):
        element_.click(act, query, [said, heard, *shown], **QUIET)


async def _look(dashboard: Dashboard, words: str, starred: bool, count: int) -> list[Any]:
    try:
        found = await ask(
            dashboard.client.outputs(
                q=words[:_MOST] or None, starred=True if starred else None, limit=min(count, _MOST)
            )
        )
    except SpeechError as error:
        return [markup.trouble(error), gr.Button(visible=False)]
    left = found.next_cursor is not None and count < _MOST
    return [_listing(dashboard, found, bool(words or starred)), gr.Button(visible=left)]


async def _act(dashboard: Dashboard, action: str, run: str) -> tuple[Html, Html | None]:
    """What is said of an action, and the player that it opens, if any."""
    client = dashboard.client
    try:
        match action:
            case "play":
                output = await ask(client.output(run))
                return Html(""), _player(dashboard, output)
            case "star" | "unstar":
                await ask(client.mark(run, starred=action == "star"))
            case "delete":
                output = await ask(client.output(run))
                await ask(client.discard(run))
                return _deleted(output), None
            case "restore":
                await ask(client.restore(run))
            case _:
                pass
    except SpeechError as error:
        return markup.trouble(error), None
    return Html(""), None


def _player(dashboard: Dashboard, output: Output) -> Html:
    name = element("div", output.text, class_="excerpt")
    format = str(output.request.get("format", "wav"))
    file = recordings.address(dashboard, output.id, output.task, format)
    heard = player.replay(output.id, output.duration_seconds, autoplay=True, file=file)
    return element("div", name, heard, class_="card")


def _downloads(dashboard: Dashboard, output: Output) -> Html:
    if has_lines(output.task):
        return recordings.files(dashboard, output.id, output.files, folded=True)
    return downloads(dashboard, output.id)


def _deleted(output: Output) -> Html:
    undo = markup.button("restore", output.id, "Undo", output.text)
    return markup.notice("note", f"Deleted: {output.text[:60]}", None, undo)


def _listing(dashboard: Dashboard, found: Page, filtered: bool) -> Html:
    if found.items:
        rows = (_row(dashboard, output) for output in found.items)
        count = element("p", f"{len(found.items)} of {found.total}", class_="hint")
        headings = ("Output", "Voice", "Engine", "Length", "")
        return markup.joined([markup.table(headings, rows), count])
    if filtered:
        return markup.empty("Nothing matches.", "Try fewer words, or take the filter away.")
    return markup.empty(
        "Nothing was made yet.", "Speak something; it is kept here when it is done."
    )


def _row(dashboard: Dashboard, output: Output) -> tuple[object, ...]:
    text = output.title or output.text or "Text is not kept"
    declared = CONTRACTS.get(output.task)
    title = declared.title if declared else output.task
    star = ("unstar", "★") if output.starred else ("star", "☆")
    return (
        markup.joined(
            [
                element("div", text, class_="excerpt"),
                element("div", f"{title} · {markup.ago(output.created_at)}", class_="hint"),
            ]
        ),
        output.voice or "none",
        element(
            "span",
            "preview" if output.preview else output.engine.name,
            class_="badge preview" if output.preview else "badge",
        ),
        markup.seconds(output.duration_seconds),
        element(
            "div",
            markup.button("play", output.id, "Play", text, "primary"),
            markup.button(star[0], output.id, star[1], f"{star[0]} {text}"),
            markup.link(
                dashboard.page(output.task, output.id), "Reuse", aria_label=f"Reuse: {text}"
            ),
            markup.button("delete", output.id, "Delete", text, "stop"),
            _downloads(dashboard, output),
            class_="actions",
        ),
    )
