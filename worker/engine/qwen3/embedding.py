"""From ids to vectors: the text table with its projection, and the tables of all 16 codebooks."""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.prompt import NONE, Prompt
from worker.engine.qwen3.weights import Weights

_TEXT = "talker.model.text_embedding.weight"
_PROJECTION = "talker.text_projection.linear_fc"
_CODEC = "talker.model.codec_embedding.weight"
_PREDICTED = "talker.code_predictor.model.codec_embedding.{}.weight"

MAPPED = "mapped"
"""In pages of the checkpoint's file, which the system reads when they are used and may drop."""

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Holding:
    """Memory taken by one part, and where."""

    part: str
    nbytes: int
    place: str
    """A device, or MAPPED."""


@dataclass(frozen=True)
class Projection:
    """The two layers between the text table and the talker."""

    weights: tuple[Tensor, Tensor]
    biases: tuple[Tensor, Tensor]

    @staticmethod
    def read(
        weights: Weights, dimensions: Dimensions, dtype: torch.dtype, device: torch.device
    ) -> "Projection":
        inner, outer = dimensions.text_hidden, dimensions.talker.hidden

        def read(name: str, *shape: int) -> Tensor:
            return weights.tensor(f"{_PROJECTION}{name}", dtype, device, shape)

        return Projection(
            (read("1.weight", inner, inner), read("2.weight", outer, inner)),
            (read("1.bias", inner), read("2.bias", outer)),
        )

    def __call__(self, rows: Tensor) -> Tensor:
        """[N, text hidden] to [N, hidden]."""
        inner = F.silu(F.linear(rows, self.weights[0], self.biases[0]))
        return F.linear(inner, self.weights[1], self.biases[1])

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in (*self.weights, *self.biases))


class Embeddings:
    """Turns prompts and frames into what the talker takes."""

    def __init__(
        self, text: Tensor, projection: Projection, table: Tensor, dimensions: Dimensions
    ) -> None:
        """Use `read`."""
        self.table = table
        """The codebooks' tables one below the other: [vocabulary + 15 x codes, hidden]."""
        self._text = text
        self._project = projection
        self._residual = projection.biases[1].dtype
        self._first_rows = first_rows(dimensions)
        self._offsets = torch.from_numpy(self._first_rows).to(table.device)
        self.offsets: tuple[int, ...] = tuple(self._first_rows.tolist())
        """Where each codebook's rows begin in `table`."""

    @staticmethod
    def read(
        weights: Weights,
        dimensions: Dimensions,
        *,
        dtype: torch.dtype,
        device: torch.device,
        text_on_cpu: bool,
        residual: torch.dtype | None = None,
    ) -> "Embeddings":
        """Read the tables of codes in `dtype`; the text table stays as the file has it.

        `residual` is the format of what comes out, and of the projection, which takes 33 MB at
        most in fp32; by default it is `dtype`. Raises CheckpointDamaged.
        """
        return Embeddings(
            weights.tensor(
                _TEXT,
                device="cpu" if text_on_cpu else device,
                shape=(dimensions.text_vocabulary, dimensions.text_hidden),
            ),
            Projection.read(weights, dimensions, residual or dtype, device),
            _table(weights, dimensions, dtype, device),
            dimensions,
        )

    def embed(self, prompt: Prompt, x_vector: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """The prefill [T, hidden] and the rows beside the frames to come [N + 1, hidden].

        The last of these is the padding. `x_vector` [hidden] is given just where the prompt has a
        place for it. Nothing here waits for the device.
        """
        if (x_vector is None) != (prompt.x_vector_at is None):
            raise ValueError(
                "An x-vector goes with a prompt that has a place for it, and no other."
            )
        distinct, places = np.unique((*prompt.text, *prompt.trailing), return_inverse=True)
        rows, bags = self._bags(prompt)
        ids, at, flat, starts = self._upload(distinct, places, rows, bags)
        text = self._project(self._text_rows(distinct, ids))[at]
        spoken = F.embedding_bag(flat, self.table, starts, mode="sum")
        inputs = text[: prompt.length] + spoken.to(self._residual)
        if x_vector is not None:
            inputs[prompt.x_vector_at] += self._place(x_vector).to(self._residual)
        return inputs, text[prompt.length :]

    def frame_sum(self, codes: Tensor) -> Tensor:
        """The sum over the codes of each frame: [B, codebooks] to [B, hidden]."""
        spoken = F.embedding_bag(codes + self._offsets, self.table, mode="sum")
        return spoken.to(self._residual)

    @property
    def holdings(self) -> tuple[Holding, ...]:
        """What it takes, by part."""
        device = str(self.table.device)
        text = MAPPED if self._text.device.type == "cpu" else device
        return (
            Holding("text table", self._text.nbytes, text),
            Holding("text projection", self._project.nbytes, device),
            Holding("code tables", self.table.nbytes, device),
        )

    @property
    def nbytes(self) -> int:
        """Memory that stays taken: what is mapped does not count."""
        return sum(held.nbytes for held in self.holdings if held.place != MAPPED)

    def _bags(self, prompt: Prompt) -> tuple[Integers, Integers]:
        """The rows of the table that are summed, and where those of each position begin."""
        present = prompt.codes != NONE
        counts = present.sum(axis=1)
        return (prompt.codes + self._first_rows)[present], counts.cumsum() - counts

    def _text_rows(self, distinct: Integers, uploaded: Tensor) -> Tensor:
        if self._text.device == self.table.device:
            return self._text[uploaded].to(self._residual)
        return self._place(self._text[torch.from_numpy(distinct)]).to(self._residual)

    def _upload(self, *arrays: Integers) -> tuple[Tensor, ...]:
        """The arrays on the device, in one copy."""
        there = self._place(torch.from_numpy(np.concatenate(arrays)))
        return there.split([array.size for array in arrays])

    def _place(self, tensor: Tensor) -> Tensor:
        """The tensor on the device. A copy out of pageable memory would first wait for all that
        the device has yet to do."""
        device = self.table.device
        if device.type == "cuda" and tensor.device.type == "cpu":
            tensor = tensor.pin_memory()
        return tensor.to(device, non_blocking=True)


def first_rows(dimensions: Dimensions) -> Integers:
    """Where each codebook's rows begin in the joint table."""
    later = dimensions.vocabulary + np.arange(dimensions.codebooks - 1) * dimensions.codes
    return np.concatenate([[0], later]).astype(np.int64)


def _table(
    weights: Weights, dimensions: Dimensions, dtype: torch.dtype, device: torch.device
) -> Tensor:
    """All codebooks' tables in one, filled one after the other so that none is held twice."""
    hidden = dimensions.talker.hidden
    first = first_rows(dimensions).tolist()
    rows = dimensions.vocabulary + (dimensions.codebooks - 1) * dimensions.codes
    table = torch.empty(rows, hidden, dtype=dtype, device=device)
    names = (_CODEC, *(_PREDICTED.format(index) for index in range(dimensions.codebooks - 1)))
    for name, start, end in zip(names, first, (*first[1:], rows), strict=True):
        table[start:end] = weights.tensor(name, shape=(end - start, hidden))
    return table
