"""Which engine speaks, and why."""

from pathlib import Path
from typing import get_args

import pytest

from shared.checkpoints.catalogue import Kind
from shared.errors import EngineUnavailable
from shared.settings import load
from worker.engine.choice import choose
from worker.engine.random_checkpoint import write


def test_without_a_checkpoint_the_preview_speaks_and_says_why(tmp_path: Path) -> None:
    choice = choose(load(models_dir=tmp_path))
    assert choice.description.preview
    assert str(tmp_path) in choice.reason


def test_with_a_checkpoint_the_model_speaks(tmp_path: Path) -> None:
    write(tmp_path / "mine", "tiny", "custom_voice")
    choice = choose(load(models_dir=tmp_path))
    assert choice.description.name == "qwen3"
    assert not choice.description.preview


def test_preview_that_is_not_allowed_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="ALLOW_PREVIEW"):
        choose(load(models_dir=tmp_path, allow_preview=False))


def test_named_engine_is_taken_whatever_is_at_hand(tmp_path: Path) -> None:
    write(tmp_path / "mine", "tiny", "custom_voice")
    assert choose(load(models_dir=tmp_path, engine="preview")).description.preview


def test_named_engine_without_a_checkpoint_says_what_is_missing(tmp_path: Path) -> None:
    settings = load(models_dir=tmp_path, engine="stock")
    assert str(tmp_path) in choose(settings).trouble(settings)


def test_an_engine_that_cannot_quantise_says_so(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="quantise"):
        choose(load(models_dir=tmp_path, engine="stock", quantization="int8"))


def test_fingerprint_names_engine_checkpoint_and_revision(tmp_path: Path) -> None:
    choice = choose(load(models_dir=tmp_path))
    info = choice.info().model_copy(update={"checkpoint": "c", "revision": "r"})
    assert choice.fingerprint(info).endswith(f"/c@r/{info.precision}/1/1/")


def test_a_damaged_checkpoint_is_named(tmp_path: Path) -> None:
    write(tmp_path / "mine", "tiny", "custom_voice")
    weights = tmp_path / "mine" / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    assert "mine is damaged (model.safetensors)" in choose(load(models_dir=tmp_path)).reason


def test_a_checkpoint_that_lacks_a_file_is_named(tmp_path: Path) -> None:
    write(tmp_path / "mine", "tiny", "custom_voice")
    (tmp_path / "mine" / "model.safetensors").unlink()
    assert "mine lacks model.safetensors" in choose(load(models_dir=tmp_path)).reason


@pytest.mark.parametrize("kind", get_args(Kind))
def test_any_kind_of_checkpoint_lets_the_model_speak(tmp_path: Path, kind: Kind) -> None:
    write(tmp_path / "mine", "tiny", kind)
    settings = load(models_dir=tmp_path)
    choice = choose(settings)
    assert choice.description.name == "qwen3"
    assert choice.trouble(settings) == ""


def test_what_is_at_hand_is_named_and_what_is_not(tmp_path: Path) -> None:
    write(tmp_path / "mine", "tiny", "base")
    reason = choose(load(models_dir=tmp_path)).reason
    assert reason == "At hand: mine; none of the kind custom_voice or voice_design."
