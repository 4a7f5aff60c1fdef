"""`qtts presets` and `qtts emotions`, against the running service."""

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from shared.emotions import EMOTIONS
from shared.errors import UnknownPreset
from tests.stack import Stack
from tests.tools.qtts.conftest import Type

NAME = "bedtime of tests"


@pytest.fixture(autouse=True)
def cleared(stack: Stack) -> Iterator[None]:
    """The preset of a test is gone afterwards."""
    yield
    with suppress(UnknownPreset):
        stack.client().delete_preset(NAME)


def save(type_in: Type, request: str, *flags: str):
    return type_in("presets", "save", NAME, "custom_voice", "--json", "-", *flags, input=request)


def test_a_preset_is_saved_listed_and_shown(type_in: Type):
    assert save(type_in, '{"speaker": "serena", "seed": 11}').exit_code == 0
    assert NAME in type_in("presets", "list").stdout
    assert '"seed": 11' in type_in("presets", "show", NAME).stdout
    shown = json.loads(type_in("presets", "show", NAME, "--json-output").stdout)
    assert shown["request"] == {"speaker": "serena", "seed": 11}


def test_a_damaged_preset_is_named_beside_the_others(type_in: Type, stack: Stack):
    save(type_in, '{"seed": 1}')
    damaged = stack.folder / "voices" / "_presets" / "spoilt.yaml"
    damaged.write_text("!!bool x")
    try:
        done = type_in("presets", "list")
    finally:
        damaged.unlink()
    assert NAME in done.stdout
    assert "spoilt.yaml cannot be read." in done.output


def test_a_preset_fills_in_what_a_command_leaves_out(type_in: Type, tmp_path: Path, stack: Stack):
    save(type_in, '{"speaker": "serena", "seed": 11}')
    flags = ["--text", "Hello.", "--preset", NAME, "--seed", "2"]
    done = type_in("run", "custom_voice", *flags, "-o", str(tmp_path / "out.wav"))
    assert done.exit_code == 0, done.output
    request = stack.client().jobs(limit=1).items[0].request
    assert (request["speaker"], request["seed"]) == ("serena", 2)


def test_a_preset_is_replaced_only_on_purpose(type_in: Type, stack: Stack):
    save(type_in, '{"seed": 1}')
    refused = save(type_in, '{"seed": 2}')
    assert refused.exit_code == 1
    assert "(conflict)" in refused.stderr
    assert save(type_in, '{"seed": 2}', "--replace").exit_code == 0
    assert stack.client().preset(NAME).request == {"seed": 2}


def test_a_preset_is_deleted(type_in: Type):
    save(type_in, '{"seed": 1}')
    assert type_in("presets", "delete", NAME).exit_code == 0
    done = type_in("presets", "show", NAME)
    assert done.exit_code == 1
    assert "(unknown_preset)" in done.stderr


def test_moods_are_listed_with_their_meaning(type_in: Type):
    listed = type_in("emotions").stdout
    assert all(emotion in listed for emotion in EMOTIONS)
    found = json.loads(type_in("emotions", "--json-output").stdout)
    assert [emotion["id"] for emotion in found] == list(EMOTIONS)
