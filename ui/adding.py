"""Ways to a new voice: a recording, a description, a mixture, a file of another library."""

from typing import Any

import gradio as gr

from shared import languages
from shared.errors import Conflict, SpeechError
from shared.requests.voice_clone import VoiceClone
from shared.voices.view import VoiceView
from ui import markup, picker, sending
from ui.dashboard import LONGER, QUIET, Dashboard, ask, shown
from ui.editing import homes, tagged
from ui.field import fields
from ui.form import slot
from ui.markup import Html, element
from ui.transcribing import transcribe
from ui.translation import mark, tr

RECORD = mark("3 to 60 seconds of one person; 10 to 20 are best. Upload it, or use the microphone.")
TRANSCRIPT = mark(
    "Every word of it. Without it, clones are less alike; with wrong words, they wander."
)
_WAYS = (mark("Recording"), mark("Design"), mark("Mix"), mark("Import"))
_ZIP = ".zip"
_NAME = 80
_NOTE = 1_000
"""Characters."""


class Adding:
    """A fold in which one way at a time is seen; `wire` joins the buttons."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Accordion(tr("Add a voice"), open=False, elem_id="adding"):
            ways = [(tr(way), way) for way in _WAYS]
            self._way = gr.Radio(ways, value=_WAYS[0], label=tr("From what?"), elem_id="way")
            parts = (self._recording, self._description, self._mixture, self._import)
            self._parts: list[gr.Column] = []
            for way, part in zip(_WAYS, parts, strict=True):
                with gr.Column(elem_classes=shown(way == _WAYS[0])) as column:
                    part()
                self._parts.append(column)
            self._said = markup.place(elem_id="added")

    def wire(self) -> list[Any]:
        """Join the buttons; events after which the library looks different."""
        sending.wire(self._dashboard.client, self._slot)
        self._way.change(_seen, self._way, self._parts, **QUIET)
        told = [self._name, self._language, self._about, self._tags, self._words]
        notes = [self._consent, self._source]
        put_in = [self._file, self._import_name]
        begun = [self._said, self._slot.widget, *told]
        return [
            self._add.click(self._record, [self._slot.sent, *told, *notes], begun, **QUIET),
            self._mix.click(
                self._blend,
                [self._blend_name, self._first, self._second, self._share],
                [self._said, self._blend_name],
                **QUIET,
            ),
            self._take.click(self._take_in, put_in, [self._said, *put_in], **QUIET),
            self._file.upload(self._dropped, put_in, [self._said, *put_in], **QUIET),
        ]

    # --- what is seen ---

    def _recording(self) -> None:
        found = {field.name: field for field in fields(VoiceClone)}
        with gr.Row():
            with gr.Column(min_width=300):
                self._slot = slot(
                    found["reference"], label=tr("Recording of one person"), info=tr(RECORD)
                )
                self._words = gr.Textbox(
                    label=tr("Transcript"),
                    info=tr(TRANSCRIPT),
                    lines=2,
                    elem_id="new-transcript",
                )
                transcribe(self._dashboard, self._slot.sent, self._words)
            with gr.Column(min_width=300):
                self._name = gr.Textbox(label=tr("Name"), max_length=_NAME, elem_id="new-name")
                self._language = gr.Dropdown(homes(), value=languages.AUTO, label=tr("Language"))
                self._about = gr.Textbox(label=tr("Description"), max_length=_NOTE)
                self._tags = gr.Textbox(label=tr("Tags"), placeholder=tr("warm, narrator"))
                self._consent = gr.Textbox(
                    label=tr("Consent"),
                    info=tr("Who agreed that this voice is used, and to what."),
                    max_length=_NOTE,
                )
                self._source = gr.Textbox(
                    label=tr("Source"), info=tr("Where the recording comes from."), max_length=_NOTE
                )
        self._add = gr.Button(tr("Add voice"), variant="primary", elem_id="add")

    def _description(self) -> None:
        link = markup.link(self._dashboard.page("voice_design"), tr("Design a voice"))
        markup.place(
            element(
                "div",
                element("p", tr("Describe a voice, hear candidates, and keep the one you like.")),
                link,
                class_="empty",
            )
        )

    def _mixture(self) -> None:
        markup.place(
            markup.notice(
                "warning", tr("Experimental: a mixture may sound like neither of the two.")
            )
        )
        with gr.Row():
            self._first = picker.field("", label=tr("One voice"), of="stored", elem_id="mix-first")
            self._second = picker.field(
                "", label=tr("Another voice"), of="stored", elem_id="mix-second"
            )
        self._share = gr.Slider(0.05, 0.95, 0.5, step=0.05, label=tr("Share of the first"))
        self._blend_name = gr.Textbox(label=tr("Name"), max_length=_NAME, elem_id="mix-name")
        self._mix = gr.Button(tr("Mix"), variant="primary", elem_id="mix")

    def _import(self) -> None:
        self._file = gr.File(
            label=tr("A voice as zip, or a prompt file of qwen-tts"),
            type="filepath",
            height=140,
            elem_id="import-file",
        )
        self._import_name = gr.Textbox(
            label=tr("Name"),
            info=tr("Left out, that in the file. A prompt file has none."),
            max_length=_NAME,
            elem_id="import-name",
        )
        self._take = gr.Button(tr("Import"), variant="primary", elem_id="import")

    # --- what is done ---

    async def _record(
        self,
        sent: dict[str, str],
        name: str,
        language: str,
        description: str,
        tags: str,
        transcript: str,
        consent: str,
        source: str,
    ) -> list[Any]:
        """What is said, and the form begun anew; who agreed, and to what, often holds for more."""
        same = [gr.skip()] * 6
        if "id" not in sent:
            step = tr("Upload or record one.")
            return [markup.notice("error", tr("There is no recording yet."), step), *same]
        told = {
            "name": name,
            "language": language,
            "description": description,
            "tags": tagged(tags),
            "consent": consent,
            "source": source,
            "reference": sent["id"],
        }
        try:
            said = await self._create(told | ({"transcript": transcript} if transcript else {}))
        except SpeechError as error:
            return [markup.trouble(error), *same]
        return [said, None, "", languages.AUTO, "", "", ""]

    async def _blend(
        self, name: str, first: str | None, second: str | None, share: float
    ) -> list[Any]:
        if not (first and second):
            step = tr("Choose both.")
            return [markup.notice("error", tr("A mixture needs two voices."), step), gr.skip()]
        shares = [{"voice": first, "weight": share}, {"voice": second, "weight": 1 - share}]
        try:
            return [await self._create({"name": name, "mix": shares}), ""]
        except SpeechError as error:
            return [markup.trouble(error), gr.skip()]

    async def _dropped(self, path: str | None, name: str) -> list[Any]:
        """A zip, which has a name in it, is taken in at once."""
        if path and path.lower().endswith(_ZIP):
            return await self._take_in(path, name)
        return [gr.skip()] * 3

    async def _take_in(self, path: str | None, name: str) -> list[Any]:
        if path is None:
            said = markup.notice("error", tr("There is no file yet."), tr("Choose one."))
            return [said, gr.skip(), gr.skip()]
        try:
            with sending.at_hand(path) as file:
                imported = self._dashboard.client.import_voice(file, name or None)
                voice = await ask(imported, LONGER)
        except Conflict as error:  # with another name it can come in
            return [markup.trouble(error), gr.skip(), gr.skip()]
        except SpeechError as error:
            sending.forget(path)
            return [markup.trouble(error), None, gr.skip()]
        sending.forget(path)
        return [self._added(voice), None, ""]

    async def _create(self, told: dict[str, Any]) -> Html:
        """What is said of a new voice. Raises SpeechError."""
        return self._added(await ask(self._dashboard.client.create_voice(told), LONGER))

    def _added(self, voice: VoiceView) -> Html:
        link = markup.link(self._dashboard.speak_with(voice), tr("Speak with it"))
        warnings = (markup.notice("warning", warning) for warning in voice.warnings)
        added = markup.notice(
            "note", tr("{voice} is in the library.", voice=voice.name), None, link
        )
        return markup.joined([added, *warnings])


def _seen(way: str) -> list[gr.Column]:
    return [gr.Column(elem_classes=shown(way == each)) for each in _WAYS]
