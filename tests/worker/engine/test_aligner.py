"""Qwen3-ForcedAligner through its own package; with random weights only the way is tested, not
when words are heard. The package is optional: docs/timings.md."""

import json
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from shared.errors import CheckpointDamaged, EngineFailed, EngineUnavailable
from shared.settings import Settings
from worker.aligning.aligner import LazyAligner
from worker.engine.aligner import ForcedAligner

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("qwen_asr") is None, reason="qwen-asr is not installed"),
]

NOISE = np.random.default_rng(1).normal(0, 0.1, 24_000 * 4).astype(np.float32)


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tests.worker import forced

    folder = tmp_path_factory.mktemp("models")
    forced.write(folder / "aligner")
    return folder


@pytest.fixture(scope="module")
def aligner(models: Path) -> ForcedAligner:
    return ForcedAligner(models / "aligner", "cpu", 0)


@pytest.mark.parametrize(
    ("text", "language", "words"),
    [
        ("Dr. O'Neil’s 42 cats, <timestamp>.", "english", "Dr O'Neil’s 42 cats timestamp"),
        ("你好，ABC 42个。", "chinese", "你 好 ABC 42 个"),
        ("Über «sept» lunes.", "french", "Über sept lunes"),
        ("— …", "english", ""),
    ],
)
def test_each_word_has_a_place_and_a_time_within_the_sound(
    aligner: ForcedAligner, text: str, language: str, words: str
):
    times = aligner.align(NOISE, text, language)
    assert [text[it.first : it.after] for it in times] == words.split()
    assert all(0 <= it.start <= it.end <= 4 for it in times)


def test_in_a_moment_no_word_is_heard(aligner: ForcedAligner):
    assert aligner.align(NOISE[:100], "Yes.", "english") == []


@pytest.mark.skipif(find_spec("nagisa") is not None, reason="nagisa is installed")
def test_a_language_without_its_splitter_is_refused(aligner: ForcedAligner):
    with pytest.raises(EngineUnavailable, match="nagisa"):
        aligner.align(NOISE, "灯台の光。", "japanese")


def test_it_is_loaded_when_asked_and_can_be_put_away(models: Path):
    ours = LazyAligner(Settings(models_dir=models, aligner="aligner", device="cpu"))
    assert ours.ready
    first = ours.align(NOISE, "Hello there.", "english")
    ours.release()
    assert ours.align(NOISE, "Hello there.", "english") == first


def test_a_fault_of_its_package_is_an_error_that_tells_no_word(
    models: Path, caplog: pytest.LogCaptureFixture
):
    ours = LazyAligner(Settings(models_dir=models, aligner="aligner", device="cpu"))
    with pytest.raises(EngineFailed, match="met a fault"):
        ours.align(np.zeros((24_000, 3, 3), np.float32), "Zwetschge.", "english")
    assert "Zwetschge" not in caplog.text
    assert ours.align(NOISE, "Hello there.", "english")


def test_another_model_of_the_family_is_refused(models: Path, tmp_path: Path):
    folder = shutil.copytree(models / "aligner", tmp_path / "asr")
    config = json.loads((folder / "config.json").read_text())
    del config["timestamp_token_id"]
    (folder / "config.json").write_text(json.dumps(config))
    with pytest.raises(EngineUnavailable, match="no forced aligner"):
        ForcedAligner(folder, "cpu", 0)


def test_weights_that_are_missing_are_not_made_up(models: Path, tmp_path: Path):
    from safetensors.torch import load_file, save_file

    folder = shutil.copytree(models / "aligner", tmp_path / "spoilt")
    weights = load_file(folder / "model.safetensors")
    del weights["thinker.lm_head.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(CheckpointDamaged, match="lm_head"):
        ForcedAligner(folder, "cpu", 0)
