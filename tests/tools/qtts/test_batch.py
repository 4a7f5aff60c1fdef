"""`qtts batch`, against the running service."""

import json
from pathlib import Path
from typing import Any

import pytest
import soundfile

from tests.tools.qtts.conftest import Type


def lines(*fields: Any) -> str:
    return "\n".join(map(json.dumps, fields))


def test_every_line_becomes_a_file(type_in: Type, tmp_path: Path):
    file = lines(
        {"id": "hello", "text": "Hello there."},
        {"text": "No name.", "format": "flac"},
        {"id": "old", "task": "voice_design", "request": {"text": "Ho.", "description": "Old."}},
    )
    folder = tmp_path / "out"
    done = type_in("batch", "-", "-o", str(folder), "--at-once", "2", input=file)
    assert done.exit_code == 0, done.output
    assert {path.name for path in folder.iterdir()} == {"hello.wav", "0002.flac", "old.wav"}
    assert all(soundfile.info(path).duration > 0.1 for path in folder.iterdir())
    assert done.stderr.count("Batch ") == 2


def test_with_partial_the_rest_is_spoken(type_in: Type, tmp_path: Path):
    file = lines({"id": "good", "text": "Hi."}, {"id": "bad", "text": "Hi.", "speaker": "nobody"})
    whole = type_in("batch", "-", "-o", str(tmp_path / "a"), input=file)
    assert whole.exit_code == 1
    assert "Item 1: " in whole.stderr
    part = type_in("batch", "-", "-o", str(tmp_path / "b"), "--partial", input=file)
    assert part.exit_code == 1
    assert "bad: " in part.stderr
    assert "1 of 2 lines have no sound" in part.stderr
    assert [path.name for path in (tmp_path / "b").iterdir()] == ["good.wav"]


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("", "no lines"),
        ("{", "Line 1 is not JSON"),
        ("\n[]", "Line 2 is no JSON object"),
        (lines({"id": "../x", "text": "Hi."}), "cannot be the name of a file"),
        (lines({"id": "a", "text": "Hi."}, {"id": "a", "text": "Ho."}), "is there already"),
    ],
)
def test_a_mistake_in_the_file_is_found_before_anything_is_sent(
    type_in: Type, tmp_path: Path, file: str, said: str
):
    done = type_in("batch", "-", "-o", str(tmp_path / "out"), input=file)
    assert done.exit_code == 1
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
