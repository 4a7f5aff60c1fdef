"""A tiny forced aligner of random weights, in the form that the package qwen-asr loads."""

import json
from pathlib import Path
from typing import Any

import torch

from worker.engine.aligner import parts
from worker.engine.random_checkpoint import vocabulary
from worker.engine.random_checkpoint.geometry import GEOMETRIES

TIMESTAMP = "<timestamp>"
_AUDIO = {
    "audio_token": "<|audio_pad|>",
    "audio_bos_token": "<|audio_start|>",
    "audio_eos_token": "<|audio_end|>",
}
_HEARING = {
    "feature_extractor_type": "WhisperFeatureExtractor",
    "processor_class": "Qwen3ASRProcessor",
    "feature_size": 128,
    "sampling_rate": 16_000,
    "hop_length": 160,
    "chunk_length": 30,
    "n_fft": 400,
    "padding_side": "right",
    "padding_value": 0.0,
    "return_attention_mask": True,
}


def write(folder: Path) -> Path:
    """Make the model's folder; the times that it tells are of chance."""
    folder.mkdir(parents=True)
    geometry = GEOMETRIES["tiny"]
    vocabulary.write(folder, geometry)
    ids = {
        token: geometry.first_special + at
        for at, token in enumerate((*vocabulary.SPECIAL, TIMESTAMP))
    }
    _add_tokens(folder / "tokenizer_config.json", ids[TIMESTAMP])
    (folder / "preprocessor_config.json").write_text(json.dumps(_HEARING))
    _model(ids).save_pretrained(folder)
    _name_aligner(folder / "config.json")
    return folder


def _add_tokens(path: Path, timestamp: int) -> None:
    config = json.loads(path.read_text())
    like = next(iter(config["added_tokens_decoder"].values()))
    config["added_tokens_decoder"][str(timestamp)] = {**like, "content": TIMESTAMP}
    config["extra_special_tokens"] = _AUDIO
    path.write_text(json.dumps(config))


def _model(ids: dict[str, int]) -> Any:
    family = parts().model
    attention = {"rope_type": "default", "mrope_section": [4, 2, 2], "mrope_interleaved": True}
    thinker = {
        "model_type": "qwen3_forced_aligner",
        "classify_num": 5_000,
        "audio_token_id": ids[_AUDIO["audio_token"]],
        "audio_start_token_id": ids[_AUDIO["audio_bos_token"]],
        "audio_config": {
            "d_model": 32,
            "encoder_layers": 1,
            "encoder_attention_heads": 2,
            "encoder_ffn_dim": 64,
            "output_dim": 32,
            "n_window": 50,
            "n_window_infer": 800,
            "downsample_hidden_size": 8,
        },
        "text_config": {
            "vocab_size": max(ids.values()) + 1,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "num_key_value_heads": 1,
            "head_dim": 16,
            "rope_scaling": {**attention, "interleaved": True},
        },
    }
    torch.manual_seed(0)
    config = family.config_class(
        thinker_config=thinker,
        timestamp_token_id=ids[TIMESTAMP],
        timestamp_segment_time=80,
    )
    return family(config)


def _name_aligner(path: Path) -> None:
    """transformers writes the name of the class; the released file has that of the model."""
    config = json.loads(path.read_text())
    config["thinker_config"]["model_type"] = "qwen3_forced_aligner"
    path.write_text(json.dumps(config))
