"""One stack over static keys: what lies beyond a row's own positions is never heard."""

import pytest
import torch
from torch import Tensor

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import load
from worker.engine.qwen3.linear import Format
from worker.engine.qwen3.stack import Stack, mask, numbers, rotated, rotations

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def talker(tiny: Tiny) -> Stack:
    return load(tiny())._parts.language_model.talker


def heard(stack: Stack, x: Tensor, cache: Tensor, past: int, length: int) -> Tensor:
    """One position after `past` others, of which `length` keys are read."""
    positions = torch.full((len(x),), past)
    turns = rotations(stack.shape, past + 1, stack.numbers, CPU)
    return stack.step(
        x,
        turns[positions][:, None],
        cache,
        (torch.arange(len(x)), slice(None), positions),
        length,
        mask(positions, length, cache.dtype),
    )


def drawn(*shape: int) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


@torch.inference_mode()
def test_keys_beyond_a_row_are_not_heard(talker: Stack):
    x = drawn(2, 9, talker.shape.hidden)
    turns = rotations(talker.shape, 8, talker.numbers, CPU)[:, None]
    outputs: list[Tensor] = []
    for rubbish, length in ((0.0, 9), (100.0, 9), (-7.0, 32)):
        cache = talker.cache(2, 32)
        cache.fill_(rubbish)
        talker.prefill(x[:, :8], turns, cache, slice(None))
        outputs.append(heard(talker, x[:, 8], cache, 8, length))
    torch.testing.assert_close(outputs[0], outputs[1], rtol=0, atol=1e-5)
    torch.testing.assert_close(outputs[0], outputs[2], rtol=0, atol=1e-5)


@torch.inference_mode()
def test_a_prefill_of_a_row_leaves_the_others_alone(talker: Stack):
    cache = talker.cache(3, 16)
    cache.fill_(3.0)
    turns = rotations(talker.shape, 4, talker.numbers, CPU)[:, None]
    talker.prefill(drawn(1, 4, talker.shape.hidden), turns, cache, slice(1, 2))
    assert bool((cache[:, :, [0, 2]] == 3).all())
    assert bool((cache[:, :, 1, :, 4:] == 3).all())
    assert not bool((cache[:, :, 1, :, :4] == 3).any())


@torch.inference_mode()
def test_positions_appended_to_a_prefill_change_nothing_before_them(talker: Stack):
    x = drawn(1, 8, talker.shape.hidden)
    turns = rotations(talker.shape, 8, talker.numbers, CPU)[:, None]
    short = talker.prefill(x[:, :5], turns[:5], talker.cache(1, 8), slice(None))
    long = talker.prefill(x, turns, talker.cache(1, 8), slice(None))
    torch.testing.assert_close(long[:, :5], short, rtol=0, atol=1e-5)


def test_the_mask_shows_a_row_its_own_positions():
    shown = mask(torch.tensor([0, 2]), 4, torch.float32) == 0
    assert shown[:, 0, 0].tolist() == [[True, False, False, False], [True, True, True, False]]


def test_rotation_keeps_lengths_and_depends_on_distance_alone(talker: Stack):
    turns = rotations(talker.shape, 12, numbers("fp64", CPU), CPU)[:, None]
    heads = drawn(2, talker.shape.head_dim).double()
    near = [rotated(heads[:1], turns[at]) @ rotated(heads[1:], turns[at + 3]).t() for at in (0, 7)]
    torch.testing.assert_close(near[0], near[1], rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(rotated(heads, turns[5]).norm(dim=1), heads.norm(dim=1))


@pytest.mark.parametrize(
    ("form", "device", "residual", "shift"),
    [
        ("fp64", "cpu", torch.float64, 0),
        ("fp32", "cuda", torch.float32, 0),
        ("fp16", "cuda", torch.float32, 4),
        ("fp16", "cpu", torch.float32, 4),
        ("bf16", "cuda", torch.bfloat16, 0),
        ("bf16", "cpu", torch.float32, 0),
        ("int8", "cpu", torch.float32, 0),
    ],
)
def test_the_residual_is_wide_wherever_the_format_is_narrow(
    form: Format, device: str, residual: torch.dtype, shift: int
):
    chosen = numbers(form, torch.device(device))
    assert (chosen.residual, chosen.shift) == (residual, shift)
    assert chosen.exact in (torch.float32, torch.float64)
