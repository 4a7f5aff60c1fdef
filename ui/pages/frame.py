"""What stands on every page: the menu, its heading, and a banner that says what is wrong."""

import gradio as gr
from gradio.components import Navbar

from shared.errors import SpeechError
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.views import Readiness
from ui import markup, navigation
from ui.dashboard import QUIET, Dashboard, ask, path_of
from ui.markup import Html, element
from ui.navigation import Entry
from ui.result import PREVIEW
from ui.signs import sign
from ui.translation import plural, tr

_LOOK = 5.0
_ALL = tuple(CONTRACTS.values())
_TITLE = """() => {
  const heading = document.querySelector("header h1")?.textContent;
  if (heading) document.title = `${heading} · Qwen3-TTS`;
}"""
"""Tells the tabs of the browser apart."""


def of_contract(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """The top of the page of a contract."""
    title, path = contract.title, path_of(contract.name)
    _build(dashboard, page, tr(title), path, markup.prose(tr(contract.summary)))


def head(dashboard: Dashboard, page: gr.Blocks, path: str, summary: str) -> None:
    """The top of a page that looks at the whole service."""
    _build(dashboard, page, tr(navigation.OVERVIEWS[path]), path, markup.prose(summary))


def _build(dashboard: Dashboard, page: gr.Blocks, title: str, path: str, summary: Html) -> None:
    shown = gr.State(["", ""])
    Navbar(visible=False)
    with gr.Column(elem_id="rail", min_width=0):
        markup.place(_menu(dashboard, path))
        pulse = markup.place(elem_id="pulse")
    banner = markup.place(elem_id="banner")
    markup.place(_heading(dashboard, title, path, summary))
    timer = gr.Timer(_LOOK)

    async def look(before: list[str]) -> list[object]:
        now = await _state(dashboard)
        if now == before:
            return [gr.skip(), gr.skip(), gr.skip()]
        return [now, *now]

    page.load(None, js=_TITLE, **QUIET)
    page.load(look, shown, [shown, banner, pulse], **QUIET)
    timer.tick(look, shown, [shown, banner, pulse], **QUIET)


# --- the menu --------------------------------------------------------------------------------


def _menu(dashboard: Dashboard, path: str) -> Html:
    """The way to all pages; on a phone a button opens it."""
    groups = (
        element(
            "div",
            element("h2", tr(group.title)),
            element("ul", *(_line(dashboard, entry, path) for entry in group.entries)),
        )
        for group in navigation.groups(_ALL)
    )
    home = f"{dashboard.root}/"
    name = element("a", sign("custom_voice"), "Qwen3-TTS", href=home, class_="brand")
    toggle = element(
        "button", tr("Menu"), type="button", class_="small menu", aria_expanded="false"
    )
    colours = element("button", tr("Light or dark"), type="button", class_="small colours")
    return element(
        "nav",
        element("div", name, toggle, class_="top"),
        element("div", *groups, colours, class_="groups"),
        aria_label=tr("Pages"),
    )


def _line(dashboard: Dashboard, entry: Entry, path: str) -> Html:
    here = "page" if path in entry.covers else None
    words = sign(entry.sign), element("span", tr(entry.title))
    link = element("a", *words, href=f"{dashboard.root}/{entry.path}", aria_current=here)
    return element("li", link)


def _heading(dashboard: Dashboard, title: str, path: str, summary: Html) -> Html:
    tabs = [
        element(
            "a",
            tr(entry.title),
            href=f"{dashboard.root}/{entry.path}",
            aria_current="page" if entry.path == path else None,
        )
        for entry in navigation.siblings(path, _ALL)
    ]
    switch = element("nav", *tabs, class_="tabs", aria_label=tr("Ways")) if tabs else None
    return element("header", element("h1", title), element("p", summary, class_="hint"), switch)


# --- what changes ----------------------------------------------------------------------------


async def _state(dashboard: Dashboard) -> list[str]:
    """What the banner says, and how busy the service is."""
    try:
        readiness = await ask(dashboard.client.ready())
        return [_said(readiness), _busy(readiness)]
    except SpeechError as error:
        return [markup.lasting(error), ""]


def _said(readiness: Readiness) -> Html:
    if not readiness.ready:
        return markup.notice(
            "error",
            tr("The service cannot speak now: {reason}", reason=readiness.reason),
            tr("What you submit waits in the queue until it can."),
        )
    if readiness.preview:
        return markup.notice("preview", tr(PREVIEW), readiness.reason)
    return Html("")


def _busy(readiness: Readiness) -> Html:
    """How many jobs there are, in a word; nothing where it is not known."""
    if readiness.jobs is None:
        return Html("")
    words = plural("{count} job", "{count} jobs", readiness.jobs) if readiness.jobs else tr("idle")
    state = "busy" if readiness.jobs else "idle" if readiness.ready else "away"
    return element("span", words, class_=f"pulse {state}", role="status")
