"""A checkpoint that is not whole is refused in one sentence that names file and field."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from shared.errors import CheckpointDamaged
from tests.worker.engine.conftest import Tiny
from worker.engine import manifest
from worker.engine.qwen3.language_model import Formats
from worker.engine.qwen3.loading import Folder

CPU = torch.device("cpu")
STACK = (
    "hidden_size",
    "intermediate_size",
    "num_attention_heads",
    "num_hidden_layers",
    "num_key_value_heads",
)
TALKER = (
    *STACK,
    "code_predictor_config",
    "codec_bos_id",
    "codec_eos_token_id",
    "codec_language_id",
    "codec_nothink_id",
    "codec_pad_id",
    "codec_think_bos_id",
    "codec_think_eos_id",
    "codec_think_id",
    "num_code_groups",
    "spk_id",
    "spk_is_dialect",
    "text_hidden_size",
    "text_vocab_size",
    "vocab_size",
)
FIELDS = (
    "talker_config",
    "tts_bos_token_id",
    "tts_eos_token_id",
    "tts_pad_token_id",
    *(f"talker_config.{name}" for name in TALKER),
    *(f"talker_config.code_predictor_config.{name}" for name in (*STACK, "vocab_size")),
)
CODEC_FIELDS = (
    "decoder_config",
    *(
        f"decoder_config.{name}"
        for name in (
            "codebook_size",
            "hidden_size",
            "num_attention_heads",
            "num_hidden_layers",
            "num_quantizers",
            "sliding_window",
            "upsample_rates",
            "upsampling_ratios",
        )
    ),
)
LISTENING_FIELDS = ("encoder_config", "encoder_valid_num_quantizers", "encode_downsample_rate")
GONE = object()


def folder(path: Path, config: dict[str, Any] | None = None) -> Folder:
    """The folder of a checkpoint, as if its config.json were another."""
    found = manifest.read("tiny", path)
    return Folder(found if config is None else replace(found, config=config), CPU)


def changed(path: Path, field: str, value: object = GONE) -> dict[str, Any]:
    """A config.json with another value of a field, or none."""
    config: dict[str, Any] = json.loads(path.read_text())
    *parts, name = field.split(".")
    place = config
    for part in parts:
        place = place[part]
    place.pop(name)
    if value is not GONE:
        place[name] = value
    return config


def rewrite(path: Path, change: Callable[[dict[str, torch.Tensor]], None]) -> None:
    tensors = load_file(path)
    change(tensors)
    save_file(tensors, path, {"format": "pt"})


def lacks(file: str, field: str) -> str:
    return f"^Checkpoint 'tiny': '{file}' lacks a valid '{field}'.$".replace(".", r"\.")


def test_a_whole_config_is_read(tiny: Tiny):
    dimensions = folder(tiny()).dimensions()
    assert (dimensions.codebooks, dimensions.codes) == (16, 2048)
    assert dimensions.talker.queries_per_key == 2


@pytest.mark.parametrize("field", FIELDS)
def test_a_field_that_is_not_there_is_named(tiny: Tiny, field: str):
    config = changed(tiny() / "config.json", field)
    with pytest.raises(CheckpointDamaged, match=lacks("config.json", field)):
        folder(tiny(), config).dimensions()


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("talker_config", [1]),
        ("talker_config.hidden_size", "64"),
        ("talker_config.hidden_size", 64.0),
        ("talker_config.num_attention_heads", 0),
        ("talker_config.codec_pad_id", True),
        ("talker_config.codec_bos_id", -1),
        ("talker_config.head_dim", "16"),
        ("talker_config.rope_theta", "high"),
        ("talker_config.spk_id", {"ryan": "3061"}),
        ("tts_pad_token_id", None),
    ],
)
def test_a_field_of_another_type_is_named(tiny: Tiny, field: str, value: object):
    config = changed(tiny() / "config.json", field, value)
    with pytest.raises(CheckpointDamaged, match=lacks("config.json", field)):
        folder(tiny(), config).dimensions()


@pytest.mark.parametrize("field", ["talker_config.head_dim", "talker_config.rope_theta"])
def test_a_field_with_a_default_may_be_left_out(tiny: Tiny, field: str):
    config = changed(tiny() / "config.json", field)
    assert folder(tiny(), config).dimensions() == folder(tiny()).dimensions()


@pytest.mark.parametrize("field", CODEC_FIELDS)
def test_a_field_that_the_codec_lacks_is_named(spoilable: Path, field: str):
    path = spoilable / "speech_tokenizer" / "config.json"
    if field.endswith(".hidden_size"):
        # Where it is there, `head_dim` says what this one is read for.
        path.write_text(json.dumps(changed(path, "decoder_config.head_dim")))
    path.write_text(json.dumps(changed(path, field)))
    with pytest.raises(CheckpointDamaged, match=lacks("speech_tokenizer/config.json", field)):
        folder(spoilable).decoder()


@pytest.mark.parametrize("value", [480, [8, "5"], [8, 0]])
def test_rates_of_the_codec_are_whole_numbers(spoilable: Path, value: object):
    path, field = spoilable / "speech_tokenizer" / "config.json", "decoder_config.upsample_rates"
    path.write_text(json.dumps(changed(path, field, value)))
    with pytest.raises(CheckpointDamaged, match=lacks("speech_tokenizer/config.json", field)):
        folder(spoilable).decoder()


@pytest.mark.parametrize("field", LISTENING_FIELDS)
def test_a_field_that_listening_needs_is_named(spoilable: Path, field: str):
    path = spoilable / "speech_tokenizer" / "config.json"
    path.write_text(json.dumps(changed(path, field)))
    with pytest.raises(CheckpointDamaged, match=lacks("speech_tokenizer/config.json", field)):
        folder(spoilable).encoder()


@pytest.mark.parametrize("field", ["speaker_encoder_config", "speaker_encoder_config.enc_dim"])
def test_a_field_that_hearing_a_voice_needs_is_named(tiny: Tiny, field: str):
    path = tiny("base")
    config = changed(path / "config.json", field)
    with pytest.raises(CheckpointDamaged, match=lacks("config.json", field)):
        folder(path, config).speaker_encoder()


@pytest.mark.parametrize(
    "tensor",
    [
        "decoder.pre_conv.conv.weight",
        "decoder.pre_transformer.layers.0.self_attn.o_proj.weight",
        "decoder.pre_transformer.layers.1.mlp.gate_proj.weight",
        "decoder.pre_transformer.norm.weight",
        "decoder.quantizer.rvq_rest.vq.layers.0._codebook.embedding_sum",
        "decoder.quantizer.rvq_rest.vq.layers.0._codebook.cluster_usage",
        "decoder.upsample.0.0.conv.weight",
        "decoder.decoder.0.conv.weight",
    ],
)
def test_a_tensor_of_the_codec_that_is_cut_short_is_refused(spoilable: Path, tensor: str):
    path = spoilable / "speech_tokenizer" / "model.safetensors"

    def shorten(tensors: dict[str, torch.Tensor]) -> None:
        tensors[tensor] = tensors[tensor][:-1].clone()

    rewrite(path, shorten)
    with pytest.raises(CheckpointDamaged, match=r"^Checkpoint 'tiny': '.*model\.safetensors' "):
        folder(spoilable).decoder()


def test_a_codebook_cut_short_throughout_is_refused(spoilable: Path):
    """Its tensors fit each other; a code beyond its end would be read from somewhere else."""
    path = spoilable / "speech_tokenizer" / "model.safetensors"
    book = "decoder.quantizer.rvq_rest.vq.layers.14._codebook"

    def shorten(tensors: dict[str, torch.Tensor]) -> None:
        for name in (f"{book}.embedding_sum", f"{book}.cluster_usage"):
            tensors[name] = tensors[name][:-1].clone()

    rewrite(path, shorten)
    with pytest.raises(CheckpointDamaged, match="cluster_usage"):
        folder(spoilable).decoder()


def test_a_codec_of_fewer_codebooks_is_refused(spoilable: Path):
    path = spoilable / "speech_tokenizer" / "config.json"
    path.write_text(json.dumps(changed(path, "decoder_config.num_quantizers", 8)))
    with pytest.raises(CheckpointDamaged, match=r"'speech_tokenizer/model\.safetensors' does not"):
        folder(spoilable).decoder()


def test_a_tensor_of_the_talker_that_is_cut_short_is_refused(spoilable: Path):
    tensor = "talker.model.layers.0.mlp.down_proj.weight"

    def shorten(tensors: dict[str, torch.Tensor]) -> None:
        tensors[tensor] = tensors[tensor][:-1].clone()

    rewrite(spoilable / "model.safetensors", shorten)
    found = folder(spoilable)
    with pytest.raises(CheckpointDamaged, match=r"'model\.safetensors'"):
        found.language_model(found.dimensions(), Formats("fp32", "fp32"), lambda _: None)
