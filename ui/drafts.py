"""What was typed and chosen, which the browser keeps until it is submitted or begun afresh.

A link that names a job, a voice or the like shows what it names; a plain visit and a page that is
loaded again show what was typed. `static/draft.js` decides, writes and reads.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

import gradio as gr

from shared.client import AsyncClient
from shared.errors import SpeechError
from shared.requests.declared import Declared
from ui import chosen, markup, sending
from ui.dashboard import QUIET, Dashboard, ask
from ui.field import Field
from ui.form import Form
from ui.markup import Html, element
from ui.translation import tr


class Drafts:
    """A line that says whether the form is kept, and the button that empties it."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Row(elem_classes=["drafting"]):
            markup.place(_said(), elem_id="draft")
            self._afresh = gr.Button(
                tr("Start afresh"), size="sm", elem_id="afresh", scale=0, min_width=120
            )
        self.held = gr.JSON(visible=False)
        """What the browser has kept of the preset and of files, as the page opens."""
        self._fields: list[list[Any]] = []

    def wire(self, page: gr.Blocks, form: Form) -> None:
        """Keep what the form holds, and show it again when the page opens."""
        self._fields = list(_fields(form))
        keep = self.script("keep", "values")
        changing: list[Any] = [*form.held, *(slot.said for slot in form.slots.values())]
        for widget in changing:
            for changed in (widget.change, getattr(widget, "input", widget.change)):
                changed(None, form.held, None, js=keep, **QUIET)
        page.load(None, None, form.held, js=self.script("restored"), **QUIET)
        self._afresh.click(form.afresh, None, form.outputs, js=self.script("forget"), **QUIET)

    def script(self, name: str, *arguments: str) -> str:
        """A function of `draft.js` with the fields of the form, for `js=` of an event."""
        fields = json.dumps(self._fields)
        given = ", ".join((fields, *arguments))
        module = f"{self._dashboard.root}/own/draft.js"
        return f'async (...values) => (await import("{module}")).{name}({given})'


async def restored(
    client: AsyncClient, contract: type[Declared], form: Form, draft: Mapping[str, Any]
) -> list[Any]:
    """Updates of `form.outputs` for a page that opens with a draft, of which the browser itself
    shows all but the preset and files."""
    preset = {name: draft.get(name) for name in form.of_shape("preset")}
    updates = await chosen.at_first(client, contract, form, {}, preset)
    for name, slot in form.slots.items():
        if isinstance(upload := draft.get(name), str):
            sent, said = await _file(client, slot.field, upload)
            form.put(updates, slot.sent, sent)
            form.put(updates, slot.said, said)
    return updates


async def _file(client: AsyncClient, field: Field, upload: str) -> tuple[Any, Html]:
    """What a slot holds and says of a file that the service had, if it has it still."""
    try:
        found = await ask(client.uploaded(field.upload or "audio", upload))
    except SpeechError as error:
        return gr.skip(), markup.trouble(error)
    return {"id": found.id}, sending.said(found, tr("The file from before"))


def _fields(form: Form) -> Iterator[list[Any]]:
    """Of all that the form holds, in order: its name, what it must be for an old value to fit, how
    it is shown again (`file`, `asked` or `plain`), and whether it begins empty."""
    asked, blank = form.of_shape("preset"), form.blank
    for name in form.widgets:
        way = "file" if name in form.slots else "asked" if name in asked else "plain"
        yield [name, _sign(form.fields[name]), way, name in blank]
    if form.sided:
        yield ["side", "", "plain", False]


def _sign(field: Field) -> str:
    """Changes when a value from before may not fit any more."""
    shape = json.dumps([field.shape, field.choices, field.low, field.high], default=str)
    return hashlib.sha256(shape.encode()).hexdigest()[:8]


def _said() -> Html:
    return element(
        "p",
        class_="hint",
        role="status",
        data_kept=tr("Kept in this browser."),
        data_long=tr("This is too long to be kept here: if you leave the page, it is gone."),
    )
