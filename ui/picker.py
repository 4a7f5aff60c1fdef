"""A voice to choose: a button that shows it, and a panel in which all can be heard first.

The browser's part is `static/voice-picker.js`, which gets the voices once a page from `listing`.
"""

import json
from collections.abc import Iterable
from typing import Any, Literal
from zlib import crc32

import gradio as gr

from shared import languages
from shared.voices.view import VoiceView
from ui.markup import Html, element
from ui.translation import mark, tr

Of = Literal["", "stored", "preset"]
"""Which voices are offered: all, those that can be cloned, the preset speakers."""

DESIGNED = "-"
"""The value of a voice that is designed for the occasion, and is in no library."""
KINDS = {
    "preset": mark("Preset"),
    "cloned": mark("Cloned"),
    "designed": mark("Designed"),
    "mixed": mark("Mixed"),
}
_TEMPLATE = "<voice-picker></voice-picker>"
_ON_LOAD = """const picker = element.querySelector("voice-picker");
const show = () => {
  for (const [name, said] of Object.entries(props.told)) picker.setAttribute(name, said);
  picker.setAttribute("value", props.value ?? "");
};
show();
watch(["value", "told"], show);
picker.addEventListener("change", () => {
  props.value = picker.value;
  trigger("input");
});
picker.addEventListener("focusin", () => trigger("focus"));"""


def field(
    value: str | None,
    *,
    label: str = "",
    info: str | None = None,
    of: Of = "",
    left_open: str = "",
    elem_id: str | None = None,
    min_width: int | None = None,
    scale: int | None = None,
) -> gr.HTML:
    """A widget that holds the id of a voice, or nothing; where that may be, `left_open` says so."""
    told = {"label": label, "info": info or "", "of": of, "open": left_open, "words": words()}
    return gr.HTML(
        value or "",
        html_template=_TEMPLATE,
        js_on_load=_ON_LOAD,
        apply_default_css=False,
        container=True,
        padding=True,
        elem_id=elem_id,
        elem_classes=["voice-field"],
        min_width=min_width or 160,
        scale=scale,
        told=told,
    )


def row(
    action: str,
    id: str,
    chosen: str,
    what: str,
    *,
    left_open: str = "",
    heard: str = "",
    designed: str = "",
) -> Html:
    """The same in a row of a list: another choice is an event of the server's, as that of a
    `markup.picker`; `what` tells what it is about.

    `heard` is the voice that speaks where it is left open, `designed` says what one is to be that
    is in no library. The list has the `words`.
    """
    return element(
        "voice-picker",
        element("voice-sample", element("button", type="button", class_="play")),
        element("button", type="button", class_="chosen", aria_label=what),
        value=chosen,
        label=what,
        open=left_open,
        heard=heard or None,
        designed=designed or None,
        quiet=True,
        data_action=action,
        data_id=id,
    )


def sample(voice: VoiceView) -> Html:
    """A round button that plays a voice, or lets it read a sentence where nothing is heard yet.

    What it stands in has the `words`.
    """
    name = tr("Play: {voice}", voice=voice.name)
    button = element("button", type="button", class_="play", aria_label=name)
    return element(
        "voice-sample",
        button,
        voice=voice.id,
        label=voice.name,
        sample=voice.has_sample,
        style=f"--hue: {hue(voice.id)}",
    )


def listing(voices: Iterable[VoiceView]) -> dict[str, Any]:
    """What pickers show of voices, in that order, and the words of their panel."""
    told = {
        "search": tr("Search by name, language, tag or kind"),
        "voices": tr("Voices"),
        "none": tr("No voice matches. Try fewer words."),
        "empty": tr("There is no such voice yet. Make one on the page Voices."),
        "choose": tr("Choose a voice"),
        "keys": tr("↑ ↓ to move, → to hear, Enter to choose"),
        "preview": tr("sample by the preview"),
        "gone": tr("This voice is not in the library."),
        "sample": _of_sample(),
    }
    return {"voices": [_item(voice) for voice in voices], "words": told}


def words() -> str:
    """For the attribute `words` of a picker, of a sample, or of what they stand in."""
    return json.dumps(_of_sample(), ensure_ascii=False)


def facts(voice: VoiceView) -> str:
    """Where a voice comes from, and the language that it is at home in."""
    return f"{tr(KINDS[voice.kind])} · {home(voice.language)}"


def home(language: str) -> str:
    """A language, as voices are said to be at home in it."""
    return tr("any language") if language == languages.AUTO else tr(language.capitalize())


def hue(voice_id: str) -> int:
    """The colour of a voice, in degrees: the same on every page and every day."""
    return crc32(voice_id.encode()) % 360


def _item(voice: VoiceView) -> dict[str, Any]:
    return {
        "id": voice.id,
        "name": voice.name,
        "kind": voice.kind,
        "facts": facts(voice),
        "description": voice.description,
        "tags": voice.tags,
        "hue": hue(voice.id),
        "sample": voice.has_sample,
        "preview": bool(voice.sample and voice.sample.preview),
    }


def _of_sample() -> dict[str, str]:
    """The words of the button that plays a voice; the browser fills in what stands in braces."""
    return {
        "play": tr("Play: {voice}"),
        "pause": tr("Pause: {voice}"),
        "reading": tr("{voice} reads a sentence …"),
        "stopped": tr("The reading was stopped. Press play to begin again."),
        "gone": tr("The sample cannot be played; it may have been deleted."),
        "away": tr("The dashboard is away. Try again in a moment."),
        "trying": tr("The dashboard does not answer; trying again."),
        "status": tr("The dashboard answered with status {status}."),
    }
