"""The page that every contract has from the day it is declared."""

from collections.abc import Mapping
from typing import Any

import gradio as gr

from shared.audio.codes import CODEBOOKS, CODES, FRAME_RATE
from shared.errors import SpeechError
from shared.jobs import JobView
from shared.requests.declared import Declared
from shared.states import JobState
from ui import markup, sending
from ui.dashboard import LONGER, QUIET, Dashboard, ask
from ui.form import Form, Slot
from ui.markup import Html, element
from ui.pages import frame
from ui.playing import Playing
from ui.snippets import Snippets
from ui.translation import mark, tr

_FROM = "codes_of"
"""In a page's address: the job whose codes are put in."""
_CODES = "codes.npz"
_TEACH = mark(
    "The codec writes sound as {rate} frames a second, each of {books} codes, one from each of "
    "{books} codebooks of {codes}. These are what Qwen3-TTS speaks in; a voice can be cloned from "
    "them as from its recording."
)
_MADE = mark("The codes are here as `codes.npz` for programs and as `codes.json` to be read.")


def build(dashboard: Dashboard, page: gr.Blocks, contract: type[Declared]) -> None:
    """A widget for every field, filled in with the contract's example."""
    form = Form(contract)
    frame.of_contract(dashboard, page, contract)
    if contract.on_codec_alone:
        markup.place(element("p", _teaching(), class_="hint"), elem_id="codec")
    with gr.Row():
        with gr.Column(scale=3, min_width=320):
            form.rest()
        with gr.Column(scale=2, min_width=320):
            verb = tr("Speak") if "text" in contract.model_fields else tr(contract.title)
            playing = Playing(dashboard, contract, verb, tr("What comes of it appears here."))
            onwards = [_Onwards(dashboard)] if _CODES in contract.artifacts else []
    playing.wire(page, form, panels=onwards)
    Snippets(dashboard, contract).wire(form)
    if contract.on_codec_alone and "codes" in form.slots:
        _take_over(dashboard, page, form.slots["codes"])


def _teaching() -> str:
    return tr(_TEACH, rate=f"{FRAME_RATE:g}", books=CODEBOOKS, codes=f"{CODES:,}")


class _Onwards:
    """What can be done with the codes that a job made."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        self._place = markup.place(elem_id="onwards")

    @property
    def outputs(self) -> list[Any]:
        """Where it is offered."""
        return [self._place]

    async def offer(self, job: JobView) -> list[Any]:
        """The way to the page that decodes, for a job that has codes."""
        made = job.state is JobState.SUCCEEDED and _CODES in (job.result or {}).get("files", ())
        return [self._links(job.id) if made else ""]

    def _links(self, job_id: str) -> Html:
        decode = self._dashboard.page("codec_decode", **{_FROM: job_id})
        link = markup.link(decode, tr("Decode these codes"))
        said = markup.prose(tr(_MADE))
        return element("div", element("p", said, class_="hint"), link, class_="onwards")


def _take_over(dashboard: Dashboard, page: gr.Blocks, slot: Slot) -> None:
    """Put in the codes of the job that the page's address names."""

    async def take(request: gr.Request) -> list[Any]:
        return await _taken(dashboard, request.query_params)

    page.load(take, None, [slot.sent, slot.said], **QUIET)


async def _taken(dashboard: Dashboard, query: Mapping[str, str]) -> list[Any]:
    if not query.get(_FROM):
        return [gr.skip(), gr.skip()]
    try:
        upload = await ask(dashboard.client.upload_output("codes", query[_FROM], _CODES), LONGER)
    except SpeechError as error:
        return [gr.skip(), markup.trouble(error)]
    return [{"id": upload.id}, sending.said(upload, tr("The codes of that job"))]
