"""Values that are not finite: spoken again in fp32 where that helps, said where it does not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from torch import Tensor

from shared.errors import EngineFailed
from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.hearing import (
    TOLERANCE,
    Exhaustion,
    Operators,
    StopHere,
    Stopping,
    assert_sounds_equal,
    hear,
    lines,
    load,
    spoil,
)
from tests.worker.engine.speech import utterance
from worker.engine.qwen3.model import Qwen3Model

AGAIN = "The model computed values that are not finite: this was spoken again in fp32."
GAINS = {"gate_proj": 2.0**10, "up_proj": 2.0**17, "down_proj": 2.0**-27}
"""What overflows fp16 on the way, and in fp32 changes little in the end."""


def louder(*prefixes: str) -> Callable[[str, Tensor], Tensor]:
    """Gains for the feed-forward of the last layers only, where nothing after them would show."""

    def change(name: str, tensor: Tensor) -> Tensor:
        gains = [gain for part, gain in GAINS.items() if part in name]
        return tensor * gains[0] if gains and name.startswith(prefixes) else tensor

    return change


def last_layer(folder: Path, stack: str) -> str:
    with safe_open(folder / "model.safetensors", "pt") as file:
        names: list[str] = list(file.keys())
    start = f"{stack}layers."
    numbers = [int(name[len(start) :].split(".")[0]) for name in names if name.startswith(start)]
    return f"{start}{max(numbers)}."


TALKER, PREDICTOR = "talker.model.", "talker.code_predictor.model."


@pytest.mark.parametrize("stack", [TALKER, PREDICTOR])
def test_what_overflows_fp16_is_spoken_again_in_fp32(spoilable: Path, stack: str):
    folder = spoil(spoilable, louder(last_layer(spoilable, stack)))
    model, exact = load(folder, precision="fp16"), load(folder, precision="fp32")
    batch = lines(3)
    heard = hear(model, batch)
    assert all(AGAIN in row.notes for row in heard[:1])
    assert_sounds_equal(heard, hear(exact, batch), TOLERANCE)
    for mine, other in zip(codes(model, batch), codes(exact, batch), strict=True):
        np.testing.assert_array_equal(mine, other)


def test_where_fp32_does_not_fit_the_predictor_alone_is_spoken_in_it(spoilable: Path):
    """The rescue lays weights out anew: the first of them finds no memory."""
    folder = spoil(spoilable, louder(last_layer(spoilable, PREDICTOR)))
    model = load(folder, precision="fp16")
    exhaustion = Exhaustion(1, of="_reorder_linear_weight")
    with Operators(exhaustion):
        heard = hear(model, lines(2))
    layers = model._parts.dimensions.predictor.layers
    # The one that found no memory, then four products a layer and the fifteen heads.
    assert exhaustion.calls == 1 + 4 * layers + 15
    assert AGAIN in heard[0].notes
    assert [row.reason for row in heard] == ["stop"] * 2


def test_fp16_that_does_not_overflow_is_left_alone(spoilable: Path):
    heard = hear(load(spoilable, precision="fp16"), lines(3))
    assert all(row.reason == "stop" and not row.notes for row in heard)


def test_a_rescue_gives_its_memory_back(spoilable: Path):
    folder = spoil(spoilable, louder(last_layer(spoilable, TALKER)))
    model = load(folder, precision="fp16")
    hear(model, lines(2))
    assert model._parts.runner._slots is None


@pytest.fixture
def unspeakable(spoilable: Path) -> Path:
    """A checkpoint that knows no finite number for a word of the third line."""
    model = load(spoilable)
    others = {token for line in lines(2) for token in model._parts.tokens.text(line.text)}
    word = next(
        token for token in model._parts.tokens.text(lines(3)[2].text) if token not in others
    )

    def change(name: str, tensor: Tensor) -> Tensor:
        if name.endswith("text_embedding.weight"):
            tensor[word] = torch.nan
        return tensor

    return spoil(spoilable, change)


@pytest.mark.parametrize("precision", ["fp32", "fp16"])
@pytest.mark.parametrize("together", [False, True])
def test_what_is_not_finite_in_fp32_either_is_said(
    unspeakable: Path, precision: str, together: bool
):
    model = load(unspeakable, precision=precision)
    before = hear(model, lines(2))
    with pytest.raises(EngineFailed, match="not finite"):
        hear(model, lines(3) if together else lines(3)[2:])
    assert_no_trace(model)
    assert_sounds_equal(hear(model, lines(2)), before)


def test_a_call_given_up_before_it_failed_leaves_nothing_in_the_slots(unspeakable: Path):
    model = load(unspeakable)
    before = hear(model, lines(2))
    # One look for the prompt, two for the frames, and a last one before they are looked at.
    with pytest.raises(StopHere):
        hear(model, [utterance(lines(3)[2].text * 20)], Stopping(4))
    slots = model._parts.runner._slots
    assert slots is not None
    assert slots.talker.isnan().any()
    assert_sounds_equal(hear(model, lines(2)), before)


def assert_no_trace(model: Qwen3Model) -> None:
    slots = model._parts.runner._slots
    assert slots is None or slots.talker.isfinite().all()
