"""Voices: the library, to search, hear, speak with, add to, edit and tidy up."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from shared import languages
from shared.errors import SpeechError
from shared.voices.view import VoicePage, VoiceView
from ui import library, markup, picker
from ui.adding import Adding
from ui.audition import Audition
from ui.dashboard import QUIET, Dashboard, ask
from ui.editing import Editing
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Asked
from ui.translation import mark, plural, tr

_LONGEST = 200
_TAGS = 30
"""Tags that can be pressed, the most frequent ones."""
_NAMED, _LATEST = "name", "latest"
_ORDERS = {_NAMED: mark("By name"), _LATEST: mark("Latest first")}


@dataclass(frozen=True)
class _Query:
    """Which voices are wanted, and in which order."""

    words: str
    language: str
    kind: str
    order: str
    tags: Sequence[str]


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened, searched, refreshed or acted upon."""
    summary = tr("The library: voices with a name that sound the same tomorrow.")
    frame.head(dashboard, page, "voices", summary)
    adding = Adding(dashboard)
    with gr.Row(elem_classes=["filters"]):
        words = gr.Textbox(
            label=tr("Search"), placeholder=tr("name, word, tag"), scale=3, min_width=180
        )
        language = gr.Dropdown(_languages(), value="", label=tr("Language"), min_width=120)
        kind = gr.Dropdown(_kinds(), value="", label=tr("Kind"), min_width=110)
        order = gr.Dropdown(_orders(), value=_NAMED, label=tr("Order"), min_width=120)
    chosen = gr.State([])
    tags = markup.place(elem_id="tags", listens=True)
    audition = Audition(dashboard)
    said = markup.place(elem_id="said")
    editing = Editing(dashboard)
    listing = markup.place(elem_id="voices", listens=True)
    query = [words, language, kind, order, chosen]
    shown = [tags, audition.all, listing]

    async def look(*query: Any) -> list[Any]:
        return await _look(dashboard, audition, _query(query))

    async def narrow(event: gr.EventData, *query: Any) -> list[Any]:
        tags = _turned(query[-1], *markup.pressed(event))
        return [tags, *await look(*query[:-1], tags)]

    async def act(event: gr.EventData, held: dict[str, Any], *query: Any) -> list[Any]:
        action, voice_id = markup.pressed(event)
        note = await _delete(dashboard, voice_id) if action == "really" else Html("")
        doomed = voice_id if action == "delete" else ""
        edited = await editing.open(voice_id if action == "edit" else "")
        begun = await audition.begin([voice_id], held) if action == "read" else same
        now = await _look(dashboard, audition, _query(query), doomed)
        return [note, *now, *edited, *begun]

    same = [gr.skip()] * len(audition.outputs)
    page.load(look, query, shown, **QUIET)
    for field in (words, language, kind, order):
        field.change(look, query, shown, **QUIET)
    tags.click(narrow, query, [chosen, *shown], **QUIET)
    outputs = [said, *shown, *editing.outputs, *audition.outputs]
    listing.click(act, [audition.held, *query], outputs, **QUIET)
    audition.wire(look, query, shown)
    for done in (*adding.wire(), *editing.wire()):
        done.then(look, query, shown, **QUIET)
    Asked(dashboard, "voices", "voices list").wire(query, _asked)


# --- steps -----------------------------------------------------------------------------------


def _query(values: Sequence[Any]) -> _Query:
    words, language, kind, order, tags = values
    return _Query((words or "").strip()[:_LONGEST], language or "", kind or "", order, tags)


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


async def _look(
    dashboard: Dashboard, audition: Audition, query: _Query, doomed: str = ""
) -> list[Any]:
    """The tags, the button that lets all read, and the voices."""
    try:
        found = await ask(
            dashboard.client.voices(
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
    tags = _tags(found.items, query.tags)
    return [tags, audition.offer(wanted), _listing(dashboard, found, wanted, query, doomed)]


async def _delete(dashboard: Dashboard, voice_id: str) -> Html:
    try:
        voice = await ask(dashboard.client.voice(voice_id))
        await ask(dashboard.client.delete_voice(voice_id))
    except SpeechError as error:
        return markup.trouble(error)
    return markup.notice("note", tr("{voice} was deleted.", voice=voice.name))


# --- what is shown ---------------------------------------------------------------------------


def _tags(voices: Iterable[VoiceView], chosen: Sequence[str]) -> Html:
    """Tags to narrow the library down with, and how many voices bear each."""
    counts = Counter(tag for voice in voices for tag in voice.tags)
    names = [*chosen, *(tag for tag, _ in counts.most_common(_TAGS) if tag not in chosen)]
    if not names:
        return Html("")
    buttons = (_tag(tag, counts[tag], tag in chosen) for tag in names)
    clear = markup.button("all", "", tr("Show all"), tr("tags"), "quiet") if chosen else None
    return element("div", *buttons, clear, class_="choices tags", role="group",
                   aria_label=tr("Tags"))  # fmt: skip


def _tag(tag: str, count: int, chosen: bool) -> Html:
    return element(
        "button",
        tag,
        element("span", f" {count:,}", class_="hint"),
        type="button",
        class_="small tag",
        aria_pressed=str(chosen).lower(),
        data_action="tag",
        data_id=tag,
    )


def _listing(
    dashboard: Dashboard, found: VoicePage, voices: list[VoiceView], query: _Query, doomed: str
) -> Html:
    own = [voice for voice in voices if voice.kind != "preset"]
    presets = [voice for voice in voices if voice.kind == "preset"]
    narrowed = bool(query.words or query.language or query.kind or query.tags)
    parts: list[Html | None] = [_spoilt(voice_id) for voice_id in found.damaged]
    if not own and not narrowed:
        parts.append(_teach(dashboard))
    if narrowed and not voices:
        step = tr("Try fewer words, or take a filter away.")
        parts.append(markup.empty(tr("No voice matches."), step))
    parts.append(cards(dashboard, tr("Your voices"), own, doomed))
    parts.append(cards(dashboard, tr("Preset speakers"), presets, doomed))
    return markup.joined(parts)


def cards(
    dashboard: Dashboard, title: str, voices: list[VoiceView], doomed: str = ""
) -> Html | None:
    """Voices under a heading; the `doomed` one is asked about once more."""
    if not voices:
        return None
    count = element("span", f" {len(voices):,}", class_="hint")
    shown = (_card(dashboard, voice, doomed == voice.id) for voice in voices)
    grid = element("div", *shown, class_="voices", words=picker.words())
    return element("section", element("h2", title, count), grid)


def _card(dashboard: Dashboard, voice: VoiceView, doomed: bool) -> Html:
    preview = tr("sample by the preview") if _preview(voice) else ""
    about = element(
        "div",
        element("strong", voice.name),
        element("div", picker.facts(voice), class_="hint"),
        class_="grows",
    )
    tags = [element("span", tag, class_="badge") for tag in voice.tags]
    if preview:
        tags.append(element("span", preview, class_="badge preview"))
    return element(
        "article",
        element("div", picker.sample(voice), about, class_="candidate"),
        element("p", voice.description) if voice.description else None,
        element("div", *tags, class_="choices") if tags else None,
        element("p", class_="heard hint", role="status"),
        _remarks(voice.warnings),
        element("div", *_actions(dashboard, voice, doomed), class_="actions"),
        class_="card voice",
        data_voice=voice.id,
    )


def _remarks(warnings: Sequence[str]) -> Html | None:
    if not warnings:
        return None
    count = plural("{count} remark", "{count} remarks", len(warnings))
    notices = (markup.notice("warning", warning) for warning in warnings)
    return element("details", element("summary", f"⚠ {count}"), *notices)


def _actions(dashboard: Dashboard, voice: VoiceView, doomed: bool) -> list[Html]:
    name = voice.name
    if doomed:
        return [
            element("span", tr("Delete it for good?"), class_="hint"),
            markup.button("really", voice.id, tr("Delete"), name, "stop"),
            markup.button("keep", voice.id, tr("Keep"), name),
        ]
    label = tr("Speak with {voice}", voice=name)
    speak = markup.link(dashboard.speak_with(voice), tr("Speak with it"), aria_label=label)
    usual = [speak, markup.button("edit", voice.id, tr("Edit"), name)]
    if _preview(voice):
        usual.append(markup.button("read", voice.id, tr("New sample"), name))
    if voice.kind == "preset":
        return usual
    address = dashboard.voice(voice.id, "export")
    export = markup.link(address, tr("Export"), download=f"{voice.id}.zip")
    return [*usual, export, markup.button("delete", voice.id, tr("Delete"), name, "stop")]


def _teach(dashboard: Dashboard) -> Html:
    """What stands where people have made no voice yet."""
    said = tr("No voice is yours yet. The preset speakers below can be used at once.")
    step = tr("Make your own from a recording of ten seconds, or from a description.")
    design = markup.link(dashboard.page("voice_design"), tr("Design a voice"))
    record = tr("Add a recording under “Add a voice”.")
    return element(
        "div",
        element("p", said),
        element("p", step, class_="hint"),
        element("p", design, " ", element("span", record, class_="hint")),
        class_="empty",
    )


def _spoilt(voice_id: str) -> Html:
    step = tr("Restore its folder from a backup, or move it away.")
    said = tr("The files of {voice} cannot be understood.", voice=voice_id)
    return markup.notice("warning", said, step)


def _preview(voice: VoiceView) -> bool:
    """True where what is heard of a voice is no Qwen3-TTS."""
    return voice.sample is not None and voice.sample.preview


def _languages() -> list[tuple[str, str]]:
    return [(tr("any"), ""), *((tr(name.capitalize()), name) for name in languages.CODES)]


def _kinds() -> list[tuple[str, str]]:
    return [(tr("any"), ""), *((tr(title), kind) for kind, title in picker.KINDS.items())]


def _orders() -> list[tuple[str, str]]:
    return [(tr(title), order) for order, title in _ORDERS.items()]
