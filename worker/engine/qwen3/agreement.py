"""How far a format agrees with an exact one, on the same codes: the price of what it saves.

Both models hear the same frames (teacher forcing), so that one other choice does not change all
that comes after it. It is what quantisation and compilation are judged by.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.prompt import Prompt

Codes = NDArray[np.int64]
"""[frames, codebooks]"""


@dataclass(frozen=True)
class Scores:
    """What a model thinks of each code of a sentence before it hears it, in fp32 or wider."""

    talker: Tensor
    """[frames, vocabulary]"""
    predictor: Tensor
    """[frames, codebooks - 1, codes]"""


@dataclass(frozen=True)
class Likeness:
    """Two models' scores side by side."""

    top1: float
    """Share of scores whose likeliest code is the same."""
    divergence: float
    """Mean Kullback-Leibler divergence of the other from the exact one, in nats."""


@dataclass(frozen=True)
class Agreement:
    """How a model agrees with the exact one."""

    talker: Likeness
    predictor: Likeness
    frames: int


@torch.inference_mode()
def scores(
    model: LanguageModel, prompt: Prompt, codes: Codes, x_vector: Tensor | None = None
) -> Scores:
    """The scores of all frames, each given the frames before it.

    The predictor hears the model's own talker, as it does when it speaks.
    """
    heard, _ = model.inputs(prompt, x_vector, codes[:-1])
    cache = model.talker.cache(1, len(heard))
    x = heard[None].to(model.talker.numbers.residual)
    output = model.talker.prefill(x, model.turns[: len(heard), None], cache, slice(None))[0]
    hidden = output[prompt.length - 1 :]
    return Scores(model.scores(hidden), _predicted(model, hidden, codes))


def compare(exact: Sequence[Scores], other: Sequence[Scores]) -> Agreement:
    """The same sentences, scored by two models."""
    return Agreement(
        _likeness([it.talker for it in exact], [it.talker for it in other]),
        _likeness([it.predictor for it in exact], [it.predictor for it in other]),
        sum(len(it.talker) for it in exact),
    )


def first_difference(ours: Codes, theirs: Codes) -> int | None:
    """The first frame in which two sentences differ, as far as both go; None if there is none."""
    frames = min(len(ours), len(theirs))
    differing = (ours[:frames] != theirs[:frames]).any(axis=1)
    return int(differing.argmax()) if differing.any() else None


def _predicted(model: LanguageModel, hidden: Tensor, codes: Codes) -> Tensor:
    """Every frame is a row here: the predictor forgets from one to the next."""
    told, found = torch.from_numpy(codes).to(hidden.device), list[Tensor]()

    def tell(codebook: int, scores: Tensor) -> Tensor:
        found.append(scores)
        return told[:, codebook]

    model.predictor.frame(hidden, told[:, 0], model.predictor.cache(len(codes)), tell)
    return torch.stack(found, 1)


def _likeness(exact: Sequence[Tensor], other: Sequence[Tensor]) -> Likeness:
    right, left = (torch.cat(list(parts)).flatten(0, -2).double().cpu() for parts in (exact, other))
    same = right.argmax(-1) == left.argmax(-1)
    divergence = F.kl_div(
        left.log_softmax(-1), right.log_softmax(-1), reduction="batchmean", log_target=True
    )
    return Likeness(float(same.double().mean()), float(divergence))
