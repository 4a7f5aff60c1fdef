"""Clone, laid out by hand: whose voice, what it reads, and how close it keeps to the recording."""

from typing import Any

import gradio as gr

from shared.errors import SpeechError
from shared.requests.declared import Declared
from shared.voices.view import VoiceView
from ui import markup, player
from ui.adding import RECORD, TRANSCRIPT
from ui.dashboard import QUIET, Dashboard, ask, shown
from ui.form import Form
from ui.markup import Html, element
from ui.pages import frame, spoken
from ui.playing import Playing
from ui.transcribing import transcribe

LIBRARY, RECORDING, CODES = "From the library", "A recording", "Codes"
_SIDES = {
    LIBRARY: frozenset({"voice"}),
    RECORDING: frozenset({"reference", "transcript"}),
    CODES: frozenset({"codes", "transcript"}),
}
_MODES = [
    ("Auto: in context where there is a transcript", "auto"),
    ("In context: closest in manner, needs the transcript", "in_context"),
    ("Speaker only: the sound of the voice, nothing else", "speaker_only"),
]
_TRADE_OFF = (
    "In context continues the recording, with its accent, noise and pace. Speaker only is less "
    "alike, but nothing of the recording leaks into the speech."
)
_AS_CODES = "As the Encode page writes them: `codes.npz` or `codes.json`."
_CONSENT = "Only clone voices whose owners agree to it, and say so when you publish."
_TEACH = "The clone is heard here, and how alike each sentence is to the voice."


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The page; fields that are not placed here follow by themselves."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    with gr.Row(elem_classes=["speak"]):
        with gr.Column(scale=3, min_width=320):
            side = gr.Radio(list(_SIDES), value=LIBRARY, label="Whose voice?", elem_id="side")
            form.choose(side, _SIDES)
            _sources(dashboard, form, side)
            text = spoken.text(form, lines=5)
            playing = Playing(dashboard, contract, teach=_TEACH)
        with gr.Column(scale=2, min_width=320):
            form.place("mode", choices=_MODES, info=_TRADE_OFF)
            spoken.language(form)
            saving = spoken.manner(form)
            form.rest()
    saving.wire(dashboard, contract.name, form)
    playing.wire(page, form, text)


def _sources(dashboard: Dashboard, form: Form, side: gr.Radio) -> None:
    """The three places that a voice can come from, of which one is seen."""
    with gr.Column(elem_id="from-library") as library:
        voice = form.place("voice", info=None, label="Voice")
        card = markup.place(_no_voice(dashboard), elem_id="voice-card")
    with gr.Column(elem_classes=shown(False), elem_id="from-recording") as recording:
        form.place("reference", label="Recording of one person", info=RECORD)
    with gr.Column(elem_classes=shown(False), elem_id="from-codes") as codes:
        form.place("codes", label="Recording as codes", info=_AS_CODES)
    with gr.Column(elem_classes=shown(False), elem_id="with-transcript") as transcript:
        words = form.place("transcript", value="", lines=2, info=TRANSCRIPT)
        transcriber = transcribe(dashboard, form.slots["reference"].sent, words)
        markup.place(markup.notice("note", _CONSENT))

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
    """The voice that is chosen, with what there is to hear of it."""
    if not voice_id:
        return _no_voice(dashboard)
    try:
        voice = await ask(dashboard.client.voice(voice_id))
    except SpeechError as error:
        return markup.trouble(error)
    return _described(dashboard, voice)


def _described(dashboard: Dashboard, voice: VoiceView) -> Html:
    heard = player.sample(dashboard.voice(voice.id), voice.name) if voice.has_sample else None
    said = voice.description or "Nobody has described this voice."
    with_words = "with a transcript" if voice.transcript else "without a transcript: speaker only"
    about = element("div", element("div", said), element("div", with_words, class_="hint"))
    warnings = (markup.notice("warning", warning) for warning in voice.warnings)
    return markup.joined([element("div", heard, about, class_="candidate"), *warnings])


def _no_voice(dashboard: Dashboard) -> Html:
    links = (
        markup.link(dashboard.page("voice_design"), "Design one"),
        markup.link(f"{dashboard.root}/voices", "Add one from a recording"),
    )
    hint = element("span", "Choose a voice that was kept, or ")
    return element("div", hint, *links, class_="hint choices")
