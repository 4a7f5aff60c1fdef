"""The codes that our engine draws, without the sound made of them."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray

from tests.worker.engine.speech import carry_on
from worker.engine.protocol import Utterance
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.qwen3.row import Row


def spoken(model: Qwen3Model, utterances: Sequence[Utterance]) -> list[Row]:
    """The rows of a batch once all are spoken."""
    prompts = [model._prompt(utterance) for utterance in utterances]
    with torch.inference_mode():
        rows = [
            model._row(index, *pair)
            for index, pair in enumerate(zip(utterances, prompts, strict=True))
        ]
        for _ in model._loop(rows, carry_on).run():
            pass
    return rows


def codes(model: Qwen3Model, utterances: Sequence[Utterance]) -> list[NDArray[np.int64]]:
    return [row.codes for row in spoken(model, utterances)]
