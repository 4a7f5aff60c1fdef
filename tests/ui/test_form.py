"""Every field of every contract gets a widget, and the widgets' values make a valid request."""

import re
from pathlib import Path
from typing import Any

import gradio as gr
import pytest

from shared.errors import InvalidRequest
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from tests.ui.conftest import built
from tests.ui.odd import Cue, Odd
from ui.field import explained, fields
from ui.form import Form

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


def files(contract: type[Declared]) -> dict[str, str]:
    """Ids of the files that go with the example."""
    return dict.fromkeys(contract.example_files, "0" * 64)


def held(form: Form, **values: Any) -> list[Any]:
    """What the form's inputs hold when a person has filled in these."""
    widgets = dict(zip(form.widgets, initial(form), strict=False)) | values
    return [*widgets.values(), *initial(form)[len(widgets) :]]


@EVERY
def test_every_field_has_a_widget_with_its_description(contract: type[Declared]):
    form = placed(contract)
    made = {name for name, kind in contract.uploads().items() if kind == "plan"}
    assert {field.outer for field in form.fields.values()} == set(contract.model_fields) - made
    assert set(form.widgets) == set(form.fields)
    for name, field in form.fields.items():
        widget: Any = form.widgets[name]
        if name not in form.slots:
            told = widget.props["told"] if isinstance(widget, gr.HTML) else {"info": widget.info}
            assert told["info"] == field.info


@EVERY
def test_people_are_told_of_no_route_id_or_name_that_programs_use(contract: type[Declared]):
    words = " ".join(field.info for field in fields(contract))
    assert "/v1/" not in words
    for name in ("id", *(f"`{known}`" for known in (*CONTRACTS, *contract.model_fields))):
        assert not re.search(rf"(?<!\w){name}(?!\w)", words), name


def test_what_a_contract_says_is_told_without_what_only_programs_need():
    said = "A mood from `GET /v1/emotions`: one of `seed`\nand `auto`. A file, or its id."
    assert explained(said, {"seed": "Seed"}) == "One of Seed and `auto`."
    assert explained("A file, or its id.", {}) == ""


def test_below_a_widget_for_a_file_stands_what_it_is_for():
    form = placed(CONTRACTS["voice_clone"])
    beside = form.slots["reference"].widget.parent.children
    about = form.fields["reference"].info.partition(".")[0]
    assert any(about in block.value for block in beside if isinstance(block, gr.HTML))


@EVERY
def test_untouched_widgets_make_the_example(contract: type[Declared]):
    form = placed(contract)
    request = contract.parse({**form.read(initial(form)), **files(contract)})
    assert request == contract.parse({**contract.example, **files(contract)})


@EVERY
def test_a_request_survives_being_shown_and_read(contract: type[Declared]):
    form = placed(contract)
    request = contract.parse({**contract.example, **files(contract)}).model_dump(mode="json")
    filled = zip(initial(form), form.fill(request), strict=False)
    shown = [before if value == gr.skip() else value for before, value in filled]
    assert contract.parse(form.read(shown)) == contract.parse(request)


def test_a_field_of_every_shape_has_a_fitting_widget():
    kinds = {name: type(widget).__name__ for name, widget in placed(Odd).widgets.items()}
    assert kinds == {
        "text": "Textbox",
        "cues": "Textbox",
        "title_of": "Textbox",
        "count": "Slider",
        "share": "Slider",
        "loud": "Checkbox",
        "sound": "Audio",
        "codes": "File",
        "who": "HTML",
        "preset": "Dropdown",
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
    with pytest.raises(InvalidRequest, match="Cues is not JSON") as raised:
        form.read(held(form, cues="[1,"))
    assert raised.value.param == "cues"


def test_a_fraction_where_a_whole_number_belongs_is_refused():
    form = placed(Odd)
    with pytest.raises(InvalidRequest, match="whole number"):
        form.read(held(form, count=2.5))


def test_what_is_left_empty_is_left_out():
    form = placed(Odd)
    assert not {"title_of", "seed"} & set(form.read(held(form, title_of="", seed=None)))


def test_an_empty_text_reaches_the_contract_which_says_what_is_wrong():
    form = placed(CONTRACTS["custom_voice"])
    with pytest.raises(InvalidRequest, match="text"):
        CONTRACTS["custom_voice"].parse(form.read(held(form, text="")))


def test_a_file_that_was_not_sent_yet_is_read_as_its_path():
    form = placed(Odd)
    assert form.read(held(form, sound="/tmp/rain.wav"))["sound"] == Path("/tmp/rain.wav")


def test_a_file_that_was_sent_is_read_as_its_id():
    form = placed(Odd)
    values = held(form, sound="/tmp/rain.wav")
    values[len(form.widgets)] = {"path": "/tmp/rain.wav", "id": "0" * 64}
    assert form.read(values)["sound"] == "0" * 64


def test_a_preset_fills_the_form_and_is_not_sent():
    form = placed(Odd)
    assert "preset" not in form.read(held(form, preset="Bedtime"))


def test_a_preset_keeps_neither_text_nor_files():
    form = placed(Odd)
    kept = form.manner(held(form, sound="/tmp/rain.wav", count=5))
    assert kept["count"] == 5
    assert not {"text", "sound"} & kept.keys()


def test_a_preset_keeps_a_manner_and_no_words_that_are_heard_or_names_of_new_voices():
    form = placed(CONTRACTS["design_then_clone"])
    kept = form.manner(held(form, lock_as="Alto"))
    assert "description" in kept
    assert not {"text", "sample_text", "lock_as"} & kept.keys()


def test_of_several_sides_only_the_chosen_one_is_read():
    def place() -> Form:
        with gr.Blocks():
            form = Form(Odd)
            sides = {"One": frozenset({"who"}), "Other": frozenset({"title_of", "count"})}
            form.choose(gr.Radio(list(sides), value="One"), sides)
            form.rest()
        return form

    form = built(place)
    found = form.read(held(form, who="sailor", title_of="Lamp"))
    assert found["who"] == "sailor"
    assert not {"title_of", "count"} & found.keys()
    assert form.fill({"title_of": "Lamp"})[-3] == "Other"


def test_a_role_is_a_voice_and_what_else_is_said_of_it():
    form = placed(CONTRACTS["narration"])
    found = form.read(held(form, **{"narrator.voice": "serena", "narrator.speed": 0.9}))
    assert found["narrator"] == {"voice": "serena", "speed": 0.9}
    widget: Any = form.widgets["narrator.voice"]
    assert widget.props["told"]["open"] == "Left open"


def test_of_a_field_with_parts_of_which_none_is_unusual_nothing_is_sent():
    form = placed(CONTRACTS["script"])
    found = form.read(held(form, **{"narrator.voice": ""}))
    assert not {"narrator", "pauses"} & found.keys()
    assert form.read(held(form, **{"pauses.comma": 0.2}))["pauses"]["comma"] == 0.2


def test_a_part_that_a_preset_does_not_hold_is_as_the_contract_has_it():
    form = placed(CONTRACTS["narration"])
    shown = dict(zip(form.widgets, form.fill({"narrator": "serena"}), strict=False))
    assert (shown["narrator.voice"], shown["narrator.speed"]) == ("serena", 1.0)


@pytest.mark.parametrize(
    ("task", "name", "written", "value"),
    [
        ("narration", "only", "1, 3 5-7", [1, 3, 5, 6, 7]),
        ("script", "lexicon", "Wren = ren\n\n Tolla=toh-la", {"Wren": "ren", "Tolla": "toh-la"}),
        ("npc_pack", "tables", ["yarn"], ["yarn"]),
        ("npc_pack", "rate", 48_000, 48_000),
    ],
)
def test_lists_and_pairs_are_written_as_people_write_them(
    task: str, name: str, written: Any, value: Any
):
    form = placed(CONTRACTS[task])
    found = form.read(held(form, **{name: written}))
    assert found[name] == value
    assert CONTRACTS[task].parse(found)


@pytest.mark.parametrize(
    ("task", "name", "written", "said"),
    [
        ("narration", "only", "1, two", "'two'"),
        ("narration", "only", "1-999999999", "more than 2,000"),
        ("script", "lexicon", "Wren = ren\nTolla", "Line 2"),
    ],
)
def test_what_is_not_written_so_is_told_with_its_place(
    task: str, name: str, written: str, said: str
):
    form = placed(CONTRACTS[task])
    with pytest.raises(InvalidRequest, match=said) as raised:
        form.read(held(form, **{name: written}))
    assert raised.value.param == name


def test_documents_and_covers_are_dropped_as_files_of_the_kinds_that_are_known():
    widgets: dict[str, Any] = dict(placed(CONTRACTS["narration"]).widgets)
    assert {".epub", ".docx", ".md", ".srt"} <= set(widgets["source"].file_types)
    assert widgets["cover"].file_types == [".png", ".jpg", ".jpeg"]
