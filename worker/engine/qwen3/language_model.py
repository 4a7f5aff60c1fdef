"""Talker and code predictor of a checkpoint, repacked from its weights."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.embedding import Embeddings, first_rows
from worker.engine.qwen3.linear import Format, Linear, pack
from worker.engine.qwen3.predictor import Predictor
from worker.engine.qwen3.prompt import Prompt
from worker.engine.qwen3.stack import Stack, numbers, rotations
from worker.engine.qwen3.weights import Weights

LONGEST = 8192
"""Positions that rotations are made for: a prompt and ten minutes of speech."""


@dataclass(frozen=True)
class Formats:
    """The number formats of the parts, and where the text table lies."""

    talker: Format
    predictor: Format
    text_on_cpu: bool = False
    alone: bool = False
    """Whether several rows at once are multiplied in fp32: chips without tensor cores take twenty
    times as long for them in fp16 (pytorch/pytorch#195716)."""


class LanguageModel:
    """Draws nothing and remembers nothing: weights, and products with them."""

    def __init__(
        self,
        dimensions: Dimensions,
        talker: Stack,
        head: Linear,
        predictor: Predictor,
        embeddings: Embeddings,
    ) -> None:
        self.dimensions = dimensions
        self.talker = talker
        self.predictor = predictor
        self.embeddings = embeddings
        self.device = talker.device
        self.turns = rotations(talker.shape, LONGEST, talker.numbers, talker.device)
        self._head = head

    @staticmethod
    def read(
        weights: Weights,
        dimensions: Dimensions,
        formats: Formats,
        device: torch.device,
        progress: Callable[[str], None],
    ) -> "LanguageModel":
        """Read a checkpoint's `model.safetensors`. Raises CheckpointDamaged."""
        wide = numbers(formats.talker, device, alone=formats.alone)
        progress("reading the talker")
        talker = Stack.read(weights, "talker.model.", dimensions.talker, wide, device)
        head = weights.tensor(
            "talker.codec_head.weight",
            device=device,
            shape=(dimensions.vocabulary, dimensions.talker.hidden),
        )
        progress("reading the embeddings")
        embeddings = Embeddings.read(
            weights,
            dimensions,
            dtype=wide.residual,
            device=device,
            text_on_cpu=formats.text_on_cpu,
        )
        progress("reading the code predictor")
        predictor = _predictor(weights, dimensions, formats, device, embeddings)
        return LanguageModel(dimensions, talker, pack(head, formats.talker), predictor, embeddings)

    @property
    def exact(self) -> torch.dtype:
        """What scores and hidden outputs are kept in."""
        return self.talker.numbers.exact

    @property
    def exact_throughout(self) -> bool:
        """Whether both parts run in a format that cannot overflow."""
        return self.talker.numbers.overflows_late and self.predictor.exact

    @property
    def nbytes(self) -> int:
        return (
            self.talker.nbytes + self._head.nbytes + self.predictor.nbytes + self.embeddings.nbytes
        )

    def scores(self, hidden: Tensor) -> Tensor:
        """Scores [rows, vocabulary] of the next frame's first code."""
        return self._head(hidden.to(self.talker.numbers.compute)).to(self.exact)

    def inputs(
        self, prompt: Prompt, x_vector: Tensor | None, past: NDArray[np.int64]
    ) -> tuple[Tensor, Tensor]:
        """What the talker hears before the next frame [positions, hidden], `past` frames [n, 16]
        included, and the rows that stand beside the frames from the first one on."""
        inputs, trailing = self.embeddings.embed(prompt, x_vector)
        if len(past):
            beside = torch.arange(len(past), device=self.device).clamp(max=len(trailing) - 1)
            spoken = self.embeddings.frame_sum(torch.from_numpy(past).to(self.device))
            inputs = torch.cat((inputs, spoken + trailing[beside]))
        return inputs, trailing

    def with_predictor(self, weights: Weights, formats: Formats) -> "LanguageModel":
        """The same talker with its code predictor in another format."""
        predictor = _predictor(weights, self.dimensions, formats, self.device, self.embeddings)
        return LanguageModel(self.dimensions, self.talker, self._head, predictor, self.embeddings)


def _predictor(
    weights: Weights,
    dimensions: Dimensions,
    formats: Formats,
    device: torch.device,
    embeddings: Embeddings,
) -> Predictor:
    return Predictor.read(
        weights,
        dimensions,
        numbers(formats.predictor, device, alone=formats.alone),
        device,
        embeddings.table,
        tuple(first_rows(dimensions).tolist()),
    )
