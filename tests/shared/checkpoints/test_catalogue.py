"""The released checkpoints."""

import pytest

from shared.checkpoints.catalogue import ALIGNER, CATALOGUE, default_for, find, need
from shared.errors import UnknownModel


def test_the_small_custom_voice_checkpoint_comes_first():
    assert CATALOGUE[0].id == "0.6B-CustomVoice"


@pytest.mark.parametrize("name", ["1.7B-Base", "1.7b-base", "Qwen/Qwen3-TTS-12Hz-1.7B-Base"])
def test_a_checkpoint_is_found_by_id_and_by_repository(name: str):
    assert find(name).repository == "Qwen/Qwen3-TTS-12Hz-1.7B-Base"


@pytest.mark.parametrize("name", ["", "3B-Base", "../0.6B-Base"])
def test_an_unknown_checkpoint_is_refused_with_the_known_ones(name: str):
    with pytest.raises(UnknownModel, match=r"0\.6B-CustomVoice, 0\.6B-Base"):
        find(name)


def test_the_aligner_is_found_and_speaks_nothing():
    assert find("qwen3-forcedaligner-0.6b") is ALIGNER
    assert ALIGNER not in CATALOGUE


def test_every_revision_is_a_commit_and_every_pin_a_sha256():
    assert all(len(bytes.fromhex(checkpoint.revision)) == 20 for checkpoint in CATALOGUE)
    pins = [pin for checkpoint in CATALOGUE for pin in checkpoint.pins]
    assert len(pins) == 2
    assert all(len(bytes.fromhex(pin.sha256)) == 32 for pin in pins)


def test_the_default_has_the_size_asked_for():
    assert default_for("custom_voice", "1.7B").id == "1.7B-CustomVoice"


def test_the_default_falls_back_to_another_size():
    assert default_for("voice_design", "0.6B").id == "1.7B-VoiceDesign"


def test_the_need_names_the_size_that_a_worker_would_load():
    assert need("base", "0.6B") == "base/0.6B"
    assert need("voice_design", "0.6B") == "voice_design/1.7B"
