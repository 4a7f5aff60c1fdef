"""The fold for developers at the foot of every page: how a program asks for the same."""

import json
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr

from shared.binding import LOOPBACK
from shared.errors import SpeechError
from shared.requests.declared import Declared
from ui import markup, ways
from ui.dashboard import QUIET, Dashboard, ask
from ui.form import Form
from ui.markup import Html, element
from ui.translation import tr
from ui.ways import Ways
from ui.ways.sent import Sent, Service, brief, file_name, odd

_TELL = '() => { document.dispatchEvent(new Event("speech-form-%s")); return []; }'
"""For `js=` of an event of a form: `static/snippets.js` asks for the snippets if they are seen."""


class Fold:
    """Closed at first; `wire` says what it shows."""

    def __init__(self, dashboard: Dashboard) -> None:
        self._dashboard = dashboard
        with gr.Accordion(tr("For developers"), open=False, elem_id="developers") as self._part:
            self._listing = markup.place(elem_id="snippets")
            # A script presses it to have them shown anew.
            self._again = gr.Button(
                tr("Show anew"), elem_id="show-snippets", elem_classes=["aside"]
            )

    def wire(self, inputs: Sequence[Any], found: Callable[..., Awaitable[Ways]]) -> None:
        """Show what `found` makes of the inputs when the fold is opened, and while it is open."""

        async def show(request: gr.Request, *values: Any) -> Html:
            try:
                return shown(self._dashboard, await found(*values), request)
            except SpeechError as error:
                return markup.trouble(error)

        for trigger in (self._part.expand, self._again.click):
            trigger(show, list(inputs), self._listing, **QUIET)
        for widget in inputs:
            heed(widget)


class Snippets:
    """The fold of a form; `wire` joins it to what the form holds."""

    def __init__(self, dashboard: Dashboard, contract: type[Declared]) -> None:
        self._dashboard = dashboard
        self._contract = contract
        self._fold = Fold(dashboard)

    def wire(self, form: Form) -> None:
        """Show what the form would send."""

        async def found(*values: Any) -> Ways:
            return ways.of_request(service(self._dashboard), await self._sent(form, values))

        self._fold.wire(form.inputs, found)

    async def _sent(self, form: Form, values: Sequence[Any]) -> Sent:
        request = form.read(values)
        held = dict(zip(form.widgets, values, strict=False))
        files = {
            name: file_name(held[name]) for name in form.slots if request.get(name) and held[name]
        }
        files |= self._missing(request)
        said = _unusual(form, {n: value for n, value in request.items() if n not in files})
        return Sent(
            self._contract.name,
            brief(self._contract, said, await self._of_voices(said)),
            files,
            self._contract.uploads(),
            self._contract.kind == "pipeline",
            "codes.npz" in self._contract.artifacts,
        )

    def _missing(self, request: Mapping[str, Any]) -> dict[str, str]:
        """Files that must be sent and were not put in yet, by the names of the example's."""
        examples = self._contract.example_files.items()
        fields = self._contract.model_fields
        return {
            name: Path(path).name
            for name, path in examples
            if fields[name].is_required() and not request.get(name)
        }

    async def _of_voices(self, request: Mapping[str, Any]) -> set[str]:
        """The fields that the settings of its voices fill in where it says nothing."""
        named: set[str] = set()
        for field in self._contract.voices():
            voice = request.get(field, self._contract.model_fields[field].default)
            if voice:
                named |= (await ask(self._dashboard.client.voice(voice))).settings.keys()
        return named


class Asked:
    """The fold of a page that only looks: how a program asks for what is seen there."""

    def __init__(self, dashboard: Dashboard, call: str, command: str = "", **query: Any) -> None:
        self._dashboard = dashboard
        self._call = call
        self._command = command
        self._query = query
        self._fold = Fold(dashboard)

    def wire(
        self, inputs: Sequence[Any] = (), query: Callable[..., Mapping[str, Any]] = dict
    ) -> None:
        """Of the values of the page's filters `query` makes what the call takes."""

        async def found(*values: Any) -> Ways:
            asked = {**self._query, **query(*values)}
            return ways.of_call(service(self._dashboard), self._call, self._command, **asked)

        self._fold.wire(inputs, found)


def service(dashboard: Dashboard) -> Service:
    """The service behind a dashboard."""
    return Service(dashboard.api, dashboard.keyed)


def shown(dashboard: Dashboard, found: Ways, request: gr.Request | None = None) -> Html:
    """The ways as tabs, and what is to be known of address and key."""
    content = [
        {"name": name, "steps": [{"about": step.about, "code": step.code} for step in steps]}
        for name, steps in found.items()
    ]
    words = {
        "ways": tr("Ways to ask"),
        "copy": tr("Copy"),
        "copied": tr("Copied."),
        "marked": tr("It is marked: copy it with Ctrl+C."),
    }
    return markup.joined(
        [
            element("speech-snippets", ways=_compact(content), words=_compact(words)),
            *_hints(dashboard, request),
        ]
    )


def _hints(dashboard: Dashboard, request: gr.Request | None) -> Iterator[Html]:
    if dashboard.keyed:
        key = tr("`$API_KEY` is one of the service's keys, which is not shown here.")
        yield element("p", markup.prose(key), class_="hint")
    here = urlsplit(dashboard.api).hostname in LOOPBACK
    asked = urlsplit(f"//{request.headers.get('host', '')}").hostname if request else None
    if here and asked and asked not in LOOPBACK:
        there = tr("This address is the service's on its own machine; from yours it is another.")
        yield element("p", there, class_="hint")


def heed(widget: Any) -> None:
    """Tell the browser of a change; texts count when somebody leaves them, not letter by letter,
    or when a preset or a job fills them."""
    if isinstance(widget, gr.Textbox):
        widget.blur(None, None, None, js=_TELL % "changed", **QUIET)
        widget.change(None, None, None, js=_TELL % "filled", **QUIET)
    elif not isinstance(widget, gr.State):
        widget.change(None, None, None, js=_TELL % "changed", **QUIET)


def _unusual(form: Form, request: Mapping[str, Any]) -> dict[str, Any]:
    """The request without those parts of its fields that are as they are anyhow."""
    usual = {(field.outer, field.part): field.default for field in form.fields.values()}
    parted = {field.outer for field in form.fields.values() if field.part}
    return {
        name: {p: it for p, it in value.items() if usual.get((name, p), ...) != it}
        if name in parted
        else value
        for name, value in request.items()
    }


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=odd(value), separators=(",", ":"))
