"""Ways to decode codes, for the tests."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.state import State


def drawn(rows: int, frames: int, seed: int = 0) -> Tensor:
    """Codes at random, [rows, 16, frames]."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randint(2048, (rows, 16, frames), generator=generator)


def whole(oracle: Any, codes: Tensor) -> Tensor:
    """What the package makes of the codes at once, [rows, samples]."""
    with torch.inference_mode():
        return oracle(codes)[:, 0]


def streamed(
    decoder: Decoder, codes: Tensor, plan: Sequence[int], state: State | None = None
) -> Tensor:
    """What our decoder makes of the codes chunk by chunk; the last chunk size repeats."""
    state = state or decoder.state(codes.shape[0])
    sizes = [*plan, *[plan[-1]] * codes.shape[-1]]
    sounds: list[Tensor] = []
    while codes.shape[-1]:
        size = sizes[len(sounds)]
        sounds.append(decoder.decode(codes[..., :size], state))
        codes = codes[..., size:]
    return torch.cat(sounds, 1)


def apart(one: Tensor, other: Tensor) -> float:
    """The largest difference between two sounds."""
    assert one.shape == other.shape
    return (one - other).abs().max().item()
