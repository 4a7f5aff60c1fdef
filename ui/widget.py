"""The widget of a field."""

from collections.abc import Callable
from typing import Any

import gradio as gr
from gradio.components import Component

from ui import picker
from ui.field import SHEETS, Field, Shape
from ui.translation import tr

_FINE = 0.01
"""The step of a number that is no whole one."""


def of(field: Field, **options: Any) -> Component:
    """The widget of a field; `options` override what the contract says."""
    common = {"label": tr(field.label), "info": tr(field.info), "value": field.initial}
    if field.upload:
        del common["info"]  # widgets of files have no place for it
    return _WIDGETS[field.shape](field, {**common, "elem_id": field.elem_id, **options})


def _text(field: Field, options: dict[str, Any]) -> Component:
    return gr.Textbox(**_over(options, lines=3, max_length=field.length))


def _line(field: Field, options: dict[str, Any]) -> Component:
    return gr.Textbox(**_over(options, lines=1, max_length=field.length))


def _choice(field: Field, options: dict[str, Any]) -> Component:
    return gr.Dropdown(**_over(options, choices=field.options))


def _check(_field: Field, options: dict[str, Any]) -> Component:
    return gr.Checkbox(**options)


def _integer(field: Field, options: dict[str, Any]) -> Component:
    return _numeric(field, _over(options, step=1), precision=0)


def _number(field: Field, options: dict[str, Any]) -> Component:
    return _numeric(field, _over(options, step=_FINE), precision=None)


def _numeric(field: Field, options: dict[str, Any], precision: int | None) -> Component:
    limited = _over(options, minimum=field.low, maximum=field.high)
    if field.slides:
        return gr.Slider(**limited)
    return gr.Number(**_over(limited, precision=precision))


def _sound(_field: Field, options: dict[str, Any]) -> Component:
    return gr.Audio(
        **_over(
            options,
            type="filepath",
            sources=["upload", "microphone"],
            editable=False,
            buttons=[],
        )
    )


def _file(field: Field, options: dict[str, Any]) -> Component:
    types = list(SHEETS[field.upload or "codes"]) or None
    return gr.File(**_over(options, type="filepath", height=140, file_types=types))


def _preset(_field: Field, options: dict[str, Any]) -> Component:
    """Its choices come from the service when the page opens."""
    return gr.Dropdown(**_over(options, choices=[]))


def _voice(_field: Field, options: dict[str, Any]) -> Component:
    return picker.field(**_over(options, of="stored"))


def _speaker(_field: Field, options: dict[str, Any]) -> Component:
    return picker.field(**_over(options, of="preset"))


def _anyone(_field: Field, options: dict[str, Any]) -> Component:
    return picker.field(**_over(options, left_open=tr("Left open")))


def _several(field: Field, options: dict[str, Any]) -> Component:
    return gr.Dropdown(**_over(options, choices=field.options, multiselect=True))


def _numbers(_field: Field, options: dict[str, Any]) -> Component:
    return gr.Textbox(**_over(options, lines=1, placeholder=tr("1, 3, 5-8")))


def _pairs(_field: Field, options: dict[str, Any]) -> Component:
    return gr.Textbox(**_over(options, lines=3, placeholder=tr("Siobhan = shi-vawn")))


def _json(_field: Field, options: dict[str, Any]) -> Component:
    return gr.Textbox(**_over(options, lines=5, elem_classes=["json"]))


def _over(options: dict[str, Any], **defaults: Any) -> dict[str, Any]:
    return {**defaults, **options}


_WIDGETS: dict[Shape, Callable[[Field, dict[str, Any]], Component]] = {
    "text": _text,
    "line": _line,
    "choice": _choice,
    "check": _check,
    "integer": _integer,
    "number": _number,
    "json": _json,
    "sound": _sound,
    "file": _file,
    "voice": _voice,
    "speaker": _speaker,
    "anyone": _anyone,
    "preset": _preset,
    "several": _several,
    "numbers": _numbers,
    "pairs": _pairs,
}
