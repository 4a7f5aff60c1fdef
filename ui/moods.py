"""Recordings of a voice in its moods: to hear, to add, to take away."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.requests.voice_clone import VoiceClone
from shared.voices.view import ClipView, VoiceView
from ui import markup, player, sending, widget
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.field import fields
from ui.markup import Html, element
from ui.translation import mark, tr

_NONE = mark("There is no recording of a mood yet.")
_TEACH = mark(
    "The same person, 3 to 60 seconds, in that mood. It is spoken with where a request names it."
)
_WORDS = mark("Every word of it.")
_TITLES = {
    value: title for f in fields(VoiceClone) if f.name == "emotion" for title, value in f.choices
}


class Moods:
    """A part of the panel of one voice; `show` says what `outputs` show of it."""

    def __init__(self, dashboard: Dashboard, voice: gr.State) -> None:
        self._dashboard = dashboard
        self._voice = voice
        found = {field.name: field for field in fields(VoiceClone)}
        with gr.Column(elem_classes=shown(False), elem_id="moods") as self._panel:
            self._listing = markup.place(elem_id="recordings", listens=True)
            with gr.Accordion(tr("Add a recording of a mood"), open=False), gr.Row():
                with gr.Column(min_width=300):
                    self._sound = widget.of(
                        found["reference"], label=tr("Recording"), elem_id="mood-sound"
                    )
                    markup.place(element("p", tr(_TEACH), class_="hint under"))
                with gr.Column(min_width=300):
                    self._mood = widget.of(
                        found["emotion"], label=tr("Mood"), info=None, elem_id="mood"
                    )
                    self._words = gr.Textbox(label=tr("Transcript"), info=tr(_WORDS), lines=2)
                    self._add = gr.Button(tr("Add recording"), elem_id="add-mood")
            self._said = markup.place(elem_id="mood-said")

    @property
    def outputs(self) -> list[Any]:
        """What `show` updates."""
        return [self._panel, self._listing, self._said, self._sound, self._mood, self._words]

    def show(self, voice: VoiceView) -> list[Any]:
        """Updates that show the recordings of a voice, if it can have any of its moods; what was
        put in for another voice is gone."""
        can = voice.kind not in ("preset", "mixed")
        return [
            gr.Column(elem_classes=shown(can)),
            self._list(voice) if can else "",
            "",
            None,
            None,
            "",
        ]

    def wire(self) -> None:
        """Join the buttons."""
        told = [self._sound, self._mood, self._words]
        self._add.click(
            self._record, [self._voice, *told], [*told, self._listing, self._said], **QUIET
        )
        self._listing.click(self._act, self._voice, [self._listing, self._said], **QUIET)

    async def _record(
        self, voice_id: str, path: str | None, mood: str | None, words: str
    ) -> list[Any]:
        same = [gr.skip()] * 4
        if not (path and mood):
            step = tr("Put a recording in, and choose its mood.")
            return [*same, markup.notice("error", tr("Something is missing."), step)]
        client = self._dashboard.client
        try:
            with sending.at_hand(path) as file:
                adding = client.set_voice_clip(voice_id, mood, file, words or None)
                voice = await ask(adding, LONGER)
        except SpeechError as error:
            return [None, *same[1:], markup.trouble(error)]
        finally:
            sending.forget(path)
        warnings = (markup.notice("warning", warning) for warning in voice.warnings)
        return [None, None, "", self._list(voice), markup.joined(warnings)]

    async def _act(self, voice_id: str, event: gr.EventData) -> list[Any]:
        action, mood = markup.pressed(event)
        client = self._dashboard.client
        try:
            if action == "really" and mood in _TITLES:
                voice = await ask(client.remove_voice_clip(voice_id, mood))
            else:
                voice = await ask(client.voice(voice_id))
        except SpeechError as error:
            return [gr.skip(), markup.trouble(error)]
        return [self._list(voice, mood if action == "remove" else ""), ""]

    def _list(self, voice: VoiceView, doomed: str = "") -> Html:
        rows = [
            self._row(voice, clip, doomed == clip.emotion) for clip in voice.clips if clip.emotion
        ]
        heading = element("strong", tr("Moods"))
        return markup.joined([heading, *(rows or [element("p", tr(_NONE), class_="hint")])])

    def _row(self, voice: VoiceView, clip: ClipView, doomed: bool) -> Html:
        title = tr(_TITLES.get(clip.emotion, clip.emotion))
        sound = player.sample(self._dashboard.voice(voice.id, f"clips/{clip.file}"), title)
        said = clip.transcript or tr("without a transcript")
        about = element(
            "div",
            element("div", element("strong", title), f" · {markup.seconds(clip.seconds)}"),
            element("div", said, class_="hint"),
            class_="grows",
        )
        return element(
            "div",
            sound,
            about,
            element("div", *_buttons(clip.emotion, title, doomed), class_="actions"),
            class_="candidate mood",
            data_mood=clip.emotion,
        )


def _buttons(mood: str, title: str, doomed: bool) -> list[Html]:
    if doomed:
        return [
            markup.button("really", mood, tr("Remove for good"), title, "stop"),
            markup.button("keep", mood, tr("Keep"), title),
        ]
    return [markup.button("remove", mood, tr("Remove"), title, "stop")]
