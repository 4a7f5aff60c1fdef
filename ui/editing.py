"""What people say of a voice, to be changed: a drawer that opens for one voice at a time."""

from typing import Any

import gradio as gr

from shared import languages
from shared.errors import SpeechError
from shared.voices.view import VoiceView
from ui import library, markup
from ui.dashboard import QUIET, Dashboard, ask, shown
from ui.markup import element
from ui.moods import Moods
from ui.translation import tr

_DRAWER = ["drawer"]
_OF_A_PRESET = frozenset({"tags", "seed"})
"""What can be changed of a preset speaker."""


class Editing:
    """The panel; `open` says what `outputs` show of a voice."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._voice = gr.State("")
        with gr.Column(elem_classes=_seen(False), elem_id="editing") as self._panel:
            self._title = markup.place()
            self._name = gr.Textbox(label=tr("Name"), max_length=80)
            self._tags = gr.Textbox(
                label=tr("Tags"), info=tr("Between commas."), placeholder=tr("warm, narrator")
            )
            self._description = gr.Textbox(label=tr("Description"), max_length=1000, lines=2)
            with gr.Row():
                self._language = gr.Dropdown(homes(), label=tr("Language"), min_width=130)
                self._seed = gr.Number(
                    label=tr("Seed"), placeholder=tr("drawn"), precision=0, min_width=130
                )
            with gr.Accordion(tr("Where it comes from"), open=False):
                self._consent = gr.Textbox(label=tr("Consent"), max_length=1000)
                self._source = gr.Textbox(label=tr("Source"), max_length=1000)
            with gr.Row():
                self._save = gr.Button(tr("Save"), variant="primary", elem_id="save", min_width=100)
                self._close = gr.Button(
                    tr("Close"), elem_id="close", elem_classes=["close"], min_width=100
                )
            self._said = markup.place(elem_id="edited")
            self._moods = Moods(dashboard, self._voice)

    @property
    def outputs(self) -> list[Any]:
        """What `open` updates."""
        parts = [self._voice, self._panel, self._title, self._said]
        return [*parts, *self._fields, *self._moods.outputs]

    async def open(self, voice_id: str) -> list[Any]:
        """Updates that show a voice. Raises SpeechError."""
        voice = await library.one(self._dashboard.client, voice_id)
        title = element("h2", tr("Edit {voice}", voice=voice.name))
        fields = [
            gr.update(value=value, interactive=voice.kind != "preset" or name in _OF_A_PRESET)
            for name, value in _told(voice).items()
        ]
        told = [*fields, *self._moods.show(voice)]
        return [voice_id, gr.Column(elem_classes=_seen(True)), title, "", *told]

    def wire(self) -> list[Any]:
        """Join the buttons; events after which the library looks different."""
        saved = self._save.click(
            self._change, [self._voice, *self._fields], [self._panel, self._said], **QUIET
        )
        self._moods.wire()
        self._close.click(lambda: gr.Column(elem_classes=_seen(False)), None, self._panel, **QUIET)
        return [saved]

    async def _change(self, voice_id: str, *values: Any) -> list[Any]:
        try:
            voice = await ask(self._dashboard.client.voice(voice_id))
            before = _told(voice)
            after = dict(zip(before, values, strict=True))
            changes = {name: after[name] for name in before if after[name] != before[name]}
            await ask(self._dashboard.client.change_voice(voice_id, **_as_sent(voice, changes)))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error)]
        return [gr.Column(elem_classes=_seen(False)), ""]

    @property
    def _fields(self) -> list[Any]:
        return [
            self._name,
            self._language,
            self._seed,
            self._description,
            self._tags,
            self._consent,
            self._source,
        ]


def _seen(seen: bool) -> list[str]:
    return [*_DRAWER, *shown(seen)]


def homes() -> list[tuple[str, str]]:
    """The languages that a voice can be at home in."""
    names = ((tr(name.capitalize()), name) for name in languages.CODES)
    return [(tr("Any language"), languages.AUTO), *names]


def tagged(words: str) -> list[str]:
    """Tags from words between commas."""
    return [tag for part in words.split(",") if (tag := part.strip())]


def _told(voice: VoiceView) -> dict[str, Any]:
    """What the fields hold of a voice, in their order."""
    return {
        "name": voice.name,
        "language": voice.language,
        "seed": voice.settings.get("seed"),
        "description": voice.description,
        "tags": ", ".join(voice.tags),
        "consent": voice.consent,
        "source": voice.source,
    }


def _as_sent(voice: VoiceView, changes: dict[str, Any]) -> dict[str, Any]:
    sent = dict(changes)
    if "tags" in sent:
        sent["tags"] = tagged(sent["tags"])
    if "seed" in sent:
        seed = sent.pop("seed")
        settings = {name: value for name, value in voice.settings.items() if name != "seed"}
        sent["settings"] = settings if seed is None else {**settings, "seed": int(seed)}
    return sent
