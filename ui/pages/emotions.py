"""Emotions: what a request can name, what the model is told then, and how each of them sounds."""

from collections.abc import Iterable
from typing import Any

import gradio as gr

from shared.emotions import Emotion
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.states import JobState
from shared.views import ModelView
from shared.voices.view import VoiceView
from ui import markup, picker, player, result
from ui.dashboard import HOME, QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame
from ui.snippets import Asked
from ui.translation import mark, tr

_SUMMARY = mark("Moods by name: hear what each of them does, and use it where you speak.")
_LOOK = 0.7
"""Seconds between two looks at a job that has not ended."""
_FOLLOWS = "1.7B"
"""The size of the checkpoint of the preset speakers that is told moods in words and follows."""
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
    with gr.Row(elem_classes=["search"]):
        voice = picker.field(
            "serena",
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
    job, timer = gr.State(""), gr.Timer(_LOOK, active=False)

    async def look(words: str) -> list[Any]:
        return [await _about(dashboard), await _listing(dashboard, words)]

    async def find(words: str) -> Html:
        return await _listing(dashboard, words)

    async def hear(voice_id: str, event: gr.EventData) -> list[Any]:
        action, emotion = markup.pressed(event)
        if action != "hear":
            return [gr.skip()] * 4
        return await _hear(dashboard, voice_id, emotion)

    async def tick(job_id: str) -> list[Any]:
        return await _tick(dashboard, job_id)

    page.load(look, words, [about, listing], **QUIET)
    words.change(find, words, listing, **QUIET)
    listing.click(hear, voice, [job, timer, heard, told], **QUIET)
    timer.tick(tick, job, [timer, told], **QUIET)
    Asked(dashboard, "emotions", "emotions").wire()


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
    return element("div", element("p", _here(models)), which, class_="card follows")


def _here(models: Iterable[ModelView]) -> str:
    if _size(models):
        return tr("The 1.7B checkpoint of the preset speakers is here; it speaks these examples.")
    return tr(
        "The 1.7B checkpoint of the preset speakers is not here. The 0.6B ignores moods: with it "
        "the examples hardly differ. The page System downloads the other."
    )


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


async def _hear(dashboard: Dashboard, voice_id: str, emotion_id: str) -> list[Any]:
    """Let a voice speak the example of a mood."""
    client = dashboard.client
    try:
        found = {each.id: each for each in await ask(client.emotions())}
        voice = await ask(client.voice(voice_id or "serena"))
        models = await ask(client.models())
        if emotion_id not in found:
            return [gr.skip()] * 4
        job = await ask(client.submit(*example(voice, found[emotion_id], _size(models))))
    except SpeechError as error:
        return [gr.skip(), gr.Timer(active=False), "", markup.trouble(error)]
    who = element("strong", tr("{voice}, {mood}", voice=voice.name, mood=found[emotion_id].name))
    heard = element("div", who, element("speech-player", job=job.id, autoplay=True), class_="card")
    return [job.id, gr.Timer(active=True), heard, _progress(job)]


def example(voice: VoiceView, emotion: Emotion, size: str | None) -> tuple[str, dict[str, Any]]:
    """The task in which a voice speaks the example of a mood, and the request."""
    request = {"text": emotion.example, "language": "english", "emotion": emotion.id}
    if voice.kind != "preset":
        return "voice_clone", {**request, "voice": voice.id}
    sized = {"size": size} if size else {}
    return "custom_voice", {**request, "speaker": voice.id, **sized}


async def _tick(dashboard: Dashboard, job_id: str) -> list[Any]:
    try:
        job = await ask(dashboard.client.job(job_id))
    except SpeechError as error:
        return [gr.Timer(active=False), markup.trouble(error)]
    return [gr.Timer(active=not job.state.terminal), told(dashboard, job)]


def told(dashboard: Dashboard, job: JobView) -> Html:
    """What is to be known of an example that is heard: what went wrong, or what it ignored."""
    if job.state is JobState.SUCCEEDED:
        warnings = (markup.notice("warning", warning) for warning in job.warnings)
        return element("div", *warnings, data_state=job.state.value)
    return result.told(dashboard, job) if job.state.terminal else _progress(job)


def _progress(job: JobView) -> Html:
    return element("p", result.progress(job), class_="hint", role="status")
