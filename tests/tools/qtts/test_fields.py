"""What is typed for the fields of a request."""

import io
import json
from pathlib import Path
from typing import Any

import click
import pytest

from shared.requests.narration import Narration
from shared.requests.npc_pack import NpcPack
from shared.requests.script import Script
from tools.qtts.fields import given, options

SERENA = {"voice": "serena", "speed": 1.2}


def typed(contract: Any, *words: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    """The request that a command line stands for. Raises UsageError."""
    command = click.Command("run", params=[*options(contract)])
    flags = command.make_context("run", list(words)).params
    return given(io.StringIO(json.dumps(body)) if body else None, flags)[0]


@pytest.mark.parametrize(
    ("contract", "words", "request_"),
    [
        (Narration, [], {}),
        (Narration, ["--narrator", "Old Sailor"], {"narrator": "Old Sailor"}),
        (Narration, ["--narrator", json.dumps(SERENA)], {"narrator": SERENA}),
        (Narration, ["--only", "1,3-5", "--only", "9"], {"only": [1, 3, 4, 5, 9]}),
        (Narration, ["--pauses", '{"sentence": 0.4}'], {"pauses": {"sentence": 0.4}}),
        (
            Narration,
            ["--lexicon", "Adair=uh-DARE", "--lexicon", "x=a=b"],
            {"lexicon": {"Adair": "uh-DARE", "x": "a=b"}},
        ),
        (
            Script,
            ["--cast", "ANNA=serena", "--cast", f"OLD MAN={json.dumps(SERENA)}"],
            {"cast": {"ANNA": "serena", "OLD MAN": SERENA}},
        ),
        (NpcPack, ["--rate", "22050", "--clips", "ogg"], {"rate": 22_050, "clips": "ogg"}),
        (
            NpcPack,
            ["--tables", "yarn,godot", "--tables", "unreal"],
            {"tables": ["yarn", "godot", "unreal"]},
        ),
    ],
)
def test_flags_become_fields(contract: Any, words: list[str], request_: dict[str, Any]):
    assert typed(contract, *words) == request_


@pytest.mark.parametrize(
    ("name", "text"),
    [("cast.json", '{"ANNA": "serena"}'), ("cast.yaml", "ANNA: serena\n")],
)
def test_a_cast_may_come_from_a_file(tmp_path: Path, name: str, text: str):
    (tmp_path / name).write_text(text)

    words = ["--cast", str(tmp_path / name), "--cast", "BEN=ryan"]

    assert typed(Script, *words) == {"cast": {"ANNA": "serena", "BEN": "ryan"}}


def test_a_cast_that_is_typed_is_laid_over_that_of_the_body():
    body = {"cast": {"ANNA": "ryan", "BEN": "eric"}, "beat": 1.0}

    request = typed(Script, "--cast", "ANNA=serena", "--beat", "2", body=body)

    assert request == {"cast": {"ANNA": "serena", "BEN": "eric"}, "beat": 2.0}


@pytest.mark.parametrize(
    ("contract", "words", "said"),
    [
        (Script, ["--cast", "ANNA"], "There is no file 'ANNA'"),
        (Script, ["--cast", "=serena"], "is no NAME=VALUE"),
        (Script, ["--cast", 'ANNA={"voice'], "is not JSON"),
        (Narration, ["--pauses", "0.4"], "is no JSON object"),
        (Narration, ["--only", "one"], "is no number"),
        (Narration, ["--only", "5-3"], "goes backwards"),
        (Narration, ["--only", "1-999999999"], "too far"),
        (NpcPack, ["--tables", "unity"], "is none of yarn"),
    ],
)
def test_what_cannot_be_meant_is_refused(contract: Any, words: list[str], said: str):
    with pytest.raises(click.UsageError) as refusal:
        typed(contract, *words)

    assert said in refusal.value.format_message()


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("cast.json", "{", "cannot be understood"),
        ("cast.yaml", "ANNA: &a serena\nBEN: *a\n", "refers to a part of itself"),
        ("cast.yaml", "- ANNA\n", "must hold names"),
    ],
)
def test_a_file_that_holds_no_cast_is_refused(tmp_path: Path, name: str, text: str, said: str):
    (tmp_path / name).write_text(text)

    with pytest.raises(click.UsageError) as refusal:
        typed(Script, "--cast", str(tmp_path / name))

    assert said in refusal.value.format_message()


def test_every_field_of_a_pipeline_can_be_typed():
    fields = {option.name for option in options(Narration)}

    assert fields == {f"field_{name}" for name in Narration.model_fields}
