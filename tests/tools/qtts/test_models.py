"""`qtts models` and `qtts checkpoint`."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from shared.checkpoints import catalogue
from shared.checkpoints.folder import examine
from tests.tools.qtts.conftest import Type
from tools.qtts import qtts


@pytest.fixture
def models_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    return tmp_path


def alone(*arguments: str) -> Result:
    """A command on this machine, without any service."""
    return CliRunner().invoke(qtts, list(arguments))


def test_all_released_checkpoints_are_listed_without_a_service(models_dir: Path):
    listed = alone("models", "list").stdout
    assert all(checkpoint.id in listed for checkpoint in catalogue.CATALOGUE)
    assert "absent" in listed


def test_those_of_a_service_elsewhere_are_listed(type_in: Type):
    listed = json.loads(type_in("models", "list", "--json-output").stdout)
    assert {model["id"] for model in listed} == {entry.id for entry in catalogue.CATALOGUE}


def test_a_checkpoint_that_is_not_there_cannot_be_verified(models_dir: Path):
    done = alone("models", "verify", "0.6B-CustomVoice")
    assert done.exit_code == 1
    assert "(checkpoint_missing)" in done.stderr


def test_a_checkpoint_that_is_damaged_is_said_file_by_file(models_dir: Path):
    (models_dir / catalogue.CATALOGUE[0].folder).mkdir()
    done = alone("models", "verify", catalogue.CATALOGUE[0].id)
    assert done.exit_code == 1
    assert "(checkpoint_damaged)" in done.stderr
    assert "config.json is missing" in done.stderr


def test_a_hub_that_cannot_be_reached_is_one_error(
    models_dir: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("HUB_URL", "http://127.0.0.1:9")
    done = alone("models", "pull")
    assert done.exit_code == 1
    assert "(download_failed)" in done.stderr


def test_a_checkpoint_of_no_known_name_is_one_error(models_dir: Path):
    done = alone("models", "pull", "GPT-9")
    assert done.exit_code == 1
    assert "(unknown_model)" in done.stderr


@pytest.mark.slow
def test_a_checkpoint_of_random_weights_is_written_in_the_released_layout(tmp_path: Path):
    folder = tmp_path / "tiny"
    done = alone("checkpoint", str(folder), "--kind", "base")
    assert done.exit_code == 0, done.output
    assert examine(folder).state == "present"


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path):
    (tmp_path / "precious").write_text("mine")
    done = alone("checkpoint", str(tmp_path))
    assert done.exit_code == 2
    assert "is not empty" in done.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["precious"]
