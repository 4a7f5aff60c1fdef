"""Random-weight checkpoints look like the released ones and speak."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from transformers import Qwen2TokenizerFast

from shared.checkpoints.catalogue import find
from shared.checkpoints.folder import examine
from tests.worker.engine.conftest import Loaded, Tiny
from tests.worker.engine.speech import FRAME, sound
from worker.engine import package
from worker.engine.random_checkpoint.geometry import GEOMETRIES, Size, config

RELEASED_FILES = {
    "config.json",
    "generation_config.json",
    "merges.txt",
    "model.safetensors",
    "preprocessor_config.json",
    "speech_tokenizer/config.json",
    "speech_tokenizer/configuration.json",
    "speech_tokenizer/model.safetensors",
    "speech_tokenizer/preprocessor_config.json",
    "tokenizer_config.json",
    "vocab.json",
}
SAMPLING = {"do_sample", "temperature", "top_k", "top_p"}
SUBTALKER = {f"subtalker_{name}" for name in ("dosample", "temperature", "top_k", "top_p")}


def document(folder: Path, name: str) -> dict[str, Any]:
    return json.loads((folder / name).read_bytes())


def test_it_has_the_files_of_a_released_checkpoint(tiny: Tiny):
    folder = tiny()
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert files == RELEASED_FILES


def test_the_catalogue_finds_it_complete(tiny: Tiny):
    assert examine(tiny()).state == "present"


@pytest.mark.parametrize("kind", ["custom_voice", "voice_design", "base"])
def test_its_config_names_its_kind_and_keeps_two_keys_of_the_speaker_encoder(tiny: Tiny, kind: str):
    settings = document(tiny(kind), "config.json")
    assert settings["tts_model_type"] == kind
    assert set(settings["speaker_encoder_config"]) == {"enc_dim", "sample_rate"}


def test_only_custom_voice_has_speakers(tiny: Tiny):
    speakers = {
        kind: document(tiny(kind), "config.json")["talker_config"]["spk_id"]
        for kind in ("custom_voice", "voice_design", "base")
    }
    assert speakers["custom_voice"]["ryan"] == 3061
    assert speakers["voice_design"] == speakers["base"] == {}


def test_its_generation_config_has_the_ten_released_settings(tiny: Tiny):
    settings = document(tiny(), "generation_config.json")
    assert set(settings) == SAMPLING | SUBTALKER | {"repetition_penalty", "max_new_tokens"}


def test_the_words_of_the_prompt_are_one_token_each(tiny: Tiny):
    tokenizer = Qwen2TokenizerFast.from_pretrained(tiny(), fix_mistral_regex=False)
    prompt = "<|im_start|>assistant\nhi<|im_end|>\n<|im_start|>assistant\n<|im_start|>user"
    assert len(tokenizer(prompt)["input_ids"]) == 3 + 2 + 5 + 2


def test_the_ids_in_its_config_are_those_of_its_tokenizer(tiny: Tiny):
    tokenizer = Qwen2TokenizerFast.from_pretrained(tiny(), fix_mistral_regex=False)
    settings = document(tiny(), "config.json")
    named = {
        "assistant": "assistant_token_id",
        "<|im_start|>": "im_start_token_id",
        "<|im_end|>": "im_end_token_id",
        "<tts_pad>": "tts_pad_token_id",
        "<tts_text_bos>": "tts_bos_token_id",
        "<tts_text_eod>": "tts_eos_token_id",
    }
    for token, key in named.items():
        assert tokenizer.convert_tokens_to_ids(token) == settings[key]


def test_full_sizes_have_the_released_token_ids():
    settings = config(GEOMETRIES["0.6B"], "custom_voice", "0b6")
    assert settings["assistant_token_id"] == 77_091
    assert settings["im_start_token_id"] == 151_644
    assert settings["tts_eos_token_id"] == 151_673


@pytest.mark.parametrize(("size", "millions"), [("0.6B", 905.8), ("1.7B", 1916.7)])
def test_full_sizes_have_the_released_number_of_parameters(size: Size, millions: float):
    geometry = GEOMETRIES[size]
    settings = package.models.Qwen3TTSConfig(**config(geometry, "custom_voice", geometry.label))
    with torch.device("meta"):
        model = package.models.Qwen3TTSForConditionalGeneration(settings)
    assert sum(p.numel() for p in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.1)


def test_the_released_weights_of_0_6b_are_as_long_as_its_tensors():
    geometry = GEOMETRIES["0.6B"]
    settings = package.models.Qwen3TTSConfig(**config(geometry, "custom_voice", geometry.label))
    with torch.device("meta"):
        model = package.models.Qwen3TTSForConditionalGeneration(settings)
    pin = find("0.6B-CustomVoice").pin("model.safetensors")
    assert pin
    assert pin.nbytes
    header = pin.nbytes - 2 * sum(p.numel() for p in model.parameters())
    assert 0 < header < 100_000


def test_equal_seeds_make_equal_weights_and_others_do_not(tiny: Tiny, tmp_path: Path):
    from worker.engine.random_checkpoint import write

    again = write(tmp_path, "tiny", "custom_voice")
    weights = [(folder / "model.safetensors").read_bytes() for folder in (tiny(), again)]
    assert weights[0] == weights[1] != (tiny(seed=1) / "model.safetensors").read_bytes()


def test_it_is_stored_as_the_released_ones_are(tiny: Tiny):
    formats = {tensor.dtype for tensor in load_file(tiny() / "model.safetensors").values()}
    codec = load_file(tiny() / "speech_tokenizer" / "model.safetensors")
    assert formats == {torch.bfloat16}
    assert codec["decoder.quantizer.rvq_first.vq.layers.0._codebook.embedding_sum"].std() > 0.5


def test_it_takes_a_few_megabytes(tiny: Tiny):
    assert sum(path.stat().st_size for path in tiny().rglob("*") if path.is_file()) < 20e6


def test_its_speech_ends_after_a_spread_of_lengths_and_can_be_heard(loaded: Loaded):
    sounds = [sound(loaded(), seed=seed, max_seconds=8) for seed in range(8)]
    assert len({len(audio) // FRAME for audio in sounds}) > 3
    assert all(0.02 < np.sqrt(np.mean(audio**2)) < 0.3 for audio in sounds)
