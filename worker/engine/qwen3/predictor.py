"""The code predictor: fifteen further codes of a frame, each given those before it."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.linear import Linear, pack
from worker.engine.qwen3.stack import Numbers, Stack, rotations
from worker.engine.qwen3.weights import Weights

PREFIX = "talker.code_predictor."

Draw = Callable[[int, Tensor], Tensor]
"""Chooses the codes [rows] of a codebook (1 to 15) from their scores [rows, codes]."""


class Predictor:
    """A small transformer that runs once for each codebook, over keys that live for one frame."""

    def __init__(
        self,
        stack: Stack,
        heads: list[Linear],
        projection: tuple[Tensor, Tensor] | None,
        tables: Tensor,
        offsets: tuple[int, ...],
    ) -> None:
        self.stack = stack
        self.positions = len(heads) + 1
        self._heads = heads
        self._projection = projection
        self._tables = tables
        self._offsets = offsets
        turns = rotations(stack.shape, self.positions, stack.numbers, stack.device)
        self._turns = turns[:, None]
        self._everyone = (slice(None), slice(None))

    @staticmethod
    def read(
        weights: Weights,
        dimensions: Dimensions,
        numbers: Numbers,
        device: torch.device,
        table: Tensor,
        offsets: tuple[int, ...],
    ) -> "Predictor":
        """The predictor of a checkpoint.

        `table` holds the embeddings of all codebooks, one below the other from `offsets` on. As
        wide as the predictor it serves as it is; otherwise its projection is folded into a copy.
        """
        shape = dimensions.predictor
        stack = Stack.read(weights, f"{PREFIX}model.", shape, numbers, device)
        heads = [
            pack(
                weights.tensor(
                    f"{PREFIX}lm_head.{index}.weight",
                    device=device,
                    shape=(dimensions.codes, shape.hidden),
                ),
                numbers.form,
            )
            for index in range(dimensions.codebooks - 1)
        ]
        projection = _projection(weights, dimensions, numbers, device)
        if projection:
            table = _folded(table, projection, numbers)
        return Predictor(stack, heads, projection, table, offsets)

    @property
    def exact(self) -> bool:
        """Whether it runs in a format that overflows late, if ever."""
        return self.stack.numbers.overflows_late

    @property
    def nbytes(self) -> int:
        folded = self._tables.nbytes if self._projection else 0
        return self.stack.nbytes + folded + sum(head.nbytes for head in self._heads)

    def cache(self, rows: int) -> Tensor:
        """Keys and values of one frame."""
        return self.stack.cache(rows, self.positions)

    def frame(self, hidden: Tensor, first: Tensor, cache: Tensor, draw: Draw) -> Tensor:
        """The codes [rows, 16] of a frame that begins with the codes `first` [rows].

        `hidden` is the talker's output that `first` was drawn from.
        """
        codes = [first]
        output = self._begin(hidden, first, cache)
        for codebook, head in enumerate(self._heads, start=1):
            if codebook > 1:
                output = self._step(self._embed(codebook - 1, codes[-1]), codebook, cache)
            scores = head(output.to(self.stack.numbers.compute)).to(self.stack.numbers.exact)
            codes.append(draw(codebook, scores))
        return torch.stack(codes, 1)

    def _begin(self, hidden: Tensor, first: Tensor, cache: Tensor) -> Tensor:
        """The first two positions: what the talker heard, and the first code."""
        before, code = self._narrowed(hidden), self._embed(0, first)
        if self.stack.numbers.form == "fp16":
            # One row at a time: cards without tensor cores are slow at fp16 products of two rows.
            self._step(before, 0, cache)
            return self._step(code, 1, cache)
        both = torch.stack((before, code), 1)
        return self.stack.prefill(both, self._turns[:2], cache, slice(None))[:, 1]

    def _step(self, x: Tensor, position: int, cache: Tensor) -> Tensor:
        place = (*self._everyone, position)
        return self.stack.step(x, self._turns[position], cache, place, position + 1, None)

    def _embed(self, codebook: int, codes: Tensor) -> Tensor:
        rows = F.embedding(codes + self._offsets[codebook], self._tables)
        return rows.to(self.stack.numbers.residual)

    def _narrowed(self, hidden: Tensor) -> Tensor:
        if self._projection:
            weight, bias = self._projection
            hidden = F.linear(hidden.to(weight.dtype), weight, bias)
        return hidden.to(self.stack.numbers.residual)


def _projection(
    weights: Weights, dimensions: Dimensions, numbers: Numbers, device: torch.device
) -> tuple[Tensor, Tensor] | None:
    """The way from the talker's width to the predictor's; none where they are the same."""
    name = f"{PREFIX}small_to_mtp_projection."
    narrow, wide = dimensions.predictor.hidden, dimensions.talker.hidden
    if narrow == wide:
        return None
    return (
        weights.tensor(f"{name}weight", numbers.compute, device, (narrow, wide)),
        weights.tensor(f"{name}bias", numbers.compute, device, (narrow,)),
    )


def _folded(table: Tensor, projection: tuple[Tensor, Tensor], numbers: Numbers) -> Tensor:
    weight, bias = (part.to(numbers.exact) for part in projection)
    return torch.cat(
        [
            F.linear(part.to(numbers.exact), weight, bias).to(table.dtype)
            for part in table.split(4096)
        ]
    )
