"""The speaker encoder hears what the package's hears."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from shared.errors import CheckpointDamaged, CheckpointUnfit, EngineFailed, InvalidRequest
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.speech import recording
from worker.engine import package
from worker.engine.qwen3.speaker import SpeakerEncoder
from worker.engine.qwen3.weights import Weights
from worker.engine.random_checkpoint import write

CPU = torch.device("cpu")


def encoder(folder: Path, **config: Any) -> SpeakerEncoder:
    settings = json.loads((folder / "config.json").read_bytes())
    with Weights(folder / "model.safetensors", "tiny") as weights:
        return SpeakerEncoder.read(weights, {**settings, **config}, CPU)


def spoil(folder: Path, tensors: dict[str, torch.Tensor | None]) -> None:
    path = folder / "model.safetensors"
    changed = {**load_file(path), **tensors}
    save_file(
        {name: tensor for name, tensor in changed.items() if tensor is not None},
        path,
        metadata={"format": "pt"},
    )


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """A tiny checkpoint that a test may spoil."""
    return write(tmp_path / "checkpoint", "tiny", "base")


@pytest.mark.parametrize("seconds", [3.0, 4.321, 11.0])
def test_an_embedding_equals_the_package(tiny: Tiny, seconds: float):
    tts = package.inference.Qwen3TTSModel.from_pretrained(str(tiny("base")), dtype=torch.float32)
    samples = recording(seconds)
    theirs = tts.model.extract_speaker_embedding(samples, 24_000)
    ours = encoder(tiny("base")).embed(samples)
    assert torch.equal(ours, theirs)
    assert theirs.std() > 0.01


def test_an_embedding_is_fp32_of_a_checkpoint_in_bf16(tiny: Tiny):
    with Weights(tiny("base") / "model.safetensors", "tiny") as weights:
        assert weights.tensor("speaker_encoder.fc.weight").dtype == torch.bfloat16
    assert encoder(tiny("base")).embed(recording()).dtype == torch.float32


def test_voices_differ(tiny: Tiny):
    listening = encoder(tiny("base"))
    assert not torch.allclose(
        listening.embed(recording(seed=0)), listening.embed(recording(seed=1)), rtol=1e-2
    )


def test_it_knows_its_width_and_its_weight(tiny: Tiny):
    listening = encoder(tiny("base"))
    assert listening.embed(recording()).shape == (listening.width,) == (64,)
    with Weights(tiny("base") / "model.safetensors", "tiny") as weights:
        names = weights.names("speaker_encoder.")
        assert listening.nbytes == sum(4 * weights.tensor(name).numel() for name in names)


def test_samples_beyond_full_scale_are_heard_without_a_word(
    tiny: Tiny, capsys: pytest.CaptureFixture[str]
):
    encoder(tiny("base")).embed(np.float32(8) * recording())
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("seconds", [1.0, 61.0])
def test_what_is_no_reference_is_not_heard(tiny: Tiny, seconds: float):
    with pytest.raises(InvalidRequest):
        encoder(tiny("base")).embed(recording(seconds))


@pytest.mark.parametrize("kind", ["custom_voice", "voice_design"])
def test_other_checkpoints_have_none(tiny: Tiny, kind: Any):
    with pytest.raises(CheckpointUnfit, match=kind):
        encoder(tiny(kind))


def test_a_missing_tensor_is_named(base: Path):
    spoil(base, {"speaker_encoder.fc.bias": None})
    with pytest.raises(CheckpointDamaged, match=r"speaker_encoder\.fc\.bias"):
        encoder(base)


def test_a_width_that_its_config_does_not_say_is_damage(base: Path):
    with pytest.raises(CheckpointDamaged, match=r"speaker_encoder\.fc\.weight"):
        encoder(base, speaker_encoder_config={"enc_dim": 1024, "sample_rate": 24_000})


def test_an_embedding_that_is_not_finite_is_an_error(base: Path):
    spoil(base, {"speaker_encoder.fc.bias": torch.full((64,), torch.inf, dtype=torch.bfloat16)})
    with pytest.raises(EngineFailed, match="not finite"):
        encoder(base).embed(recording())
