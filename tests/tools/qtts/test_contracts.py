"""`qtts run`: commands that follow from the contracts."""

import json
from pathlib import Path

import pytest
import soundfile

from shared.requests import CONTRACTS
from tests.stack import Stack
from tests.tools.qtts.conftest import Type


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_contract_has_a_command_with_a_flag_for_each_scalar(type_in: Type, name: str):
    done = type_in("run", name, "--help")
    assert done.exit_code == 0
    assert CONTRACTS[name].summary.split(".")[0] in " ".join(done.output.split())
    for field, schema in CONTRACTS[name].model_json_schema()["properties"].items():
        kinds = {schema.get("type"), *(kind.get("type") for kind in schema.get("anyOf", ()))}
        if kinds & {"string", "integer", "number", "boolean"}:
            assert f"--{field.replace('_', '-')}" in done.output


def test_the_meaning_of_a_field_is_the_help_of_its_flag(type_in: Type):
    said = " ".join(type_in("run", "custom_voice", "--help").output.split())
    assert "Who reads. One of: vivian, serena, uncle_fu" in said
    assert "What is read. Required." in said


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_example_of_every_contract_runs_from_a_file(type_in: Type, tmp_path: Path, name: str):
    request = tmp_path / "request.json"
    request.write_text(json.dumps(CONTRACTS[name].example))
    path = tmp_path / "out.wav"
    done = type_in("run", name, "--json", str(request), "-o", str(path))
    assert done.exit_code == 0, done.output
    assert soundfile.info(path).duration > 0.3


def test_flags_outrank_the_file(type_in: Type, tmp_path: Path, stack: Stack):
    body = json.dumps({"text": "Hello.", "seed": 1, "speaker": "eric"})
    flags = ["--seed", "2", "--no-do-sample", "-o", str(tmp_path / "out.wav")]
    done = type_in("run", "custom_voice", "--json", "-", *flags, input=body)
    assert done.exit_code == 0, done.output
    request = stack.client().jobs(limit=1).items[0].request
    assert (request["seed"], request["speaker"], request["do_sample"]) == (2, "eric", False)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("{", "is not JSON"),
        ("[1]", "must hold a JSON object"),
        ("{}", "text: Field required"),
        ('{"text": "Hi.", "volume": 11}', "There is no field 'volume'"),
        ('{"text": "Hi.", "seed": "one"}', "seed: "),
    ],
)
def test_a_body_that_does_not_fit_is_refused_before_it_is_sent(
    type_in: Type, tmp_path: Path, body: str, said: str
):
    path = str(tmp_path / "out.wav")
    done = type_in(
        "--url", "http://127.0.0.1:9", "run", "custom_voice", "--json", "-", "-o", path, input=body
    )
    assert done.exit_code == 1
    assert said in done.stderr
