"""Codes to the vectors that they stand for: one table for all codebooks."""

import torch
from torch import Tensor
from torch.nn import functional

from worker.engine.qwen3.codec.shape import DecoderShape
from worker.engine.qwen3.weights import Weights

SMALLEST_USAGE = 1e-5
"""Below it the package does not divide by a code's usage."""


class Codebooks:
    """The residual quantizer: sums one vector of each codebook."""

    def __init__(self, table: Tensor, codes: int) -> None:
        """`table`: [codebooks * codes, width]."""
        self._table = table
        self._codes = codes
        self._first = torch.arange(0, table.shape[0], codes, device=table.device)

    @staticmethod
    def read(
        weights: Weights, shape: DecoderShape, dtype: torch.dtype, device: torch.device | str
    ) -> "Codebooks":
        """Usage and output projection are folded in, in fp64."""
        groups = ["rvq_first"] + ["rvq_rest"] * (shape.codebooks - 1)
        layers = [0, *range(shape.codebooks - 1)]
        tables = [
            _table(weights, f"decoder.quantizer.{group}", layer, shape.codes)
            for group, layer in zip(groups, layers, strict=True)
        ]
        return Codebooks(torch.cat(tables).to(device=device, dtype=dtype), shape.codes)

    def __call__(self, codes: Tensor) -> Tensor:
        """From [rows, codebooks, frames] to [rows, frames, width].

        Rows that take fewer frames hold anything behind them, so that strange codes are not errors.
        """
        entries = codes.transpose(1, 2).clamp(0, self._codes - 1) + self._first
        vectors = functional.embedding_bag(entries.flatten(0, 1), self._table, mode="sum")
        return vectors.unflatten(0, entries.shape[:2])


def _table(weights: Weights, group: str, layer: int, codes: int) -> Tensor:
    book = f"{group}.vq.layers.{layer}._codebook"
    total = weights.tensor(f"{book}.embedding_sum", torch.float64)
    usage = weights.tensor(f"{book}.cluster_usage", torch.float64, shape=(codes,))
    projection = weights.tensor(f"{group}.output_proj.weight", torch.float64)[..., 0]
    return total / usage.clamp(min=SMALLEST_USAGE)[:, None] @ projection.T
