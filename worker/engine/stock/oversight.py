"""A look at every frame that the package makes: may it go on, is it finite, did it end.

The package drops `logits_processor` and `stopping_criteria`, so the two `generate` methods
inside it are led through here for the length of one utterance.
"""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
from torch import FloatTensor, LongTensor
from transformers import LogitsProcessor, LogitsProcessorList

from worker.engine.faults import not_finite
from worker.engine.protocol import Watch


class Unended(Exception):
    """The talker used up its frames without ending the speech."""


class Finite(LogitsProcessor):
    """Stops before a value that is not finite reaches the sampler: on CUDA that is the end."""

    def __call__(self, input_ids: LongTensor, scores: FloatTensor) -> FloatTensor:
        if not torch.isfinite(scores.amax(dim=-1)).all():
            raise not_finite()
        return scores


class Watched(Finite):
    """Asks before each frame whether it is still wanted."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch

    def __call__(self, input_ids: LongTensor, scores: FloatTensor) -> FloatTensor:
        self._watch()
        return super().__call__(input_ids, scores)


@contextmanager
def overseen(model: Any, watch: Watch) -> Generator[None]:
    """Within it, `model.generate` calls `watch` at each frame and raises Unended or EngineFailed.

    What `watch` raises passes through and leaves the model fit for the next utterance.
    """
    talker = model.talker
    talker.generate = partial(_to_the_end, talker.generate, Watched(watch))
    talker.code_predictor.generate = partial(
        talker.code_predictor.generate, logits_processor=LogitsProcessorList([Finite()])
    )
    try:
        with decoding_overseen(model.speech_tokenizer.model.decoder, watch):
            yield
    finally:
        del talker.generate, talker.code_predictor.generate
        talker.rope_deltas = None


@contextmanager
def decoding_overseen(decoder: torch.nn.Module, watch: Watch) -> Generator[None]:
    """Within it, the codec's decoder calls `watch` before each of its convolutions."""
    hooks = [_before(layer, watch) for layer in _convolutions(decoder)]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


def _to_the_end(
    generate: Callable[..., Any], processor: Watched, *, eos_token_id: int, **named: Any
) -> Any:
    result = generate(
        eos_token_id=eos_token_id, logits_processor=LogitsProcessorList([processor]), **named
    )
    if result.sequences[0, -1] != eos_token_id:
        raise Unended
    return result


def _convolutions(decoder: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """Where decoding spends its time; half a minute of speech takes as long on a slow CPU."""
    for layer in decoder.modules():
        if isinstance(layer, torch.nn.Conv1d | torch.nn.ConvTranspose1d):
            yield layer


def _before(layer: torch.nn.Module, watch: Watch) -> Any:
    return layer.register_forward_pre_hook(lambda *_: watch())
