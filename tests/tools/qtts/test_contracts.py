"""`qtts run`: commands that follow from the contracts."""

import json
import re
from pathlib import Path

import pytest
import soundfile

from shared.requests import CONTRACTS
from shared.requests.codec_encode import CodecEncode
from shared.settings import ROOT
from tests.stack import Stack
from tests.tools.qtts.conftest import Type

REFERENCE = ROOT / "docs" / "examples" / "reference.flac"


def example_files(name: str) -> list[str]:
    """The flags for the files that go with a contract's example."""
    files = CONTRACTS[name].example_files.items()
    return [word for field, path in files for word in (f"--{field}", str(ROOT / path))]


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
    assert re.search(r"--text TEXT What is read\..* Required\. --", said)


@pytest.mark.parametrize("name", CONTRACTS)
def test_the_example_of_every_contract_runs_from_a_file(type_in: Type, tmp_path: Path, name: str):
    request = tmp_path / "request.json"
    request.write_text(json.dumps(CONTRACTS[name].example))
    path = tmp_path / "out.wav"
    done = type_in("run", name, "--json", str(request), *example_files(name), "-o", str(path))
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


def test_a_file_may_be_named_by_the_id_that_it_has(type_in: Type, tmp_path: Path, stack: Stack):
    upload = stack.client().upload("reference", REFERENCE)
    path = tmp_path / "out.wav"
    flags = ["--reference", upload.id, "--text", "Hello.", "-o", str(path)]
    done = type_in("run", "voice_clone", *flags)
    assert done.exit_code == 0, done.output
    assert stack.client().jobs(limit=1).items[0].request["reference"] == upload.id


def test_a_file_that_is_not_there_is_refused_before_it_is_sent(type_in: Type):
    done = type_in("run", "codec_encode", "--audio", "nowhere.wav")
    assert done.exit_code == 2
    assert "There is no file 'nowhere.wav'" in done.stderr


def test_a_file_that_is_no_sound_is_one_error(type_in: Type, tmp_path: Path):
    text = tmp_path / "text.wav"
    text.write_text("This is no sound.")
    path = tmp_path / "out.wav"
    done = type_in("run", "codec_encode", "--audio", str(text), "-o", str(path))
    assert done.exit_code == 1
    assert "(unreadable_audio)" in done.stderr
    assert not path.exists()


@pytest.mark.parametrize("name", CodecEncode.artifacts)
def test_codes_are_written_where_the_ending_asks_for_them(
    type_in: Type, tmp_path: Path, stack: Stack, name: str
):
    path = tmp_path / f"mine{Path(name).suffix}"
    done = type_in("run", "codec_encode", "--audio", str(REFERENCE), "-o", str(path))
    assert done.exit_code == 0, done.output
    client = stack.client()
    client.download(client.jobs(limit=1).items[0].id, tmp_path / "theirs", name)
    assert path.read_bytes() == (tmp_path / "theirs").read_bytes()


def test_an_ending_that_no_result_has_is_refused(type_in: Type, tmp_path: Path):
    path = tmp_path / "codes.npz"
    done = type_in("run", "custom_voice", "--text", "Hello.", "-o", str(path))
    assert done.exit_code == 1
    assert "(unknown_format)" in done.stderr


@pytest.mark.parametrize("flag", ["preset", "voice"])
def test_what_settings_may_fill_in_is_left_to_the_service(type_in: Type, tmp_path: Path, flag: str):
    path = str(tmp_path / "out.wav")
    flags = ["--text", "Hello.", f"--{flag}", "nobody", "-o", path]
    done = type_in("run", "voice_clone", *flags)
    assert done.exit_code == 1
    assert f"(unknown_{flag})" in done.stderr


def test_candidates_are_told_with_the_way_to_keep_one(type_in: Type, tmp_path: Path, stack: Stack):
    path = tmp_path / "out.wav"
    flags = ["--text", "Hello there.", "--description", "A calm alto.", "--candidates", "2"]
    done = type_in("run", "voice_design", *flags, "-o", str(path))
    assert done.exit_code == 0, done.output
    job = stack.client().jobs(limit=1).items[0]
    assert "Candidate 2: " in done.stderr
    assert f"qtts voices lock {job.id} 2" in done.stderr
