"""Writes a random-weight checkpoint, file by file as the released ones have them."""

import json
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from shared.requests.declared import CheckpointKind
from worker.engine import package
from worker.engine.random_checkpoint import tensors, vocabulary
from worker.engine.random_checkpoint.geometry import (
    CODEBOOKS,
    CODEC_IDS,
    CODES,
    GEOMETRIES,
    SAMPLE_RATE,
    Geometry,
    Size,
    SizeLabel,
    config,
)

LOUDNESS = 0.1
"""Root mean square of the sound that random codes make."""
GENERATION = {
    "do_sample": True,
    "repetition_penalty": 1.05,
    "temperature": 0.9,
    "top_p": 1.0,
    "top_k": 50,
    "subtalker_dosample": True,
    "subtalker_temperature": 0.9,
    "subtalker_top_p": 1.0,
    "subtalker_top_k": 50,
    "max_new_tokens": 8192,
}
PREPROCESSOR = {
    "padding_side": "left",
    "padding_value": 0.0,
    "processor_class": "Qwen3TTSProcessor",
    "return_attention_mask": True,
}


def write(
    folder: Path,
    size: Size,
    kind: CheckpointKind,
    seed: int = 0,
    *,
    ends: bool = True,
    label: SizeLabel | None = None,
) -> Path:
    """Write a checkpoint into `folder`, which is made; equal arguments make equal weights.

    `ends` tells whether its speech ever ends; `label` is the size that its config claims, by
    default that of `size` (tiny ones claim 1b7, which honours `instruct`).
    """
    geometry = GEOMETRIES[size]
    folder.mkdir(parents=True, exist_ok=True)
    settings = config(geometry, kind, label or geometry.label)
    _write_json(folder / "config.json", settings)
    _write_json(folder / "generation_config.json", GENERATION)
    _write_json(folder / "preprocessor_config.json", PREPROCESSOR)
    vocabulary.write(folder, geometry)
    _write_language_model(folder, settings, geometry, seed, geometry.end_gain if ends else 0.0)
    _write_codec(folder / "speech_tokenizer", geometry, seed)
    return folder


def _write_json(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")


def _write_language_model(
    folder: Path, settings: dict[str, object], geometry: Geometry, seed: int, end_gain: float
) -> None:
    generator = torch.Generator().manual_seed(seed)

    def draw(name: str, shape: Tensor) -> Tensor:
        if shape.ndim == 1:
            return torch.zeros(shape.shape) if name.endswith("bias") else torch.ones(shape.shape)
        values = torch.empty(shape.shape, dtype=torch.bfloat16)
        values.normal_(0.0, _spread(name, shape, geometry), generator=generator)
        if name == "talker.codec_head.weight":
            values[CODEC_IDS["codec_eos_token_id"]] *= end_gain
        return values

    with torch.device("meta"):
        model = package.models.Qwen3TTSForConditionalGeneration(
            package.models.Qwen3TTSConfig(**settings)
        )
    tensors.stream(folder / "model.safetensors", model.state_dict().items(), draw)


def _spread(name: str, shape: Tensor, geometry: Geometry) -> float:
    """The speaker encoder has no norms: a wider draw grows layer by layer beyond every format."""
    if name.startswith("speaker_encoder."):
        return (shape.shape[0] / shape.numel()) ** 0.5
    return geometry.spread


def _write_codec(folder: Path, geometry: Geometry, seed: int) -> None:
    settings = package.codec.Qwen3TTSTokenizerV2Config(
        encoder_config=geometry.codec_encoder,
        decoder_config={
            **geometry.codec_decoder,
            "codebook_size": CODES,
            "num_quantizers": CODEBOOKS,
            "sliding_window": 72,
            "upsample_rates": [8, 5, 4, 3],
            "upsampling_ratios": [2, 2],
        },
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        codec = package.codec.Qwen3TTSTokenizerV2Model(settings)
        _fill_codebooks(codec)
        _make_audible(codec.decoder)
    codec.save_pretrained(folder)
    _write_json(folder / "configuration.json", {"framework": "pytorch", "task": "text-to-speech"})
    _write_json(
        folder / "preprocessor_config.json",
        {
            "feature_extractor_type": "EncodecFeatureExtractor",
            "feature_size": 1,
            "sampling_rate": SAMPLE_RATE,
            "padding_side": "right",
            "padding_value": 0.0,
            "return_attention_mask": True,
            "chunk_length_s": None,
            "overlap": None,
        },
    )


@torch.no_grad()
def _fill_codebooks(codec: torch.nn.Module) -> None:
    """Codebooks are built as zeros, with which all codes would sound alike."""
    for name, values in codec.state_dict().items():
        if name.endswith(("embedding_sum", "embed_sum")):
            values.normal_()


@torch.no_grad()
def _make_audible(decoder: Any) -> None:
    """As built, every layer makes the signal fainter, until nothing is left of it."""
    for name, values in decoder.named_parameters():
        if values.ndim > 1 and "codebook" not in name:
            values.normal_(0.0, (values.shape[0] / values.numel()) ** 0.5)
    last = decoder.decoder[-1].conv
    last.weight *= 1e-3  # far from the limits of the samples, at which the decoder clips
    last.bias.zero_()
    sound = decoder(torch.randint(CODES, (1, CODEBOOKS, 25)))
    last.weight *= LOUDNESS / sound.square().mean().sqrt()
