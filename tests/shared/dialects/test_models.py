from pathlib import Path

import pytest

from shared.dialects import models
from shared.dialects.models import Wanted
from shared.errors import ModelNotFound


@pytest.mark.parametrize("word", ["tts-1", "TTS-1-HD"])
def test_the_plain_models_follow_no_instructions_and_send_no_events(tmp_path: Path, word: str):
    assert models.choose(tmp_path, word) == Wanted(directed=False, events=False)


@pytest.mark.parametrize(
    ("word", "language"),
    [("tts-1-es", "spanish"), ("tts-1-hd-fr", "french"), ("qwen3-tts-de", "german")],
)
def test_a_language_may_stand_behind_a_name(tmp_path: Path, word: str, language: str):
    assert models.choose(tmp_path, word).language == language


@pytest.mark.parametrize(
    "word", ["1.7B-Base", "1.7b-base", "Qwen3-TTS-12Hz-1.7B-Base", "Qwen/Qwen3-TTS-12Hz-1.7B-Base"]
)
def test_a_checkpoint_is_asked_for_as_people_and_hubs_call_it(tmp_path: Path, word: str):
    wanted = models.choose(tmp_path, word)
    assert (wanted.kind, wanted.size) == ("base", "1.7B")


@pytest.mark.parametrize("word", ["", "whisper-1", "tts-1-xx", "tts-1-", "../../etc", "x" * 9_000])
def test_any_other_name_is_no_model(tmp_path: Path, word: str):
    with pytest.raises(ModelNotFound) as refused:
        models.choose(tmp_path, word)
    assert refused.value.code == "model_not_found"
    assert len(refused.value.message) < 200


def test_a_checkpoint_of_your_own_that_does_not_speak_is_no_model(tmp_path: Path):
    own = tmp_path / "mine"
    own.mkdir()
    (own / "config.json").write_text('{"tts_model_type": "base", "tts_model_size": "0b6"}')
    with pytest.raises(ModelNotFound, match="not the one that speaks"):
        models.choose(tmp_path, "mine")
