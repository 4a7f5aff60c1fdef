"""Voices: the library, to search, hear, speak with, add to, edit and tidy up."""

from typing import Any

import gradio as gr

from shared import languages
from shared.errors import SpeechError
from shared.voices.view import VoiceView
from ui import markup, player
from ui.adding import Adding
from ui.audition import Audition
from ui.dashboard import QUIET, Dashboard, ask
from ui.editing import Editing
from ui.markup import Html, element
from ui.pages import frame

KINDS = ("preset", "cloned", "designed", "mixed")
_ANY = ("any", "")
_LONGEST = 200
_TO_EDITING = """() => {
  const panel = document.querySelector("#editing");
  if (panel) panel.scrollIntoView({ behavior: "smooth", block: "center" });
}"""


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened, searched, refreshed or acted upon."""
    frame.head(
        dashboard, page, "voices", "The library: voices with a name that sound the same tomorrow."
    )
    adding = Adding(dashboard)
    with gr.Row(elem_classes=["filters"]):
        words = gr.Textbox(label="Search", placeholder="words, name", scale=3, min_width=180)
        tag = gr.Textbox(label="Tag", min_width=110)
        language = gr.Dropdown([_ANY, *_languages()], value="", label="Language", min_width=120)
        kind = gr.Dropdown([_ANY, *_kinds()], value="", label="Kind", min_width=110)
    said = markup.place(elem_id="said")
    audition = Audition(dashboard)
    editing = Editing(dashboard)
    listing = markup.place(elem_id="voices", listens=True)
    query = [words, tag, language, kind]

    async def look(*query: str) -> Html:
        return await _look(dashboard, query)

    async def act(words: str, tag: str, language: str, kind: str, event: gr.EventData) -> list[Any]:
        action, voice_id = markup.pressed(event)
        note = await _delete(dashboard, voice_id) if action == "really" else Html("")
        doomed = voice_id if action == "delete" else ""
        now = await _look(dashboard, (words, tag, language, kind), doomed)
        return [note, now, *await editing.open(voice_id if action == "edit" else "")]

    async def read(jobs: dict[str, str], event: gr.EventData) -> list[Any]:
        action, voice_id = markup.pressed(event)
        return await audition.begin(voice_id, jobs) if action == "read" else [gr.skip()] * 3

    page.load(look, query, listing, **QUIET)
    for field in query:
        field.change(look, query, listing, **QUIET)
    listing.click(act, query, [said, listing, *editing.outputs], **QUIET).then(
        None, js=_TO_EDITING, **QUIET
    )
    listing.click(read, audition.jobs, audition.outputs, **QUIET)
    audition.wire(look, query, listing)
    for done in (*adding.wire(page), *editing.wire()):
        done.then(look, query, listing, **QUIET)


async def _look(dashboard: Dashboard, query: Any, doomed: str = "") -> Html:
    words, tag, language, kind = ((text or "").strip()[:_LONGEST] or None for text in query)
    try:
        found = await ask(dashboard.client.voices(q=words, tag=tag, language=language, kind=kind))
    except SpeechError as error:
        return markup.trouble(error)
    return markup.joined([*map(_spoilt, found.damaged), cards(dashboard, found.items, doomed)])


def _spoilt(voice_id: str) -> Html:
    step = "Restore its folder from a backup, or move it away."
    return markup.notice("warning", f"The files of {voice_id} cannot be understood.", step)


async def _delete(dashboard: Dashboard, voice_id: str) -> Html:
    try:
        voice = await ask(dashboard.client.voice(voice_id))
        await ask(dashboard.client.delete_voice(voice_id))
    except SpeechError as error:
        return markup.trouble(error)
    return markup.notice("note", f"{voice.name} was deleted.")


def cards(dashboard: Dashboard, voices: list[VoiceView], doomed: str = "") -> Html:
    """Voices, those that people made first; the `doomed` one is asked about once more."""
    if not voices:
        return markup.empty("Nothing matches.", "Try fewer words, or take a filter away.")
    own = [voice for voice in voices if voice.kind != "preset"]
    presets = [voice for voice in voices if voice.kind == "preset"]
    shown = [_card(dashboard, voice, doomed == voice.id) for voice in (*own, *presets)]
    return element("div", *shown, class_="voices")


def _card(dashboard: Dashboard, voice: VoiceView, doomed: bool) -> Html:
    heard = player.sample(dashboard.voice(voice.id), voice.name) if voice.has_sample else None
    language = "any language" if voice.language == languages.AUTO else voice.language.capitalize()
    about = element(
        "div",
        element("strong", voice.name),
        element("div", f"{voice.kind} · {language}", class_="hint"),
        element("span", "sample by the preview", class_="badge preview")
        if _preview(voice)
        else None,
    )
    tags = (element("span", tag, class_="badge") for tag in voice.tags)
    return element(
        "article",
        element("div", heard, about, class_="candidate"),
        element("p", voice.description) if voice.description else None,
        element("div", *tags, class_="choices") if voice.tags else None,
        *(markup.notice("warning", warning) for warning in voice.warnings),
        element("div", *_actions(dashboard, voice, doomed), class_="actions"),
        class_="card voice",
        data_voice=voice.id,
    )


def _actions(dashboard: Dashboard, voice: VoiceView, doomed: bool) -> list[Html]:
    name = voice.name
    if doomed:
        return [
            element("span", "Delete it for good?", class_="hint"),
            markup.button("really", voice.id, "Delete", name, "stop"),
            markup.button("keep", voice.id, "Keep", name),
        ]
    speak = markup.link(
        dashboard.speak_with(voice), "Speak with it", aria_label=f"Speak with {name}"
    )
    usual = [speak, markup.button("edit", voice.id, "Edit", name)]
    if not voice.has_sample or _preview(voice):
        verb = "Make a new sample" if voice.has_sample else "Make a sample"
        usual.append(markup.button("read", voice.id, verb, name))
    if voice.kind == "preset":
        return usual
    export = markup.link(dashboard.voice(voice.id, "export"), "Export", download=f"{voice.id}.zip")
    return [*usual, export, markup.button("delete", voice.id, "Delete", name, "stop")]


def _preview(voice: VoiceView) -> bool:
    """True where what is heard of a voice is no Qwen3-TTS."""
    return voice.sample is not None and voice.sample.preview


def _languages() -> list[tuple[str, str]]:
    return [(name.capitalize(), name) for name in languages.CODES]


def _kinds() -> list[tuple[str, str]]:
    return [(kind.capitalize(), kind) for kind in KINDS]
