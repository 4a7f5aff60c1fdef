"""A frame waits for nothing and allocates nothing that stays."""

import gc
from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from shared.requests.sampling import Sampling
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import Operators, lines, load
from worker.engine.qwen3.frame import Draws, advance
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.qwen3.slots import NEVER, Slots

WAITING = {
    f"aten::{name}"
    for name in ("item", "is_nonzero", "_local_scalar_dense", "nonzero", "equal", "masked_select")
}
"""Operators whose result or shape the host has to wait for."""
READING = {"item", "tolist", "numpy", "cpu", "__bool__", "__int__", "__float__", "__index__"}
"""Methods that bring values to the host."""
FORMATS = [
    {"precision": "fp32"},
    {"precision": "bf16"},
    {"precision": "fp16"},
    {"quantization": "int8"},
]
DRAWS = [Draws(), Draws(wide=True), Draws(nucleus=True), Draws(wide=True, nucleus=True)]


class Unread(TorchFunctionMode):
    """Objects to methods that bring values to the host."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        assert getattr(func, "__name__", "") not in READING
        return func(*args, **(kwargs or {}))


def refuse_waiting(name: str, args: tuple[Any, ...]) -> None:
    assert name not in WAITING
    indices = [index for arg in args if isinstance(arg, list | tuple) for index in arg]
    assert not any(isinstance(it, Tensor) and it.dtype == torch.bool for it in indices)


def begun(model: Qwen3Model, count: int = 3, **fields: Any) -> Slots:
    """Slots in which the first lines begin."""
    weights = model._parts.language_model
    slots = Slots(weights, 4, 256, 1, 12)
    nothing = torch.zeros(0, 16, dtype=torch.long).numpy()
    for row, line in enumerate(lines(count, **fields)):
        inputs, trailing = weights.inputs(model._prompt(line), None, nothing)
        slots.admit(row, inputs, trailing, line.sampling, line.seed, nothing)
    return slots


def tensors() -> int:
    """How many there are."""
    gc.collect()
    return sum(issubclass(type(thing), Tensor) for thing in gc.get_objects())


def addresses(slots: Slots) -> dict[str, int]:
    return {
        name: value.data_ptr() for name, value in vars(slots).items() if isinstance(value, Tensor)
    }


@pytest.mark.parametrize("draws", DRAWS, ids=str)
@pytest.mark.parametrize("settings", FORMATS, ids=str)
@torch.inference_mode()
def test_the_host_waits_for_no_value(tiny: Tiny, settings: dict[str, Any], draws: Draws):
    slots = begun(load(tiny(), **settings))
    if draws.wide:
        slots.noise.widen()
    with Unread(), Operators(refuse_waiting):
        advance(slots, 3, 128, draws)
    assert slots.frames.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(
    "wait",
    [
        lambda x: x.sum().item(),
        lambda x: bool(x.any()),
        lambda x: [1, 2][x[0].long()],
        lambda x: x[x > 0],
        lambda x: x.cpu(),
        lambda x: x.tolist(),
    ],
)
@torch.inference_mode()
def test_such_a_wait_would_be_noticed(wait: Callable[[Tensor], Any]):
    x = torch.ones(2)
    with pytest.raises(AssertionError), Unread(), Operators(refuse_waiting):
        wait(x)


@torch.inference_mode()
def test_everything_stays_where_it_is(tiny: Tiny):
    slots = begun(load(tiny()))
    before = addresses(slots)
    advance(slots, 3, 128, Draws())
    count = tensors()
    for _ in range(5):
        advance(slots, 3, 128, Draws())
    assert tensors() == count
    assert addresses(slots) == before


@torch.inference_mode()
def test_rows_beyond_the_live_ones_are_left_alone(tiny: Tiny):
    slots = begun(load(tiny()))
    frames, hidden = slots.frames.clone(), slots.hidden.clone()
    advance(slots, 2, 128, Draws())
    assert (slots.frames - frames).tolist() == [1, 1, 0, 0]
    assert torch.equal(slots.hidden[2:], hidden[2:])
    assert not torch.equal(slots.hidden[:2], hidden[:2])


@torch.inference_mode()
def test_a_free_row_that_goes_on_for_ever_stays_in_its_memory(tiny: Tiny):
    slots = begun(load(tiny()))
    slots.positions[3] = slots.capacity - 2
    for _ in range(6):
        slots.cursor.zero_()
        slots.noise.advance(0, int(slots.frames[0]))
        advance(slots, 4, 256, Draws())
    assert slots.positions[3] == slots.capacity - 1
    assert bool(slots.finite.all())


@torch.inference_mode()
def test_the_first_end_that_is_drawn_counts(tiny: Tiny):
    slots = begun(load(tiny()), sampling=Sampling(do_sample=False))
    eos = slots.model.dimensions.codec.eos
    assert slots.ended.tolist()[:3] == [NEVER] * 3
    for frame in range(4):
        slots.scores[0, eos] = 1e4
        advance(slots, 3, 128, Draws())
        assert slots.ended[0] == (NEVER if frame < 2 else 2)
    assert slots.codes[0, 2:4, 0].tolist() == [eos, eos]


@pytest.mark.parametrize("part", ["scores", "hidden"])
@torch.inference_mode()
def test_a_row_with_values_that_are_not_finite_is_marked_and_no_other(tiny: Tiny, part: str):
    slots = begun(load(tiny()))
    getattr(slots, part)[1] = torch.nan
    advance(slots, 3, 128, Draws())
    # Scores alone may be drawn from without a trace; they are looked at as they are made.
    assert slots.finite[:3].tolist() == [True, part == "scores", True]


@torch.inference_mode()
def test_what_a_row_makes_after_its_end_does_not_matter(tiny: Tiny):
    slots = begun(load(tiny()))
    slots.ended[1], slots.hidden[1] = 0, torch.nan
    advance(slots, 3, 128, Draws())
    assert bool(slots.finite.all())


@torch.inference_mode()
def test_a_frame_that_failed_half_way_can_be_made_again(tiny: Tiny):
    model = load(tiny(), precision="fp32")
    whole, broken = begun(model), begun(model)
    advance(whole, 3, 128, Draws())
    calls = 0

    def see(name: str, args: tuple[Any, ...]) -> None:
        nonlocal calls
        calls += 1
        if calls == 400:
            raise torch.OutOfMemoryError("CUDA out of memory.")

    with Operators(see), pytest.raises(torch.OutOfMemoryError):
        advance(broken, 3, 128, Draws())
    advance(broken, 3, 128, Draws())
    for name in ("codes", "hidden", "scores", "frames", "positions", "talker"):
        assert torch.equal(getattr(whole, name)[:3], getattr(broken, name)[:3])


def test_draws_are_as_plain_as_all_rows_allow():
    plain = Sampling()
    assert Draws.of([plain, plain]) == Draws()
    assert Draws.of([plain, Sampling(top_k=0)]) == Draws(wide=True)
    assert Draws.of([plain, Sampling(subtalker_top_p=0.5)]) == Draws(nucleus=True)
