"""One frame of every row, from drawing its first code to the scores of the next.

Everything that is computed goes into new tensors and is committed at the end by writes that
allocate nothing: a frame that fails half-way can be made again. No value is looked at by the host.
"""

from collections.abc import Iterable
from typing import NamedTuple

import torch
from torch import Tensor

from shared.requests.sampling import Sampling
from worker.engine.qwen3 import stack
from worker.engine.qwen3.sampling import draw, is_nucleus, is_wide, talker_scores
from worker.engine.qwen3.slots import Slots


class Draws(NamedTuple):
    """Which kernels the draws of a batch need; the fewer, the faster."""

    wide: bool = False
    """A row draws from more codes than the narrow noise has."""
    nucleus: bool = False
    """A row draws from a share of probability."""

    @staticmethod
    def of(samplings: Iterable[Sampling]) -> "Draws":
        rows = list(samplings)
        return Draws(any(map(is_wide, rows)), any(map(is_nucleus, rows)))


def advance(slots: Slots, rows: int, length: int, draws: Draws) -> None:
    """Make one frame of the first `rows` rows; `length` keys are read, so that no row may have
    more positions than that once the frame is made."""
    model, eos = slots.model, slots.model.dimensions.codec.eos
    hidden, positions, frames = slots.hidden[:rows], slots.positions[:rows], slots.frames[:rows]
    parameters = slots.parameters.first(rows)
    noise = slots.noise.take(frames, draws.wide)

    scores = talker_scores(
        slots.scores[:rows],
        slots.seen[:rows],
        parameters.repetition_penalty,
        frames,
        slots.banned,
        eos,
    )
    first = draw(scores, parameters.talker, noise[:, 0], draws.nucleus)
    seen: list[Tensor] = []

    def choose(codebook: int, scores: Tensor) -> Tensor:
        seen.append(scores)
        return draw(scores, parameters.subtalker, noise[:, codebook], draws.nucleus)

    codes = model.predictor.frame(hidden, first, slots.predictor[:, :, :rows], choose)
    output = _hear(slots, codes, rows, length)
    scores = model.scores(output)
    ending = torch.minimum(
        slots.ended[:rows],
        torch.where(first == eos, frames, slots.ended[:rows]),
    )
    # Draws from scores that are not finite look like others: nothing later would tell. What a
    # row makes after its end is nobody's loss.
    finite = torch.isfinite(torch.cat(seen, -1).sum(-1) + scores.sum(-1))
    finite.logical_or_(ending <= frames)

    slots.codes[:rows].index_copy_(1, slots.cursor, codes[:, None])
    slots.seen[:rows].scatter_(1, first[:, None], True)
    slots.finite[:rows].logical_and_(finite)
    slots.ended[:rows].copy_(ending)
    hidden.copy_(output)
    slots.scores[:rows].copy_(scores)
    # A row whose slot is free goes on like the others, and must not leave its memory.
    positions.add_(1).clamp_(max=slots.capacity - 1)
    frames.add_(1)
    slots.cursor.add_(1)


def _hear(slots: Slots, codes: Tensor, rows: int, length: int) -> Tensor:
    """The talker's output for a frame and the text that stands beside it."""
    model, positions = slots.model, slots.positions[:rows]
    index = slots.index[:rows]
    beside = torch.minimum(slots.frames[:rows], slots.last_trailing[:rows])
    x = model.embeddings.frame_sum(codes) + slots.trailing[index, beside]
    return model.talker.step(
        x.to(model.talker.numbers.residual),
        model.turns[positions][:, None],
        slots.talker[:, :, :rows],
        (index, slice(None), positions),
        length,
        stack.mask(positions, length, slots.talker.dtype),
    )
