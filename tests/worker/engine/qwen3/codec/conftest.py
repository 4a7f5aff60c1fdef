"""The codec of a tiny checkpoint, loud in every layer, as the package has it and as we do."""

import json
from collections.abc import Callable, Generator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from worker.engine import package
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.weights import Weights

FADED = ("layer_scale.scale", "gamma")
"""Weights with which an untrained layer adds next to nothing to its input."""


@dataclass(frozen=True)
class Codec:
    """One codec on disk."""

    folder: Path

    @property
    def config(self) -> dict[str, Any]:
        return json.loads((self.folder / "config.json").read_text())

    @property
    def path(self) -> Path:
        return self.folder / "model.safetensors"

    def oracle(self, dtype: torch.dtype) -> Any:
        """The package's decoder."""
        model = package.codec.Qwen3TTSTokenizerV2Model.from_pretrained(
            self.folder, dtype=torch.float32
        )
        decoder = model.decoder.to(dtype).eval()
        if dtype is torch.float64:
            _make_exact(decoder)
        return decoder

    def decoder(self, dtype: torch.dtype, *, packed: bool | None = None) -> Decoder:
        with Weights(self.path, "tiny") as weights:
            return Decoder.read(weights, self.config, "cpu", dtype, packed=packed)


def _make_exact(decoder: Any) -> None:
    """In fp64 the package still norms and turns in fp32: 1e-12 needs both in fp64."""
    transformer = decoder.pre_transformer
    for layer in transformer.layers:
        layer.input_layernorm = _norm(layer.input_layernorm)
        layer.post_attention_layernorm = _norm(layer.post_attention_layernorm)
    transformer.norm = _norm(transformer.norm)
    config = decoder.config
    transformer.rotary_emb = Rotary(config.rope_theta, config.head_dim)


def _norm(norm: Any) -> torch.nn.RMSNorm:
    exact = torch.nn.RMSNorm(norm.weight.shape[0], norm.variance_epsilon, dtype=torch.float64)
    exact.weight = norm.weight
    return exact


class Rotary(torch.nn.Module):
    """The package's rotary embedding, in fp64."""

    def __init__(self, theta: float, head_dim: int) -> None:
        super().__init__()
        self.frequencies = theta ** -(torch.arange(0, head_dim, 2).double() / head_dim)

    def forward(self, _: Tensor, positions: Tensor) -> tuple[Tensor, Tensor]:
        angles = positions[..., None].double() * self.frequencies
        angles = torch.cat([angles, angles], -1)
        return angles.cos(), angles.sin()


@pytest.fixture(autouse=True)
def one_thread() -> Generator[None]:
    """Tiny layers gain nothing from threads, which on a busy machine wait for each other."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def codec(tiny: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Codec:
    """A codec whose attention and feed-forward layers all can be heard."""
    folder = tmp_path_factory.mktemp("codec")
    source = tiny() / "speech_tokenizer"
    for name in ("config.json", "preprocessor_config.json"):
        (folder / name).write_text((source / name).read_text())
    tensors = load_file(source / "model.safetensors")
    for name, tensor in tensors.items():
        if name.startswith("decoder.") and name.endswith(FADED):
            tensor.fill_(0.5)
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    return Codec(folder)


Made = Callable[..., Decoder]


@pytest.fixture(scope="session")
def decoder(codec: Codec) -> Made:
    """Our decoder in the given format."""
    return cache(codec.decoder)


@pytest.fixture(scope="session")
def oracle(codec: Codec) -> Callable[[torch.dtype], Any]:
    """The package's decoder in the given format."""
    return cache(codec.oracle)
