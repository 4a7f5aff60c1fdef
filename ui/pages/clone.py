"""Clone, laid out by hand: whose voice, what it reads, and how close it keeps to the recording."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.requests.declared import Declared
from shared.voices.view import VoiceView
from ui import library, markup
from ui.adding import RECORD, TRANSCRIPT
from ui.dashboard import QUIET, Dashboard, shown
from ui.form import Form
from ui.markup import Html, element
from ui.pages import frame, spoken
from ui.playing import Playing
from ui.snippets import Snippets
from ui.transcribing import transcribe
from ui.translation import mark, tr

LIBRARY, RECORDING, CODES = mark("From the library"), mark("A recording"), mark("Codes")
_SIDES = {
    LIBRARY: frozenset({"voice"}),
    RECORDING: frozenset({"reference", "transcript"}),
    CODES: frozenset({"codes", "transcript"}),
}
_MODES = [
    (mark("Auto: in context where there is a transcript"), "auto"),
    (mark("In context: closest in manner, needs the transcript"), "in_context"),
    (mark("Speaker only: the sound of the voice, nothing else"), "speaker_only"),
]
_TRADE_OFF = mark(
    "In context continues the recording, with its accent, noise and pace. Speaker only is less "
    "alike, but nothing of the recording leaks into the speech."
)
_AS_CODES = mark("As the Encode page writes them: `codes.npz` or `codes.json`.")
_CONSENT = mark("Only clone voices whose owners agree to it, and say so when you publish.")
_TEACH = mark("The clone is heard here, and how alike each sentence is to the voice.")


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            sides = [(tr(side), side) for side in _SIDES]
            side = gr.Radio(sides, value=LIBRARY, label=tr("Whose voice?"), elem_id="side")
            form.choose(side, _SIDES)
            _sources(dashboard, form, side)
            text = spoken.text(form, lines=5)
            playing = Playing(dashboard, contract, teach=tr(_TEACH))
        with gr.Column(scale=2, min_width=320):
            modes = [(tr(title), mode) for title, mode in _MODES]
            form.place("mode", choices=modes, info=tr(_TRADE_OFF))
            spoken.language(form)
            saving = spoken.manner(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text)
    Snippets(dashboard, contract).wire(form)


def _sources(dashboard: Dashboard, form: Form, side: gr.Radio) -> None:
    """The three places that a voice can come from, of which one is seen."""
    with gr.Column(elem_id="from-library") as library:
        voice = form.place("voice", info=None, label=tr("Voice"))
        card = markup.place(_no_voice(dashboard), elem_id="voice-card")
    with gr.Column(elem_classes=shown(False), elem_id="from-recording") as recording:
        form.place("reference", label=tr("Recording of one person"), info=tr(RECORD))
    with gr.Column(elem_classes=shown(False), elem_id="from-codes") as codes:
        form.place("codes", label=tr("Recording as codes"), info=tr(_AS_CODES))
    with gr.Column(elem_classes=shown(False), elem_id="with-transcript") as transcript:
        words = form.place("transcript", value="", lines=2, info=tr(TRANSCRIPT))
        transcriber = transcribe(dashboard, form.slots["reference"].sent, words)
        markup.place(markup.notice("note", tr(_CONSENT)))

    async def show(voice_id: str | None) -> Html:
        return await _card(dashboard, voice_id)

    voice.change(show, voice, card, **QUIET)
    side.change(_seen, side, [library, recording, codes, transcript, transcriber], **QUIET)


def _seen(side: str) -> list[Any]:
    """What is seen of: the three sides, the transcript, the button that writes it."""
    return [
        *(gr.Column(elem_classes=shown(side == each)) for each in _SIDES),
        gr.Column(elem_classes=shown(side != LIBRARY)),
        gr.Button(elem_classes=shown(side == RECORDING)),
    ]


async def _card(dashboard: Dashboard, voice_id: str | None) -> Html:
    """What there is to know of the voice that is chosen."""
    if not voice_id:
        return _no_voice(dashboard)
    try:
        voice = await library.one(dashboard.client, voice_id)
    except SpeechError as error:
        return markup.trouble(error)
    return _described(voice)


def _described(voice: VoiceView) -> Html:
    how = (
        tr("With a transcript: the clone takes up how the person speaks.")
        if voice.transcript
        else tr("Without a transcript: speaker only.")
    )
    warnings = (markup.notice("warning", warning) for warning in voice.warnings)
    return markup.joined([element("p", how, class_="hint under"), *warnings])


def _no_voice(dashboard: Dashboard) -> Html:
    links = (
        markup.link(dashboard.page("voice_design"), tr("Design one")),
        markup.link(f"{dashboard.root}/voices", tr("Add one from a recording")),
    )
    hint = element("span", tr("Choose a voice that was kept, or"))
    return element("div", hint, *links, class_="hint choices")
