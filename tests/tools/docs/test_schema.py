"""JSON Schema in words."""

import pytest

from tools.docs.schema import default, kind, table


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string"}, "string"),
        ({"type": "integer", "minimum": 0, "maximum": 65_535}, "integer, ≥ 0, ≤ 65,535"),
        ({"type": "number", "exclusiveMinimum": 0}, "number, > 0"),
        ({"type": "string", "maxLength": 60}, "string, at most 60 characters"),
        ({"enum": ["wav", "mp3"], "type": "string"}, "`wav`, `mp3`"),
        ({"type": "string", "x-choices": ["auto"]}, "`auto`"),
        ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "string"),
        ({"type": "array", "items": {"type": "string"}}, "list of string"),
        ({"type": "string", "format": "path"}, "path"),
        ({"type": "string", "pattern": "^[0-9a-f]+$", "x-upload": "audio"}, "a file, or its id"),
        ({"$ref": "#/$defs/State"}, "`on`, `off`"),
        ({"$ref": "#/$defs/Pauses"}, "an object, [Pauses](#pauses)"),
        ({"$ref": "#/$defs/Role", "x-role": True}, "a voice's name, or a [Role](#role)"),
        (
            {"type": "object", "additionalProperties": {"$ref": "#/$defs/Role"}, "x-cast": True},
            "for each name a voice's name, or a [Role](#role)",
        ),
        (
            {"type": "object", "additionalProperties": {"type": "string", "maxLength": 9}},
            "for each name a string, at most 9 characters",
        ),
    ],
)
def test_a_type_is_told_with_its_limits(schema: dict[str, object], words: str):
    known = {
        "State": {"enum": ["on", "off"]},
        "Pauses": {"type": "object", "properties": {"comma": {"type": "number"}}},
        "Role": {"type": "object", "properties": {"voice": {"type": "string"}}},
    }

    assert kind(schema, known) == words


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"default": 0.9}, "`0.9`"),
        ({"default": True}, "`true`"),
        ({"default": "wav"}, "`wav`"),
        ({"default": ["a", "b"]}, "`a,b`"),
        ({"default": {"voice": "ryan", "speed": 1.0}, "x-role": True}, "`ryan`"),
        ({"default": None}, ""),
        ({"default": ""}, ""),
        ({}, ""),
    ],
)
def test_a_default_is_told_as_it_is_written(schema: dict[str, object], words: str):
    assert default(schema, required=False) == words


def test_what_has_no_default_is_required():
    assert default({}, required=True) == "required"


def test_a_cell_stays_on_its_line_and_in_its_column():
    assert table(["a"], [["one\ntwo | three"]]).splitlines()[-1] == "| one two \\| three |"
