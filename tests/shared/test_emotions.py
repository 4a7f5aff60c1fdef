"""The moods, and the file that declares them."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from shared import emotions, languages
from shared.emotions import EMOTIONS
from shared.errors import ConfigurationError, UnknownEmotion
from shared.settings import ROOT

MOOD = {"name": "Mood", "description": "d", "instruct": {"english": "i"}, "example": "e"}


def refused(tmp_path: Path, content: object) -> str:
    """What is said of a file with this content."""
    file = tmp_path / "emotions.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    with pytest.raises(ConfigurationError) as error:
        emotions.read(file)
    assert str(file) in error.value.message
    return error.value.message


@pytest.mark.parametrize("emotion", EMOTIONS.values(), ids=list(EMOTIONS))
def test_every_mood_is_told_in_every_language(emotion: emotions.Emotion):
    assert emotion.instruct.keys() == languages.CODES.keys()
    assert len(set(emotion.instruct.values())) == len(emotion.instruct)


def test_no_two_moods_are_told_alike():
    told = [text for emotion in EMOTIONS.values() for text in emotion.instruct.values()]
    assert len(set(told)) == len(told)


@pytest.mark.parametrize("word", ["whispering", "Whispering", " WHISPERING "])
def test_a_mood_is_known_by_its_id_whatever_the_case(word: str):
    assert emotions.canonical(word) == "whispering"


@pytest.mark.parametrize("word", ["", "hungry", "happy!", "../happy"])
def test_an_unknown_mood_is_named_with_those_there_are(word: str):
    with pytest.raises(UnknownEmotion, match="cheerful") as error:
        emotions.canonical(word)
    assert error.value.param == "emotion"


def test_a_mood_is_told_in_the_language_of_the_text():
    assert emotions.instruct("calm", "german") == EMOTIONS["calm"].instruct["german"]


@pytest.mark.parametrize("language", [languages.AUTO, "german"])
def test_english_stands_in_for_a_language_without_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, language: str
):
    file = tmp_path / "emotions.yaml"
    file.write_text(yaml.safe_dump({"mood": MOOD}))
    monkeypatch.setattr(emotions, "EMOTIONS", emotions.read(file))
    assert emotions.instruct("mood", language) == "i"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is not YAML"),
        ("- happy", "The whole"),
        ({"mood": "happy"}, "mood"),
        ({"Mood": MOOD}, "Mood.id"),
        ({"mood": {**MOOD, "colour": "red"}}, "mood.colour"),
        ({"mood": {**MOOD, "example": ""}}, "mood.example"),
        ({"mood": {**MOOD, "example": 5}}, "mood.example"),
        ({"mood": {**MOOD, "instruct": {"german": "i"}}}, "English is missing"),
        ({"mood": {**MOOD, "instruct": {"english": "i", "klingon": "i"}}}, "klingon"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_file_with_a_mistake_is_refused_by_file_and_key(
    tmp_path: Path, content: object, said: str
):
    assert said in refused(tmp_path, content)


def test_a_file_that_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(ConfigurationError, match=r"emotions\.yaml"):
        emotions.read(tmp_path / "emotions.yaml")


@pytest.mark.parametrize("program", ["api", "worker", "tools.qtts"])
def test_no_program_starts_with_a_mistake_in_the_file(tmp_path: Path, program: str):
    for package in ("api", "configs", "shared", "tools", "worker"):
        shutil.copytree(ROOT / package, tmp_path / package)
    (tmp_path / "configs" / "emotions.yaml").write_text("mood: happy")
    ended = subprocess.run(
        [sys.executable, "-m", program, "--help"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert "emotions.yaml" in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
