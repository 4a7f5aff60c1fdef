"""Emotions: what a request can name, what the model is told then, and how each of them sounds."""

import asyncio
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import gradio as gr

from shared.client import ServiceUnreachable
from shared.emotions import Emotion
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from shared.views import ModelView
from shared.voices.view import VoiceView
from ui import markup, picker, player, result, ways
from ui.dashboard import HOME, QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Fold, heed, service
from ui.translation import mark, tr
from ui.ways import Ways
from ui.ways.sent import Sent

_SUMMARY = mark("Moods by name: hear what each of them does, and use it where you speak.")
_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""
_FOLLOWS = "1.7B"
"""The size of the checkpoint of the preset speakers that is told moods in words and follows."""
_VOICE = "serena"
"""Whose voice it is where none is chosen."""
_VOICES = mark("A preset speaker is told the mood; a voice of yours needs a recording in it.")
_TASKS = (
    ("custom_voice", mark("Follows it with the 1.7B checkpoint; the 0.6B ignores it.")),
    ("voice_design", mark("Follows it: the mood is told with the description.")),
    ("voice_clone", mark("Takes the voice's own recording of that mood; without one, ignores it.")),
    ("design_then_clone", mark("Designs the voice in that mood, which it keeps.")),
)
"""What becomes of a mood where it is named; the pipelines do as the task of each line does."""


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened or searched."""
    frame.head(dashboard, page, "emotions", tr(_SUMMARY))
    about = markup.place(elem_id="follows")
    with gr.Row(elem_classes=["asked-mood"]):
        voice = picker.field(
            _VOICE,
            label=tr("Whose voice?"),
            info=tr(_VOICES),
            elem_id="mood-voice",
            min_width=300,
            scale=2,
        )
        words = gr.Textbox(
            label=tr("Search"),
            placeholder=tr("warm, whisper, tired"),
            elem_id="find",
            min_width=240,
            scale=2,
        )
    listing = markup.place(elem_id="emotions", listens=True)
    with gr.Column(elem_id="hearing"):
        heard = markup.place(elem_id="player")
        told = markup.place(elem_id="told")
    heard_last, timer = gr.State(Heard()), gr.Timer(_LOOK, active=False)
    fold = Fold(dashboard)

    async def look(words: str) -> list[Any]:
        return [*await asyncio.gather(_about(dashboard), _listing(dashboard, words))]

    async def find(words: str) -> Html:
        return await _listing(dashboard, words)

    async def hear(voice_id: str, last: Heard, event: gr.EventData) -> list[Any]:
        action, mood = markup.pressed(event)
        if action != "hear":
            return [gr.skip()] * 4
        return [last, *await _hear(dashboard, last, voice_id, mood)]

    async def tick(last: Heard) -> list[Any]:
        return await _tick(dashboard, last)

    async def asked(voice_id: str, last: Heard) -> Ways:
        _, _, task, request = await _chosen(dashboard, voice_id, last.mood)
        return ways.of_request(service(dashboard), Sent(task, request, {}, {}))

    page.load(look, words, [about, listing], **QUIET)
    words.change(find, words, listing, **QUIET)
    listing.click(hear, [voice, heard_last], [heard_last, timer, heard, told], **QUIET)
    timer.tick(tick, heard_last, [timer, told], **QUIET)
    fold.wire([voice, heard_last], asked)
    heed(heard)


@dataclass
class Heard:
    """What one person hears on the page; all its events know the same."""

    mood: str = ""
    job: str = ""


# --- what it is ------------------------------------------------------------------------------


async def _about(dashboard: Dashboard) -> Html:
    try:
        return follows(dashboard, await ask(dashboard.client.models()))
    except SpeechError as error:
        return markup.trouble(error)


def follows(dashboard: Dashboard, models: Iterable[ModelView]) -> Html:
    """Which tasks follow a mood, and whether this service can where the size matters."""
    rows = (
        element(
            "div",
            element("dt", element("a", tr(CONTRACTS[task].title), href=dashboard.page(task))),
            element("dd", tr(words)),
        )
        for task, words in _TASKS
    )
    which = element(
        "details",
        element("summary", tr("What follows a mood, and what does not")),
        element("dl", *rows, class_="told"),
    )
    return element("div", element("p", *_here(dashboard, models)), which, class_="card follows")


def _here(dashboard: Dashboard, models: Iterable[ModelView]) -> Iterator[object]:
    if _size(models):
        yield tr("The 1.7B checkpoint of the preset speakers is here; it speaks these examples.")
        return
    yield tr(
        "The 1.7B checkpoint of the preset speakers is not here. The 0.6B ignores moods: with it "
        "the examples hardly differ."
    )
    yield " "
    yield element("a", tr("Download the other on System."), href=f"{dashboard.root}/system")


def _size(models: Iterable[ModelView]) -> str | None:
    """The size to ask for so that a mood is followed, where that checkpoint is here."""
    here = (each for each in models if each.state == "present" and each.kind == "custom_voice")
    return _FOLLOWS if any(each.size == _FOLLOWS for each in here) else None


async def _listing(dashboard: Dashboard, words: str) -> Html:
    try:
        found = await ask(dashboard.client.emotions())
    except SpeechError as error:
        return markup.trouble(error)
    return cards(dashboard, matching(found, words))


def matching(emotions: Iterable[Emotion], words: str) -> list[Emotion]:
    """Those in whose words all of these occur."""
    wanted = (words or "").casefold().split()
    return [each for each in emotions if all(word in _said(each) for word in wanted)]


def _said(emotion: Emotion) -> str:
    known = (emotion.id, emotion.name, emotion.description, emotion.example)
    return " ".join((*known, *emotion.instruct.values())).casefold()


def cards(dashboard: Dashboard, emotions: list[Emotion]) -> Html:
    """A card for each."""
    if not emotions:
        return markup.empty(tr("No mood matches."), tr("Try fewer words."))
    return element("div", *(_card(dashboard, each) for each in emotions), class_="voices")


def _card(dashboard: Dashboard, emotion: Emotion) -> Html:
    name = tr(emotion.name)
    told = (
        element("div", element("dt", tr(language.capitalize())), element("dd", words))
        for language, words in emotion.instruct.items()
    )
    use = markup.link(
        dashboard.page(HOME, emotion=emotion.id),
        tr("Use it"),
        aria_label=tr("Use it: {mood}", mood=name),
    )
    kind = f"primary {player.START}"
    return element(
        "article",
        element("strong", name),
        element("p", tr(emotion.description)),
        element("blockquote", emotion.example),
        element(
            "details",
            element("summary", tr("What the model is told")),
            element("dl", *told, class_="told"),
        ),
        element(
            "div",
            markup.button("hear", emotion.id, tr("Hear it"), name, kind),
            use,
            class_="actions",
        ),
        class_="card voice",
        data_emotion=emotion.id,
    )


# --- how it sounds ---------------------------------------------------------------------------


async def _chosen(
    dashboard: Dashboard, voice_id: str, mood: str
) -> tuple[VoiceView, Emotion, str, dict[str, Any]]:
    """A voice and a mood, the first one where none is named, and what speaks its example."""
    client = dashboard.client
    voice, emotions, models = await asyncio.gather(
        ask(client.voice(voice_id or _VOICE)), ask(client.emotions()), ask(client.models())
    )
    emotion = next((each for each in emotions if each.id == mood), emotions[0])
    return voice, emotion, *example(voice, emotion, _size(models))


async def _hear(dashboard: Dashboard, last: Heard, voice_id: str, mood: str) -> list[Any]:
    """Let a voice speak the example of a mood."""
    try:
        voice, emotion, task, request = await _chosen(dashboard, voice_id, mood)
        job = await ask(dashboard.client.submit(task, request))
    except SpeechError as error:
        return [gr.Timer(active=False), "", markup.trouble(error)]
    last.mood, last.job = emotion.id, job.id
    who = element("strong", tr("{voice}, {mood}", voice=voice.name, mood=tr(emotion.name)))
    heard = element("div", who, element("speech-player", job=job.id, autoplay=True), class_="card")
    return [gr.Timer(active=True), heard, _progress(job)]


def example(voice: VoiceView, emotion: Emotion, size: str | None) -> tuple[str, dict[str, Any]]:
    """The task in which a voice speaks the example of a mood, and the request."""
    request = {"text": emotion.example, "language": "english", "emotion": emotion.id}
    if voice.kind != "preset":
        return "voice_clone", {**request, "voice": voice.id}
    sized = {"size": size} if size else {}
    return "custom_voice", {**request, "speaker": voice.id, **sized}


async def _tick(dashboard: Dashboard, last: Heard) -> list[Any]:
    asked = last.job
    try:
        job = await ask(dashboard.client.job(asked))
    except ServiceUnreachable as error:
        return [gr.skip(), markup.trouble(error)]
    except SpeechError as error:
        return [gr.Timer(active=False), markup.trouble(error)]
    if asked != last.job:  # another mood is heard by now, which must not be left without a timer
        return [gr.skip(), gr.skip()]
    return [gr.Timer(active=not job.state.terminal), told(dashboard, job)]


def told(dashboard: Dashboard, job: JobView) -> Html:
    """What is to be known of an example that is heard: what went wrong, or what it ignored."""
    if job.state is JobState.SUCCEEDED:
        warnings = (markup.notice("warning", warning) for warning in job.warnings)
        return element("div", *warnings, data_state=job.state.value)
    return result.told(dashboard, job) if job.state.terminal else _progress(job)


def _progress(job: JobView) -> Html:
    return element("p", result.progress(job), class_="hint", role="status")
