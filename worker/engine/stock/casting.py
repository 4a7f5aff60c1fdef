"""Formats laid over the parts of a loaded model, with a cast wherever two formats meet."""

from typing import Any

import torch

from worker.engine.precision import Format, Precision

DTYPES: dict[Format, torch.dtype] = {
    "fp32": torch.float32,
    "bf16": torch.bfloat16,
    "fp16": torch.float16,
}
PREDICTOR = "talker.code_predictor."
SPEAKER_ENCODER = "speaker_encoder."


def apply(model: Any, precision: Precision) -> None:
    """Bring each part of a Qwen3TTSForConditionalGeneration into its format.

    Parameters only: the rotary frequencies are buffers, and in fp16 they would blur positions.
    """
    for name, parameter in model.named_parameters():
        parameter.data = parameter.data.to(DTYPES[_format(name, precision)])
    _cast_embeddings(model.talker.model, DTYPES[precision.talker])
    _cast_embeddings(model.talker.code_predictor, DTYPES[precision.predictor])
    if model.speaker_encoder is not None:
        _cast_mel(model.speaker_encoder)


def _format(name: str, precision: Precision) -> Format:
    if name.startswith(PREDICTOR):
        return precision.predictor
    return "fp32" if name.startswith(SPEAKER_ENCODER) else precision.talker


def _cast_embeddings(part: torch.nn.Module, dtype: torch.dtype) -> None:
    def cast(_: torch.nn.Module, args: Any, named: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        embeddings = named.get("inputs_embeds")
        if embeddings is not None:
            named["inputs_embeds"] = embeddings.to(dtype)
        return args, named

    part.register_forward_pre_hook(cast, with_kwargs=True)


def _cast_mel(encoder: torch.nn.Module) -> None:
    """The package casts the mel spectrogram to the format of the talker."""

    def cast(_: torch.nn.Module, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        return tuple(mel.float() for mel in args)

    encoder.register_forward_pre_hook(cast)
