"""Every field of every contract gets a widget, and the widgets' values make a valid request."""

from typing import Any

import gradio as gr
import pytest

from shared.errors import InvalidRequest
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from tests.ui.conftest import built
from tests.ui.odd import Cue, Odd
from ui.form import Form, fields

EVERY = pytest.mark.parametrize("contract", CONTRACTS.values(), ids=list(CONTRACTS))


def placed(contract: type[Declared]) -> Form:
    def place() -> Form:
        with gr.Blocks():
            form = Form(contract)
            form.rest()
        return form

    return built(place)


def initial(form: Form) -> list[Any]:
    return [widget.value for widget in form.inputs]


@EVERY
def test_every_field_has_a_widget_with_its_description(contract: type[Declared]):
    form = placed(contract)
    assert set(form.widgets) == set(contract.model_fields)
    for name, field in contract.model_fields.items():
        assert field.description
        assert form.widgets[name].info == field.description


@EVERY
def test_untouched_widgets_make_the_example(contract: type[Declared]):
    form = placed(contract)
    request = contract.parse(form.read(initial(form)))
    assert request == contract.parse(contract.example)


@EVERY
def test_a_request_survives_being_shown_and_read(contract: type[Declared]):
    form = placed(contract)
    request = contract.parse(contract.example).model_dump(mode="json")
    assert contract.parse(form.read(form.fill(request))) == contract.parse(request)


def test_a_field_of_every_shape_has_a_fitting_widget():
    kinds = {name: type(widget).__name__ for name, widget in placed(Odd).widgets.items()}
    assert kinds == {
        "text": "Textbox",
        "cues": "Textbox",
        "title_of": "Textbox",
        "count": "Slider",
        "share": "Slider",
        "loud": "Checkbox",
        "strange": "Textbox",
        "seed": "Number",
        "format": "Dropdown",
    }


def test_what_is_spoken_comes_first_and_what_must_be_given_next():
    assert [field.name for field in fields(Odd)][:2] == ["text", "cues"]


def test_limits_of_the_contract_are_those_of_the_widget():
    widgets: dict[str, Any] = dict(placed(Odd).widgets)
    assert (widgets["count"].minimum, widgets["count"].maximum) == (1, 9)
    assert (widgets["share"].minimum, widgets["share"].maximum) == (0.01, 0.99)
    assert widgets["text"].max_length == 500


def test_nested_things_are_written_as_json_and_read_back():
    form = placed(Odd)
    assert Odd.parse(form.read(initial(form))).cues == [Cue(at=0.5, line="Two.")]


def test_json_that_cannot_be_read_names_its_field():
    form = placed(Odd)
    values = dict(zip(form.widgets, initial(form), strict=True)) | {"cues": "[1,"}
    with pytest.raises(InvalidRequest, match="Cues is not JSON") as raised:
        form.read(list(values.values()))
    assert raised.value.param == "cues"


def test_a_fraction_where_a_whole_number_belongs_is_refused():
    form = placed(Odd)
    values = dict(zip(form.widgets, initial(form), strict=True)) | {"count": 2.5}
    with pytest.raises(InvalidRequest, match="whole number"):
        form.read(list(values.values()))


def test_what_is_left_empty_is_left_out():
    form = placed(Odd)
    values = dict(zip(form.widgets, initial(form), strict=True)) | {"title_of": "", "seed": None}
    assert not {"title_of", "seed"} & set(form.read(list(values.values())))


def test_an_empty_text_reaches_the_contract_which_says_what_is_wrong():
    form = placed(CONTRACTS["custom_voice"])
    values = dict(zip(form.widgets, initial(form), strict=True)) | {"text": ""}
    with pytest.raises(InvalidRequest, match="text"):
        CONTRACTS["custom_voice"].parse(form.read(list(values.values())))
