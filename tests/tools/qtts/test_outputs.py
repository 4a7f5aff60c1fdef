"""`qtts outputs`, against the running service."""

import json
import shutil
import zipfile
from pathlib import Path

import pytest
import soundfile

from tests.stack import Stack
from tests.tools.qtts.conftest import Type
from tools.bench.library import fill


@pytest.fixture
def made(stack: Stack) -> list[str]:
    """Two outputs of this test, the latest first."""
    return fill(stack.outputs_dir, 2)


def test_outputs_are_found_marked_and_shown(type_in: Type, made: list[str]):
    run = made[0]
    assert type_in("outputs", "star", run).exit_code == 0
    assert type_in("outputs", "tag", run, "dusk", "sea").stdout.strip() == "dusk, sea"
    assert type_in("outputs", "tag", run, "SEA", "--remove").stdout.strip() == "dusk"
    type_in("outputs", "rename", run, "The [bold] lamp")
    listed = type_in("outputs", "list", "lamp", "--tag", "dusk", "--starred")
    assert run in listed.stdout
    assert made[1] not in listed.stdout
    assert "The [bold] lamp" in type_in("outputs", "show", run).stdout
    assert json.loads(type_in("outputs", "show", run, "--json-output").stdout)["starred"]


def test_outputs_are_deleted_and_come_back(type_in: Type, made: list[str], stack: Stack):
    run = made[0]
    assert type_in("outputs", "delete", run).exit_code == 0
    assert run in type_in("outputs", "trash").stdout
    assert "1 came out" in type_in("outputs", "restore", run).stdout
    assert stack.client().output(run).id == run
    assert type_in("outputs", "restore").exit_code == 2


def test_all_comes_out_of_the_trash_but_what_was_made_anew_meanwhile(
    type_in: Type, made: list[str], stack: Stack
):
    for run in made:
        stack.client().discard(run)
    shutil.copytree(stack.outputs_dir / ".trash" / made[0], stack.outputs_dir / made[0])
    assert type_in("outputs", "restore", "--all").exit_code == 0
    assert [item.id for item in stack.client().trash().items] == [made[0]]
    emptied = type_in("outputs", "trash", "--empty", "--yes")
    assert emptied.stdout.startswith("1 deleted for good")
    assert {stack.client().output(run).id for run in made} == set(made)


def test_a_clean_up_only_tells_until_it_is_meant(type_in: Type, made: list[str], stack: Stack):
    before = stack.client().usage().outputs
    told = type_in("outputs", "clean", "--days", "36500", "--larger-than", "1")
    assert told.stdout.startswith("0 outputs")
    would = type_in("outputs", "clean", "--days", "0", "--task", "custom_voice")
    assert "would go into the trash" in would.stdout
    assert stack.client().usage().outputs == before
    assert "outputs," in type_in("outputs", "usage").stdout


def test_outputs_are_downloaded(type_in: Type, made: list[str], tmp_path: Path):
    archive, sound = tmp_path / "both.zip", tmp_path / "one.mp3"
    assert type_in("outputs", "download", *made, "-o", str(archive)).exit_code == 0
    with zipfile.ZipFile(archive) as packed:
        assert {name.partition("/")[0] for name in packed.namelist()} == set(made)
    done = type_in("outputs", "download", made[0], "-o", str(sound), "--format", "mp3")
    assert done.exit_code == 0, done.output
    assert soundfile.info(sound).format == "MP3"
