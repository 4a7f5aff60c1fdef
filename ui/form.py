"""The widgets of a contract, and a request from what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import gradio as gr
from gradio.components import Component

from shared.requests.declared import Declared
from ui import markup, widget
from ui.field import Field, fields, heading
from ui.markup import element
from ui.translation import tr

NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Slot:
    """A field that takes a file."""

    field: Field
    widget: Any
    said: gr.HTML
    """What the service said of the file."""
    sent: gr.State
    """`path` of the file that was sent and the `id` that it has there; a job that is shown again
    leaves an id without a path. Empty where nothing was sent."""


def slot(field: Field, **options: Any) -> Slot:
    """Put the widget of a field that takes a file here, with what is said of it below."""
    about = markup.prose(options.pop("info", tr(field.info)))
    made = widget.of(field, **options)
    if about:
        markup.place(element("p", about, class_="hint under"))
    return Slot(field, made, markup.place(elem_id=f"said-{field.name}"), gr.State({}))


class Form:
    """The widgets of one contract; those that no page has placed by hand come from `rest`."""

    def __init__(self, contract: type[Declared]) -> None:
        self.fields = {field.name: field for field in fields(contract)}
        self._of_one_work = {*contract.said(), *contract.uploads(), *contract.new_voices()}
        self.widgets: dict[str, Component] = {}
        self.slots: dict[str, Slot] = {}
        self._sides: tuple[gr.Radio, Mapping[str, frozenset[str]]] | None = None
        self._main = {*contract.example, *contract.example_files}
        self._main |= {field.name for field in self.fields.values() if field.required}

    def place(self, name: str, **options: Any) -> Any:
        """Put the widget of a field here; a gradio component, whose events depend on its kind.

        Of a field with parts, all of them: the voice of a role in sight, the rest in a fold.
        """
        if name in self.fields:
            return self._place(name, options)
        voice, folded = self._parts(name)
        first = self._place(voice, options) if voice else None
        label = tr(heading(name))
        title = tr("{role}: description, mood, speed", role=label) if voice else label
        with gr.Accordion(title, open=False, elem_classes=["parts"]):
            for part in folded:
                self._place(part, {"min_width": 120})
        return first

    def _parts(self, name: str) -> tuple[str, list[str]]:
        """Of a field with parts: the one that names a voice, if any, and the others."""
        parts = [field.name for field in self.fields.values() if field.outer == name]
        voices = [part for part in parts if self.fields[part].shape == "anyone"]
        return voices[0] if voices else "", [part for part in parts if part not in voices]

    def _place(self, name: str, options: dict[str, Any]) -> Any:
        field = self.fields[name]
        if field.upload:
            self.slots[name] = slot(field, **options)
            self.widgets[name] = self.slots[name].widget
        else:
            self.widgets[name] = widget.of(field, **options)
        return self.widgets[name]

    def rest(self) -> None:
        """Put all others here: those of the example in sight, the rest under a heading."""
        placed = {self.fields[name].outer for name in self.widgets}
        names = dict.fromkeys(field.outer for field in self.fields.values())
        left = [name for name in names if name not in placed]
        for name in (name for name in left if name in self._main):
            self.place(name)
        if quiet := [name for name in left if name not in self._main]:
            with gr.Accordion(tr("More settings"), open=False):
                for name in quiet:
                    self.place(name)

    def choose(self, radio: gr.Radio, sides: Mapping[str, frozenset[str]]) -> None:
        """Of the fields that `sides` names, only those of the side that is chosen are read."""
        self._sides = radio, sides

    def of_shape(self, shape: str) -> list[str]:
        """Names of the placed fields of a shape."""
        return [name for name in self.widgets if self.fields[name].shape == shape]

    @property
    def blank(self) -> list[str]:
        """The numbers that begin empty; gradio shows 0 there until it is told None once more."""
        numbers = [*self.of_shape("integer"), *self.of_shape("number")]
        return [name for name in numbers if getattr(self.widgets[name], "value", None) is None]

    @property
    def inputs(self) -> list[Component]:
        """All that holds values, in the order in which `read` takes them."""
        sides = [self._sides[0]] if self._sides else []
        return [*self.widgets.values(), *(slot.sent for slot in self.slots.values()), *sides]

    @property
    def outputs(self) -> list[Component]:
        """What `fill` updates: the inputs, and what is said of files."""
        return [*self.inputs, *(slot.said for slot in self.slots.values())]

    @property
    def held(self) -> list[Component]:
        """Of `inputs`, what the browser knows of too."""
        return [*self.widgets.values(), *([self._sides[0]] if self._sides else [])]

    @property
    def sided(self) -> bool:
        """Whether some fields are read only while their side is chosen."""
        return self._sides is not None

    def afresh(self) -> list[Any]:
        """Updates of `outputs` that show the form as it was built: the example."""
        begun = [gr.update(value=getattr(held, "value", None)) for held in self.held]
        widgets, sides = begun[: len(self.widgets)], begun[len(self.widgets) :]
        return [*widgets, *({} for _ in self.slots), *sides, *("" for _ in self.slots)]

    def put(self, updates: list[Any], output: Component, update: Any) -> None:
        """Another update for one of `outputs`."""
        places = [place for place, known in enumerate(self.outputs) if known is output]
        updates[places[0]] = update

    def read(self, values: Sequence[Any]) -> dict[str, Any]:
        """The request that the values make; for a file not sent yet, its Path. Raises
        InvalidRequest.

        A preset is not in it: choosing one fills the form, and that is what is asked for then.
        """
        left = iter(values)
        held = {name: next(left) for name in self.widgets}
        sent = {name: next(left) for name in self.slots}
        aside = self._aside(next(left)) if self._sides else frozenset[str]()
        found = {
            name: _file(value, sent[name]) if name in sent else self.fields[name].read(value)
            for name, value in held.items()
            if name not in aside and self.fields[name].shape != "preset"
        }
        return self._joined({name: it for name, it in found.items() if it is not None})

    def _joined(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """Parts within their fields; a field of which no part is unusual is left out."""
        joined: dict[str, Any] = {}
        unusual = {
            field.outer
            for field in self.fields.values()
            if field.part and found.get(field.name) != field.default
        }
        for name, value in found.items():
            field = self.fields[name]
            if not field.part:
                joined[name] = value
            elif field.outer in unusual:
                joined.setdefault(field.outer, {})[field.part] = value
        return joined

    def manner(self, values: Sequence[Any]) -> dict[str, Any]:
        """What of the request a preset keeps: a manner of speaking, whatever is said and by
        whichever file. Raises InvalidRequest.
        """
        request = self.read(values)
        return {name: value for name, value in request.items() if name not in self._of_one_work}

    def fill(self, request: Mapping[str, Any], updates: Mapping[str, Any] = NOTHING) -> list[Any]:
        """Updates of `outputs` that show a request; what it does not hold stays as it is.

        `updates` are ready-made: of pickers, and of what is said of files.
        """
        shown = [
            gr.skip() if name in self.slots else updates.get(name, self._shown(name, request))
            for name in self.widgets
        ]
        sent = [{"id": request[name]} if request.get(name) else gr.skip() for name in self.slots]
        said = [updates.get(name, gr.skip()) for name in self.slots]
        return [*shown, *sent, *self._side_of(request), *said]

    def value(self, name: str, request: Mapping[str, Any]) -> Any:
        """What a request has in a field, or in a part of one."""
        field = self.fields[name]
        value = request.get(field.outer)
        if not field.part:
            return value
        parts = {"voice": value} if isinstance(value, str) else value or {}
        return parts.get(field.part, field.default)

    def _shown(self, name: str, request: Mapping[str, Any]) -> Any:
        field = self.fields[name]
        return field.show(self.value(name, request)) if field.outer in request else gr.skip()

    def _aside(self, chosen: str) -> frozenset[str]:
        """The fields of the sides that are not chosen."""
        sides = self._sides[1] if self._sides else {}
        return frozenset().union(*sides.values()) - sides.get(chosen, frozenset())

    def _side_of(self, request: Mapping[str, Any]) -> list[Any]:
        if self._sides is None:
            return []
        given = {name for name, value in request.items() if value}
        return [next((side for side, names in self._sides[1].items() if names & given), gr.skip())]


def _file(path: str | None, sent: Mapping[str, str]) -> str | Path | None:
    """The id of what was sent already, or where the file lies that is not."""
    if path == sent.get("path"):
        return sent.get("id")
    return Path(path) if path else None
