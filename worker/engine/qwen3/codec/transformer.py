"""The codec's transformer over frames, with a sliding window of keys and values."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.qwen3.codec.convolution import Convolution
from worker.engine.qwen3.codec.shape import DecoderShape
from worker.engine.qwen3.codec.source import Source
from worker.engine.qwen3.codec.state import Advance


class Transformer:
    """Between the codebooks and the vocoder, one step a frame."""

    def __init__(self, source: Source, shape: DecoderShape, longest: int) -> None:
        """`longest`: the most frames of one call."""
        name = "pre_transformer"
        self._past = shape.window - 1
        self._eps = shape.eps
        self._entry = source.read(f"{name}.input_proj")
        self._layers = [
            Layer(source, shape, f"{name}.layers.{layer}") for layer in range(shape.layers)
        ]
        self._norm = source.tensor(f"{name}.norm.weight")
        self._exit = source.read(f"{name}.output_proj")
        self._turns = turns(shape, self._past + longest, source)

    def __call__(self, x: Tensor, advance: Advance) -> Tensor:
        """[rows, frames, channels] on both sides."""
        x = self._entry(x)
        seen = visible(advance, self._past)
        turned = self._turns[: self._past + advance.frames]
        for layer in self._layers:
            x = layer(x, turned, seen, advance)
        return self._exit(functional.rms_norm(x, x.shape[-1:], self._norm, self._eps))


def turns(shape: DecoderShape, positions: int, source: Source) -> Tensor:
    """Rotations by position and pair of channels, complex, [positions, 1, head_dim / 2]."""
    pairs = torch.arange(0, shape.head_dim, 2, dtype=torch.float64) / shape.head_dim
    angles = torch.arange(positions, dtype=torch.float64)[:, None] * shape.theta**-pairs
    halves = torch.stack([angles.cos(), angles.sin()], -1)
    return torch.view_as_complex(source.place(halves))[:, None]


def visible(advance: Advance, past: int) -> Tensor:
    """Which of past and fresh frames each fresh frame sees, [rows, 1, frames, past + frames]."""
    heard = advance.state.heard
    key = torch.arange(past + advance.frames, device=heard.device)
    query = key[past:, None]
    near = (key <= query) & (key >= query - past)
    return (near & (key >= past - heard[:, None, None]))[:, None]


class Layer:
    """Attention and feed-forward, each with its residual; LayerScale is folded into the weights."""

    def __init__(self, source: Source, shape: DecoderShape, name: str) -> None:
        self._shape = shape
        self._eps = shape.eps
        width = shape.key_value_heads * shape.head_dim
        self._place = source.layout.add(shape.window - 1, 2 * width)
        self._queries = shape.heads * shape.head_dim
        self._before_attention = source.tensor(f"{name}.input_layernorm.weight")
        self._before_feed_forward = source.tensor(f"{name}.post_attention_layernorm.weight")
        self._inward = _inward(source, shape, f"{name}.self_attn")
        self._outward = _scaled(source, f"{name}.self_attn.o_proj", f"{name}.self_attn_layer_scale")
        gates = [source.exact(f"{name}.mlp.{part}_proj.weight") for part in ("gate", "up")]
        self._gates = source.convolution(torch.cat(gates))
        self._down = _scaled(source, f"{name}.mlp.down_proj", f"{name}.mlp_layer_scale")

    def __call__(self, x: Tensor, turned: Tensor, seen: Tensor, advance: Advance) -> Tensor:
        y = functional.rms_norm(x, x.shape[-1:], self._before_attention, self._eps)
        x = self._outward.onto(x, self._attend(y, turned, seen, advance))
        y = functional.rms_norm(x, x.shape[-1:], self._before_feed_forward, self._eps)
        gate, up = self._gates(y).chunk(2, -1)
        return self._down.onto(x, functional.silu(gate).mul_(up))

    def _attend(self, x: Tensor, turned: Tensor, seen: Tensor, advance: Advance) -> Tensor:
        """Keys are kept unturned: rotation is relative, so that positions count from the window's
        start, never grow, and are the same for rows that began at different times."""
        inward = self._inward(x)
        window = advance.extend(self._place, inward[..., self._queries :])
        keys, values = window.unflatten(-1, (-1, self._shape.head_dim)).chunk(2, 2)
        queries = inward[..., : self._queries].unflatten(-1, (-1, self._shape.head_dim))
        heads = functional.scaled_dot_product_attention(
            _turn(queries, turned[-advance.frames :]).transpose(1, 2),
            _turn(keys, turned).transpose(1, 2),
            values.transpose(1, 2),
            attn_mask=seen,
            enable_gqa=self._shape.heads != self._shape.key_value_heads,
        )
        return heads.transpose(1, 2).flatten(2)


def _turn(heads: Tensor, turned: Tensor) -> Tensor:
    """Rotate [rows, time, heads, head_dim], whose pairs of channels lie side by side."""
    pairs = torch.view_as_complex(heads.unflatten(-1, (-1, 2)))
    return torch.view_as_real(pairs * turned).flatten(-2)


def _inward(source: Source, shape: DecoderShape, name: str) -> Convolution:
    """Queries, keys and values in one; a rotated pair, half a head apart in the checkpoint, side by
    side."""
    parts = [
        _paired(source, f"{name}.q_proj", shape.head_dim),
        _paired(source, f"{name}.k_proj", shape.head_dim),
        (source.exact(f"{name}.v_proj.weight"), source.bias(f"{name}.v_proj")),
    ]
    biases = [bias for _, bias in parts if bias is not None]
    return source.convolution(
        torch.cat([weight for weight, _ in parts]), torch.cat(biases) if biases else None
    )


def _paired(source: Source, name: str, head_dim: int) -> tuple[Tensor, Tensor | None]:
    bias = source.bias(name)
    weight = _interleave(source.exact(f"{name}.weight"), head_dim)
    return weight, None if bias is None else _interleave(bias, head_dim)


def _interleave(rows: Tensor, head_dim: int) -> Tensor:
    return rows.unflatten(0, (-1, 2, head_dim // 2)).transpose(1, 2).flatten(0, 2)


def _scaled(source: Source, name: str, scale: str) -> Convolution:
    """A linear map with a LayerScale behind it."""
    factor = source.exact(f"{scale}.scale")
    bias = source.bias(name)
    return source.convolution(
        source.exact(f"{name}.weight") * factor[:, None], None if bias is None else bias * factor
    )
