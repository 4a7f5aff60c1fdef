"""Kernels fused by torch.compile, kept only where they agree with the plain ones.

Fusion rounds elsewhere, and a public engine lost a point of its listening score to it before it was
noticed (vllm-project/vllm-omni#2274): so it is judged at every start, on the very weights.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch._dynamo import config

from shared.audio.codes import CODEBOOKS, CODES
from worker.engine.precision import Card
from worker.engine.qwen3.agreement import Agreement, Scores, compare, scores
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.dimensions import Dimensions
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.prompt import Prompt, build
from worker.engine.qwen3.running import RAMP, ROWS

log = logging.getLogger(__name__)

CAPABILITY = (8, 0)
"""Below it there is no compiler for fused kernels (triton-lang/triton#5066)."""
SAME_CODES = 0.98
"""Share of the likeliest codes that must stay: what a restart alone changes on a GPU is less."""
DIVERGENCE = 1e-3
"""Nats that the predictor's probabilities may move."""
SOUND = 1e-3
"""The most by which a sample may differ, full scale 1: the step of 10 bits."""
_FRAMES = 24
_SHAPES = 2 * len(ROWS) * len(RAMP)


@dataclass(frozen=True)
class Verdict:
    """How the fused kernels compare with the plain ones."""

    agreement: Agreement
    sound: float
    """The largest difference between two samples."""

    @property
    def passed(self) -> bool:
        predictor = self.agreement.predictor
        alike = predictor.top1 >= SAME_CODES and predictor.divergence <= DIVERGENCE
        return alike and self.sound <= SOUND

    def describe(self) -> str:
        predictor = self.agreement.predictor
        return (
            f"{predictor.top1:.1%} of the codes alike, divergence {predictor.divergence:.1e}, "
            f"samples within {self.sound:.1e}"
        )


def possible(card: Card | None) -> bool:
    """Whether a device has a compiler for fused kernels."""
    return card is not None and card.capability >= CAPABILITY


def fuse(
    model: LanguageModel,
    decoder: Decoder,
    progress: Callable[[str], None],
    backend: str | Callable[..., Any] = "inductor",
) -> str:
    """Fuse code predictor and codec, judge the outcome, and take it back if it fails.

    Gives one phrase for the status. Call it before anything is captured.
    """
    plain = _outcome(model, decoder)
    # Each number of rows and frames is a graph of its own; beyond its limit dynamo stays eager.
    config.recompile_limit = _SHAPES
    progress("compiling the code predictor and the codec")
    model.predictor.stack.fuse(backend)
    decoder.fuse(backend)
    verdict = _judge(plain, _outcome(model, decoder))
    if verdict.passed:
        return f"compiled ({verdict.describe()})"
    model.predictor.stack.unfuse()
    decoder.unfuse()
    log.warning("Compiled kernels do not agree with the plain ones: %s.", verdict.describe())
    return f"not compiled: kernels disagreed ({verdict.describe()})"


@dataclass(frozen=True)
class _Outcome:
    """What a model makes of a sentence and of codes drawn at random."""

    scores: Scores
    sound: Tensor


def _outcome(model: LanguageModel, decoder: Decoder) -> _Outcome:
    codes = np.random.default_rng(0).integers(0, CODES, (_FRAMES, CODEBOOKS))
    heard = torch.from_numpy(codes).to(model.device).t()[None]
    sound = decoder.decode(heard, decoder.state(1))
    return _Outcome(scores(model, _prompt(model.dimensions), codes), sound.clone())


def _judge(plain: _Outcome, fused: _Outcome) -> Verdict:
    apart = (plain.sound - fused.sound).abs().max()
    return Verdict(compare([plain.scores], [fused.scores]), float(apart))


def _prompt(dimensions: Dimensions) -> Prompt:
    """Some text ids, in the layout of a voice that nobody has described."""
    words = tuple(range(32, 64))
    return build(dimensions, words[:3], words)
