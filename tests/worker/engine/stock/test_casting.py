"""Parts in different formats work together."""

from typing import Any

import numpy as np
import pytest
import torch

from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.speech import sound
from worker.engine import manifest
from worker.engine.precision import choose
from worker.engine.stock import loading

CPU = torch.device("cpu")


def tts(tiny: Tiny, setting: Any, kind: str = "custom_voice", label: str = "1b7") -> Any:
    found = manifest.read("tiny", tiny(kind))
    return loading.load(found, CPU, choose(setting, None, label), None, lambda _: None)


@pytest.mark.parametrize("precision", ["fp16", "bf16"])
def test_every_policy_makes_finite_sound(loaded: Loaded, precision: str):
    audio = sound(loaded(precision=precision))
    assert np.isfinite(audio).all()
    assert audio.std() > 0.01


def test_fp16_keeps_the_code_predictor_in_fp32(tiny: Tiny):
    talker = tts(tiny, "fp16").model.talker
    assert {p.dtype for p in talker.model.parameters()} == {torch.float16}
    assert {p.dtype for p in talker.code_predictor.parameters()} == {torch.float32}


def test_the_code_predictor_is_not_rounded_on_its_way_to_fp32(tiny: Tiny):
    heads = [tts(tiny, setting).model.talker.code_predictor.lm_head for setting in ("fp16", "fp32")]
    assert torch.equal(heads[0][0].weight, heads[1][0].weight)


@pytest.mark.parametrize("setting", ["fp32", "bf16", "fp16"])
def test_codec_speaker_encoder_and_positions_are_always_fp32(tiny: Tiny, setting: str):
    model = tts(tiny, setting, "base").model
    codec = model.speech_tokenizer.model
    rotary = [value for name, value in model.named_buffers() if "inv_freq" in name]
    parts = [*codec.parameters(), *model.speaker_encoder.parameters(), *rotary]
    assert rotary
    assert {part.dtype for part in parts} == {torch.float32}


@pytest.mark.parametrize("setting", ["fp32", "bf16", "fp16"])
def test_a_voice_is_taken_from_sound_under_every_policy(tiny: Tiny, setting: str):
    tone = np.sin(np.arange(24_000) / 20).astype(np.float32)
    embedding = tts(tiny, setting, "base").model.extract_speaker_embedding(tone, 24_000)
    assert torch.isfinite(embedding).all()
