"""One transformer of Qwen3-TTS, talker or code predictor, over static keys and values.

Rows are utterances. There is no padding among keys: each row has its own length, and what lies
beyond it is masked. The heads that share a key are query rows of one product, so that keys are
never repeated.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from worker.engine.qwen3.dimensions import StackShape
from worker.engine.qwen3.linear import COMPUTE, Format, Linear, pack
from worker.engine.qwen3.weights import Weights

Place = tuple[Tensor | slice, slice, Tensor | slice | int]
"""Index (row, head, position) of the keys and values that a step writes."""


@dataclass(frozen=True)
class Numbers:
    """The formats of one stack."""

    form: Format
    residual: torch.dtype
    """What the sum that runs through the layers is kept in."""
    shift: int = 0
    """`up_proj` is scaled by 2^-shift and its product scaled back as it joins the residual."""

    alone: bool = False
    """Whether several rows at once are multiplied in fp32."""

    @property
    def overflows_late(self) -> bool:
        return self.compute in (torch.float32, torch.float64)

    @property
    def compute(self) -> torch.dtype:
        return COMPUTE[self.form]

    @property
    def exact(self) -> torch.dtype:
        """What norms, rotations and draws are computed in."""
        return torch.float64 if self.compute == torch.float64 else torch.float32


def numbers(form: Format, device: torch.device, *, alone: bool = False) -> Numbers:
    """The residual in fp32 unless the card adds bf16 as fast as the model was trained to.

    fp16 keeps its intermediate below 1/16 of what overflows: the code predictor of the 0.6B
    checkpoints reaches twice the largest fp16 (ggml-org/llama.cpp#28231).
    """
    if form == "fp64":
        return Numbers(form, torch.float64)
    if form == "bf16" and device.type == "cuda":
        return Numbers(form, torch.bfloat16)
    fp16 = form == "fp16"
    return Numbers(form, torch.float32, shift=4 if fp16 else 0, alone=alone and fp16)


@dataclass(frozen=True)
class _Layer:
    before_attention: Tensor
    before_feed_forward: Tensor
    head_norms: Tensor
    """[heads + key_value_heads, head_dim], for queries and keys together."""
    queries_keys_values: Linear
    out: Linear
    gate_up: Linear
    down: Linear

    @property
    def linears(self) -> tuple[Linear, ...]:
        return self.queries_keys_values, self.out, self.gate_up, self.down


class Stack:
    """The layers and the last norm of one transformer."""

    def __init__(
        self, shape: StackShape, layers: list[_Layer], norm: Tensor, formats: Numbers
    ) -> None:
        self.shape = shape
        self.numbers = formats
        self.device = norm.device
        self._layers = layers
        self._norm = norm
        self.unfuse()

    @staticmethod
    def read(
        weights: Weights,
        prefix: str,
        shape: StackShape,
        formats: Numbers,
        device: torch.device,
    ) -> "Stack":
        """The stack whose tensors begin with `prefix`. Raises CheckpointDamaged."""
        reader = _Reader(weights, prefix, shape, formats, device)
        layers = [reader.layer(index) for index in range(shape.layers)]
        return Stack(shape, layers, reader.norm("norm", shape.hidden), formats)

    @property
    def nbytes(self) -> int:
        return sum(linear.nbytes for layer in self._layers for linear in layer.linears)

    def fuse(self, backend: str | Callable[..., Any]) -> None:
        """Let torch.compile fuse what lies between two products; a shape is compiled when met."""
        self._before = torch.compile(self._project, backend=backend, dynamic=False)
        self._after = torch.compile(self._joined, backend=backend, dynamic=False)

    def unfuse(self) -> None:
        """Launch every operation by itself."""
        self._before, self._after = self._project, self._joined

    def cache(self, rows: int, capacity: int) -> Tensor:
        """Room for keys and values: [layers, 2, rows, key_value_heads, capacity, head_dim]."""
        shape = self.shape
        kept = self.numbers.exact if self.device.type == "cpu" else self.numbers.compute
        return torch.zeros(
            (shape.layers, 2, rows, shape.key_value_heads, capacity, shape.head_dim),
            dtype=kept,
            device=self.device,
        )

    def step(
        self,
        x: Tensor,
        turns: Tensor,
        cache: Tensor,
        place: Place,
        length: int,
        mask: Tensor | None,
    ) -> Tensor:
        """One position of each row: `x` [rows, hidden] to the normed output, in its exact type.

        `turns` are the rotations of the rows' positions, `length` how many keys are read, `mask`
        what of them counts (added to the scores), [rows, 1, 1, length].
        """
        shape = self.shape
        for layer, (keys, values) in zip(self._layers, cache, strict=True):
            queries, key, value = self._before(layer, x, turns)
            keys[place] = key
            values[place] = value.to(values.dtype)
            heard = _attend(
                queries.view(-1, shape.key_value_heads, shape.queries_per_key, shape.head_dim),
                keys[:, :, :length],
                values[:, :, :length],
                mask,
            )
            x = self._after(layer, x, heard.reshape(x.shape[0], -1))
        return self._normed(x, self._norm)

    def prefill(self, x: Tensor, turns: Tensor, cache: Tensor, rows: Tensor | slice) -> Tensor:
        """Several positions of some rows from their first on: `x` [n, positions, hidden].

        Attention is causal, so positions appended to fill a shape change nothing before them.
        """
        shape, positions = self.shape, x.shape[1]
        for layer, (keys, values) in zip(self._layers, cache, strict=True):
            queries, key, value = self._before(layer, x, turns)
            key, value = key.transpose(1, 2), value.to(values.dtype).transpose(1, 2)
            keys[rows, :, :positions] = key
            values[rows, :, :positions] = value
            heard = F.scaled_dot_product_attention(
                queries.transpose(1, 2), key, value, is_causal=True, enable_gqa=True
            )
            heard = heard.transpose(1, 2).reshape(*x.shape[:2], shape.heads * shape.head_dim)
            x = self._after(layer, x, heard)
        return self._normed(x, self._norm)

    def _project(self, layer: _Layer, x: Tensor, turns: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Queries, keys and values [..., heads, head_dim]; the first two normed and rotated."""
        shape = self.shape
        joint = layer.queries_keys_values(self._narrow(self._normed(x, layer.before_attention)))
        joint = joint.view(*x.shape[:-1], -1, shape.head_dim)
        turned, value = joint.split(
            [shape.heads + shape.key_value_heads, shape.key_value_heads], -2
        )
        turned = F.rms_norm(turned.to(self.numbers.exact), (shape.head_dim,), None, shape.eps)
        turned = rotated(turned * layer.head_norms, turns)
        if self.device.type != "cpu":
            turned = turned.to(self.numbers.compute)
        queries, key = turned.split([shape.heads, shape.key_value_heads], -2)
        return queries, key, value

    def _joined(self, layer: _Layer, x: Tensor, heard: Tensor) -> Tensor:
        """What was attended to, and what the feed-forward makes of it, added to the residual."""
        x = layer.out.added(x, self._narrow(heard))
        gate, up = layer.gate_up(self._narrow(self._normed(x, layer.before_feed_forward))).chunk(
            2, -1
        )
        return layer.down.added(x, F.silu(gate).mul_(up), 2.0**self.numbers.shift)

    def _normed(self, x: Tensor, weight: Tensor) -> Tensor:
        return F.rms_norm(x, weight.shape, weight, self.shape.eps)

    def _narrow(self, x: Tensor) -> Tensor:
        return x.to(self.numbers.compute)


class _Reader:
    """Repacks the tensors of one stack."""

    def __init__(
        self,
        weights: Weights,
        prefix: str,
        shape: StackShape,
        formats: Numbers,
        device: torch.device,
    ) -> None:
        self._weights = weights
        self._prefix = prefix
        self._shape = shape
        self._numbers = formats
        self._device = device

    def norm(self, name: str, size: int, dtype: torch.dtype | None = None) -> Tensor:
        return self._weights.tensor(
            f"{self._prefix}{name}.weight", dtype or self._numbers.residual, self._device, (size,)
        )

    def layer(self, index: int) -> _Layer:
        shape, at = self._shape, f"layers.{index}."
        query, key = shape.heads * shape.head_dim, shape.key_value_heads * shape.head_dim
        norms = [
            self.norm(f"{at}self_attn.{name}_norm", shape.head_dim, self._numbers.exact)
            for name in ("q", "k")
        ]
        heads = (shape.heads, shape.key_value_heads)
        return _Layer(
            before_attention=self.norm(f"{at}input_layernorm", shape.hidden),
            before_feed_forward=self.norm(f"{at}post_attention_layernorm", shape.hidden),
            head_norms=torch.cat(
                [
                    _paired(norm[:, None], 1).view(1, -1).expand(count, -1)
                    for norm, count in zip(norms, heads, strict=True)
                ]
            ).contiguous(),
            queries_keys_values=self._pack(
                _paired(self._matrix(f"{at}self_attn.q_proj", query, shape.hidden), shape.heads),
                _paired(
                    self._matrix(f"{at}self_attn.k_proj", key, shape.hidden),
                    shape.key_value_heads,
                ),
                self._matrix(f"{at}self_attn.v_proj", key, shape.hidden),
            ),
            out=self._pack(self._matrix(f"{at}self_attn.o_proj", shape.hidden, query)),
            gate_up=self._pack(
                self._matrix(f"{at}mlp.gate_proj", shape.feed_forward, shape.hidden),
                self._matrix(f"{at}mlp.up_proj", shape.feed_forward, shape.hidden)
                * 2.0**-self._numbers.shift,
            ),
            down=self._pack(self._matrix(f"{at}mlp.down_proj", shape.hidden, shape.feed_forward)),
        )

    def _matrix(self, name: str, out: int, into: int) -> Tensor:
        return self._weights.tensor(
            f"{self._prefix}{name}.weight", device=self._device, shape=(out, into)
        )

    def _pack(self, *parts: Tensor) -> Linear:
        return pack(torch.cat(parts), self._numbers.form, alone=self._numbers.alone)


def rotated(heads: Tensor, turns: Tensor) -> Tensor:
    """`heads` [..., n, head_dim], pairs side by side, turned by `turns` [..., 1, head_dim / 2]."""
    pairs = heads.unflatten(-1, (-1, 2))
    if torch.compiler.is_compiling():
        # The compiler fuses real numbers alone; otherwise one complex product is the least work.
        (real, imaginary), (cosine, sine) = pairs.unbind(-1), torch.view_as_real(turns).unbind(-1)
        turned = (real * cosine - imaginary * sine, real * sine + imaginary * cosine)
        return torch.stack(turned, -1).flatten(-2)
    return torch.view_as_real(torch.view_as_complex(pairs) * turns).flatten(-2)


def rotations(shape: StackShape, positions: int, formats: Numbers, device: torch.device) -> Tensor:
    """Rotary turns [positions, head_dim/2]; angles in fp32 as the package computes them."""
    exponents = torch.arange(0, shape.head_dim, 2, dtype=torch.int64).float() / shape.head_dim
    angles = torch.arange(positions).float()[:, None] * (1.0 / shape.theta**exponents)
    exact = angles.to(formats.exact)
    return torch.polar(torch.ones_like(exact), exact).to(device)


def mask(positions: Tensor, length: int, dtype: torch.dtype) -> Tensor:
    """0 for keys up to each row's position, -inf beyond: [rows, 1, 1, length]."""
    beyond = torch.arange(length, device=positions.device) > positions[:, None]
    empty = torch.zeros(beyond.shape, dtype=dtype, device=positions.device)
    return empty.masked_fill_(beyond, -torch.inf)[:, None, None]


def _paired(matrix: Tensor, heads: int) -> Tensor:
    """Rows of each head reordered so that the two halves of a rotated pair lie side by side."""
    halves = matrix.view(heads, 2, -1, matrix.shape[-1])
    return halves.transpose(1, 2).reshape(matrix.shape)


def _attend(queries: Tensor, keys: Tensor, values: Tensor, hidden: Tensor | None) -> Tensor:
    return F.scaled_dot_product_attention(queries, keys, values, attn_mask=hidden)
