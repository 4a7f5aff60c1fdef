"""From scores to codes: the package's order of operations, per row, on tensors of fixed shape.

Nothing here waits for the device or branches on a tensor, so that all of it can run in a CUDA
graph. Arithmetic is in the format of the scores: fp32, or fp64 where the model runs in it.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple, Self

import torch
from torch import Tensor

from shared.requests.sampling import Sampling
from worker.engine.qwen3.noise import NARROW, WIDE

SPECIALS = 1024
"""Ids at the end of the talker's vocabulary that are no codes."""
MIN_FRAMES = 2
"""Frames that a row speaks before it may end: the package's `min_new_tokens`."""


class Choice(NamedTuple):
    """How the rows choose among candidates: static tensors [B, 1]."""

    temperature: Tensor
    last: Tensor
    """Rank of the last candidate by likelihood, int64: top_k - 1."""
    top_p: Tensor
    """Infinite where it is 1: rounding must drop nothing."""
    do_sample: Tensor

    @classmethod
    def greedy(cls, rows: int, device: torch.device | str, dtype: torch.dtype) -> Self:
        """Every row takes its likeliest."""
        return cls(
            torch.ones(rows, 1, device=device, dtype=dtype),
            torch.zeros(rows, 1, device=device, dtype=torch.int64),
            torch.full((rows, 1), math.inf, device=device, dtype=dtype),
            torch.zeros(rows, 1, device=device, dtype=torch.bool),
        )

    def set_row(
        self, row: int, do_sample: bool, temperature: float, top_k: int, top_p: float
    ) -> None:
        """Parameters of a greedy row do not matter; they are set to what fits any draw."""
        self.temperature[row] = temperature if do_sample else 1.0
        self.last[row] = (top_k or WIDE) - 1 if do_sample else 0
        self.top_p[row] = top_p if do_sample and top_p < 1 else math.inf
        self.do_sample[row] = do_sample

    def first(self, rows: int) -> "Choice":
        """Views of the first rows."""
        return Choice(*(tensor[:rows] for tensor in self))

    def within(self, width: int) -> "Choice":
        """The same among `width` candidates at most."""
        return self._replace(last=self.last.clamp(max=width - 1))


@dataclass(frozen=True)
class Parameters:
    """The sampling parameters of every row, where a graph reads them."""

    talker: Choice
    subtalker: Choice
    repetition_penalty: Tensor
    """[B, 1]"""

    @staticmethod
    def blank(
        rows: int, device: torch.device | str = "cpu", dtype: torch.dtype = torch.float32
    ) -> "Parameters":
        """Greedy rows without penalty; `dtype` is the format of the scores."""
        return Parameters(
            Choice.greedy(rows, device, dtype),
            Choice.greedy(rows, device, dtype),
            torch.ones(rows, 1, device=device, dtype=dtype),
        )

    def set_row(self, row: int, sampling: Sampling) -> None:
        self.talker.set_row(
            row, sampling.do_sample, sampling.temperature, sampling.top_k, sampling.top_p
        )
        self.subtalker.set_row(
            row,
            sampling.subtalker_dosample,
            sampling.subtalker_temperature,
            sampling.subtalker_top_k,
            sampling.subtalker_top_p,
        )
        self.repetition_penalty[row] = sampling.repetition_penalty

    def move(self, source: int, target: int) -> None:
        """Give the row at `target` the parameters of the one at `source`."""
        for tensor in (*self.talker, *self.subtalker, self.repetition_penalty):
            tensor[target].copy_(tensor[source])

    def first(self, rows: int) -> "Parameters":
        """Views of the first rows."""
        return Parameters(
            self.talker.first(rows), self.subtalker.first(rows), self.repetition_penalty[:rows]
        )


def is_wide(sampling: Sampling) -> bool:
    """Whether draws reach beyond the NARROW likeliest: a batch with such a row draws wide."""
    return any(sampled and not 1 <= top_k <= NARROW for sampled, top_k, _ in _drawers(sampling))


def is_nucleus(sampling: Sampling) -> bool:
    """Whether a share of probability limits the draws: such a row's batch draws with `nucleus`."""
    return any(sampled and top_p < 1 for sampled, _, top_p in _drawers(sampling))


def _drawers(sampling: Sampling) -> tuple[tuple[bool, int, float], ...]:
    return (
        (sampling.do_sample, sampling.top_k, sampling.top_p),
        (sampling.subtalker_dosample, sampling.subtalker_top_k, sampling.subtalker_top_p),
    )


def suppressed(vocabulary: int, eos: int, device: torch.device | str = "cpu") -> Tensor:
    """[vocabulary] bool: the special ids that the talker never speaks, all but the end."""
    ids = torch.arange(vocabulary, device=device)
    return (ids >= vocabulary - SPECIALS) & (ids != eos)


def talker_scores(
    logits: Tensor, seen: Tensor, penalty: Tensor, frame: Tensor, banned: Tensor, eos: int
) -> Tensor:
    """Scores [B, V] of the talker's next code, from its logits [B, V].

    `seen` [B, V] bool: the ids that a row has drawn; `penalty` [B, 1]: its repetition penalty;
    `frame` [B]: how many it has drawn; `banned` [V] bool: what `suppressed` gave.
    """
    penalised = torch.where(logits < 0, logits * penalty, logits / penalty)
    scores = torch.where(seen, penalised, logits).masked_fill(banned, -math.inf)
    scores[:, eos].masked_fill_(frame < MIN_FRAMES, -math.inf)
    return scores


def draw(scores: Tensor, choice: Choice, noise: Tensor, nucleus: bool = True) -> Tensor:
    """One id [B] a row, from scores [B, V] and noise [B, NARROW or WIDE].

    Narrow noise fits where `is_wide` is false for every row. In wide noise, narrow rows go the
    same narrow way, and draw the same ids. `nucleus=False` saves four kernels where `is_nucleus`
    is false for every row. Scores that are not finite give an id in range.
    """
    if noise.shape[-1] <= NARROW:
        return _race(scores, choice, noise, nucleus)
    near = _race(scores, choice.within(NARROW), noise[:, :NARROW], nucleus)
    far = _race(scores, choice.within(scores.shape[-1]), noise, nucleus)
    return torch.where(choice.last[:, 0] < NARROW, near, far)


def candidates(
    scores: Tensor, choice: Choice, width: int, nucleus: bool = True
) -> tuple[Tensor, Tensor]:
    """Shares and ids [B, width] of the likeliest, best first; the share of what is out is 0.

    Equals at the last place of top_k are all in, as far as `width` goes. Shares are of what top_k
    leaves; what top_p drops is not shared out again, which a race does not ask for. `last` must
    be below `width` and V: `Choice.within` sees to it, at the price of a kernel.
    """
    width = min(width, scores.shape[-1])
    values, ids = scores.topk(width)
    values = values / choice.temperature
    worst = values.gather(-1, choice.last)
    shares = values.masked_fill(values < worst, -math.inf).softmax(-1)
    if nucleus:
        # The package drops what has no more than 1 - top_p from itself down: seen from above,
        # what already has top_p before it.
        before = shares.cumsum(-1) - shares
        shares = shares.masked_fill(before >= choice.top_p, 0)
    return shares, ids


def _race(scores: Tensor, choice: Choice, noise: Tensor, nucleus: bool) -> Tensor:
    shares, ids = candidates(scores, choice, noise.shape[-1], nucleus)
    winner = (shares / noise[:, : shares.shape[-1]]).argmax(-1, keepdim=True)
    return ids.gather(-1, winner * choice.do_sample)[:, 0]
