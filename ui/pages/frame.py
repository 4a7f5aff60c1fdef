"""What stands on every page: its heading, and a banner that says what speaks and what is wrong."""

import gradio as gr
from gradio.components import Navbar

from shared.errors import SpeechError
from shared.requests import CONTRACTS
from shared.views import Readiness
from ui import markup
from ui.dashboard import HOME, QUIET, Dashboard, ask
from ui.markup import Html, element
from ui.result import PREVIEW

_LOOK = 5.0


def head(dashboard: Dashboard, page: gr.Blocks, title: str, summary: str) -> None:
    """The top of a page."""
    shown = gr.State("")
    Navbar(main_page_name=CONTRACTS[HOME].title)
    banner = markup.place(elem_id="banner")
    markup.place(
        element("header", element("h1", title), element("p", markup.prose(summary), class_="hint"))
    )
    timer = gr.Timer(_LOOK)

    async def look(before: str) -> list[object]:
        now = await _banner(dashboard)
        return [gr.skip(), gr.skip()] if now == before else [now, now]

    page.load(look, shown, [shown, banner], **QUIET)
    timer.tick(look, shown, [shown, banner], **QUIET)


async def _banner(dashboard: Dashboard) -> Html:
    try:
        return _said(await ask(dashboard.client.ready()))
    except SpeechError as error:
        return markup.notice("error", error.message, f"{error.next_step or ''} It is tried again.")


def _said(readiness: Readiness) -> Html:
    if not readiness.ready:
        return markup.notice(
            "error",
            f"The service cannot speak now: {readiness.reason}",
            "What you submit waits in the queue until it can.",
        )
    if readiness.preview:
        return markup.notice("preview", PREVIEW, readiness.reason)
    return Html("")
