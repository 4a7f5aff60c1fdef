"""The static tensors in which rows are spoken: nothing here is reallocated while a batch runs.

The rows that are alive are always the first ones, so that fewer rows are a prefix of the same
memory, and a CUDA graph captured for it stays valid.
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.requests.sampling import Sampling
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.noise import Noise
from worker.engine.qwen3.sampling import Parameters, is_wide, suppressed

NEVER = 2**31 - 1
"""The frame at which a row that has not ended ended."""


class Slots:
    """Memory for `rows` utterances of at most `capacity` positions each."""

    def __init__(
        self, model: LanguageModel, rows: int, capacity: int, trailing: int, chunk: int
    ) -> None:
        """`trailing` texts fit beside the frames of a row, `chunk` frames between two harvests."""
        device, exact = model.device, model.exact
        hidden = model.talker.shape.hidden
        self.model = model
        self.rows, self.capacity, self.chunk = rows, capacity, chunk
        self.trailing_rows = trailing

        def numbers(*shape: int) -> Tensor:
            return torch.zeros(shape, dtype=torch.long, device=device)

        self.talker = model.talker.cache(rows, capacity)
        self.predictor = model.predictor.cache(rows)
        self.hidden = torch.zeros((rows, hidden), dtype=exact, device=device)
        self.scores = torch.zeros((rows, model.dimensions.vocabulary), dtype=exact, device=device)
        self.seen = torch.zeros(
            (rows, model.dimensions.vocabulary), dtype=torch.bool, device=device
        )
        self.positions = numbers(rows)
        self.frames = numbers(rows)
        self.ended = numbers(rows)
        self.finite = torch.ones(rows, dtype=torch.bool, device=device)
        self.trailing = torch.zeros((rows, trailing, hidden), dtype=exact, device=device)
        self.last_trailing = numbers(rows)
        self.codes = numbers(rows, chunk, model.dimensions.codebooks)
        self.cursor = numbers(1)
        """How many frames of the present chunk are made."""
        self.index = torch.arange(rows, device=device)
        self.parameters = Parameters.blank(rows, device, exact)
        self.noise = Noise(rows, device)
        self.banned = suppressed(model.dimensions.vocabulary, model.dimensions.codec.eos, device)

    @property
    def nbytes(self) -> int:
        return sum(value.nbytes for value in vars(self).values() if isinstance(value, Tensor))

    def fits(self, model: LanguageModel, rows: int, capacity: int, trailing: int) -> bool:
        """Whether a batch of such rows can be spoken here."""
        return (
            model is self.model
            and rows <= self.rows
            and capacity <= self.capacity
            and trailing <= self.trailing_rows
        )

    def admit(
        self,
        row: int,
        inputs: Tensor,
        trailing: Tensor,
        sampling: Sampling,
        seed: int,
        past: NDArray[np.int64],
    ) -> None:
        """Begin an utterance in a row, or go on with one after its `past` frames [n, 16].

        `inputs` [positions, hidden] ends where the next frame begins; `trailing` [n, hidden] stands
        beside the frames from the first one on, its last for ever.
        """
        model, count = self.model, len(past)
        turns = model.turns[: len(inputs), None]
        # What a row of other length left behind is masked, but a mask does not stop NaN.
        self.talker[:, :, row, :, len(inputs) :] = 0
        x = inputs[None].to(model.talker.numbers.residual)
        output = model.talker.prefill(x, turns, self.talker, slice(row, row + 1))[:, -1]
        self.hidden[row] = output[0]
        self.scores[row] = model.scores(output)[0]
        self.seen[row] = False
        self.seen[row, torch.from_numpy(past[:, 0]).to(self.seen.device)] = True
        self.positions[row] = len(inputs)
        self.frames[row] = count
        self.ended[row] = NEVER
        self.finite[row] = torch.isfinite(self.scores[row].sum())
        self.trailing[row, : len(trailing)] = trailing
        self.last_trailing[row] = len(trailing) - 1
        self.parameters.set_row(row, sampling)
        self.noise.begin(row, seed, is_wide(sampling))
        self.noise.advance(row, count)

    def move(self, source: int, target: int) -> None:
        """Let what is spoken in one row go on in another."""
        for cache in (self.talker, self.predictor):
            cache[:, :, target] = cache[:, :, source]
        for tensor in (
            self.hidden,
            self.scores,
            self.seen,
            self.positions,
            self.frames,
            self.ended,
            self.finite,
            self.trailing,
            self.last_trailing,
            self.codes,
        ):
            tensor[target] = tensor[source]
        self.parameters.move(source, target)
        self.noise.move(source, target)
