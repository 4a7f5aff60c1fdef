"""Emotions: what a request can name, what the model is told then, and a way to try it."""

import gradio as gr

from shared.emotions import Emotion
from shared.errors import SpeechError
from ui import markup
from ui.dashboard import HOME, QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.pages import frame

_SUMMARY = (
    "Moods by name. The larger checkpoints follow them as an instruction; a cloned voice needs a "
    "recording of its own in that mood."
)


def build(dashboard: Dashboard, page: gr.Blocks) -> None:
    """The page; it looks anew when opened."""
    frame.head(dashboard, page, "emotions", _SUMMARY)
    listing = markup.place(elem_id="emotions")

    async def look() -> Html:
        try:
            return cards(dashboard, await ask(dashboard.client.emotions()))
        except SpeechError as error:
            return markup.trouble(error)

    page.load(look, None, listing, **QUIET)


def cards(dashboard: Dashboard, emotions: list[Emotion]) -> Html:
    """A card for each."""
    return element("div", *(_card(dashboard, each) for each in emotions), class_="voices")


def _card(dashboard: Dashboard, emotion: Emotion) -> Html:
    told = (
        element("div", element("dt", language.capitalize()), element("dd", words))
        for language, words in emotion.instruct.items()
    )
    return element(
        "article",
        element("strong", emotion.name),
        element("p", emotion.description),
        element("blockquote", emotion.example),
        element(
            "details",
            element("summary", "What the model is told"),
            element("dl", *told, class_="told"),
        ),
        element(
            "div",
            markup.link(
                dashboard.page(HOME, emotion=emotion.id), "Try it", aria_label=f"Try {emotion.name}"
            ),
            class_="actions",
        ),
        class_="card voice",
        data_emotion=emotion.id,
    )
