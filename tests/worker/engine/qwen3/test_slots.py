"""Rows share memory and nothing else."""

from typing import Any

import numpy as np
import pytest
import torch

from shared.requests.sampling import Sampling
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.qwen3.hearing import hear, lines, load
from tests.worker.engine.qwen3.test_frame import begun
from tests.worker.engine.qwen3.test_graphs import Recorded
from tests.worker.engine.speech import utterance
from worker.engine.qwen3.frame import Draws, advance
from worker.engine.qwen3.graphs import Eager
from worker.engine.qwen3.running import Runner
from worker.engine.qwen3.slots import Slots


@pytest.fixture(scope="module")
def fp64(ours: Ours) -> Any:
    return ours(form="fp64", batch=4)


def held(slots: Slots, row: int) -> list[torch.Tensor]:
    """All that the frames of a row read."""
    parts = (slots.hidden, slots.scores, slots.seen, slots.positions, slots.frames, slots.ended)
    parts = (*parts, slots.finite, slots.trailing, slots.last_trailing)
    return [part[row].clone() for part in parts] + [slots.talker[:, :, row].clone()]


def drawn(slots: Slots, rows: int, row: int, frames: int) -> list[list[int]]:
    """Further frames of a row, among so many live ones."""
    slots.cursor.zero_()
    for _ in range(frames):
        advance(slots, rows, 128, Draws())
    return slots.codes[row, :frames].tolist()


@torch.inference_mode()
def test_a_row_that_moves_goes_on_as_it_would_have(fp64: Any):
    stays, moves = begun(fp64), begun(fp64)
    for slots in (stays, moves):
        drawn(slots, 3, 2, 3)
    moves.move(2, 0)
    for kept, moved in zip(held(stays, 2), held(moves, 0), strict=True):
        assert torch.equal(kept, moved)
    assert drawn(moves, 1, 0, 6) == drawn(stays, 3, 2, 6)


@torch.inference_mode()
def test_fewer_rows_are_the_first_ones(fp64: Any):
    few, many = begun(fp64), begun(fp64)
    assert drawn(few, 1, 0, 5) == drawn(many, 3, 0, 5)


def test_a_longer_row_before_it_changes_nothing(ours: Ours):
    model = ours(form="fp64", batch=1)
    short = lines(1)
    model._parts.runner.forget()
    (alone,) = codes(model, short)
    codes(model, [utterance("Many words. " * 8, seed=3, max_seconds=4.0)])
    np.testing.assert_array_equal(codes(model, short)[0], alone)


@torch.inference_mode()
def test_not_even_values_that_are_not_finite_reach_the_next_row(fp64: Any):
    clean, soiled = begun(fp64), begun(fp64)
    for value in vars(soiled).values():
        if isinstance(value, torch.Tensor) and value.is_floating_point():
            value.fill_(torch.nan)
    line = lines(1)[0]
    nothing = np.zeros((0, 16), np.int64)
    for slots in (clean, soiled):
        inputs, trailing = slots.model.inputs(fp64._prompt(line), None, nothing)
        slots.admit(0, inputs, trailing, line.sampling, line.seed, nothing)
    assert drawn(clean, 1, 0, 6) == drawn(soiled, 1, 0, 6)
    assert bool(soiled.finite[0])


@torch.inference_mode()
def test_a_prompt_that_is_not_finite_is_marked_as_it_is_read(fp64: Any):
    slots, line = begun(fp64), lines(1)[0]
    nothing = np.zeros((0, 16), np.int64)
    inputs, trailing = slots.model.inputs(fp64._prompt(line), None, nothing)
    inputs[-1] = torch.nan
    slots.admit(1, inputs, trailing, line.sampling, line.seed, nothing)
    assert slots.finite[:3].tolist() == [True, False, True]


def test_rows_that_draw_from_all_codes_change_nothing_for_others(ours: Ours):
    model = ours(form="fp64", batch=4)
    narrow, wide = lines(3), lines(3, sampling=Sampling(top_k=0, subtalker_top_k=200))
    nucleus = lines(3, sampling=Sampling(top_p=0.7))
    mixed = [narrow[0], wide[1], nucleus[2], narrow[1]]
    one = ours(form="fp64", batch=1)
    for row, line in zip(codes(model, mixed), mixed, strict=True):
        np.testing.assert_array_equal(row, codes(one, [line])[0])


def test_going_on_from_codes_draws_what_would_have_come(fp64: Any):
    """A row that is admitted again, with its codes, after whatever was lost."""
    with torch.inference_mode():
        weights, line = fp64._parts.language_model, lines(2)[1]
        slots = Slots(weights, 1, 256, 1, 12)

        def begin(past: Any) -> None:
            inputs, trailing = weights.inputs(fp64._prompt(line), None, past)
            slots.admit(0, inputs, trailing, line.sampling, line.seed, past)

        begin(np.zeros((0, 16), np.int64))
        whole = np.array(drawn(slots, 1, 0, 8))
        for kept in (1, 5):
            begin(whole[:kept])
            np.testing.assert_array_equal(drawn(slots, 1, 0, 8 - kept), whole[kept:])


def test_memory_stays_as_it_is_over_many_calls(tiny: Tiny):
    model = load(tiny())
    hear(model, [utterance("Many words. " * 30, seed=3, max_seconds=12.0)])
    hear(model, lines(4))
    slots = model._parts.runner._slots
    assert slots is not None
    before = slots.nbytes
    for count in (1, 4, 2, 3, 6, 1):
        hear(model, lines(count, seed=count, max_seconds=float(count)))
        assert model._parts.runner._slots is slots
    assert slots.nbytes == before


def test_slots_are_kept_while_batches_fit_and_no_larger_than_they_need(tiny: Tiny):
    model = load(tiny())
    weights = model._parts.language_model
    shape: dict[str, Any] = {"trailing": 1, "chunk": 12}
    runner = Runner(Eager("a test asks for it"))
    with torch.inference_mode():
        many = runner.slots(weights, rows=4, positions=100, **shape)
        assert runner.slots(weights, rows=2, positions=200, **shape) is many
        long = runner.slots(weights, rows=1, positions=2000, **shape)
        assert (long.rows, long.capacity) == (1, 2048)
        short = runner.slots(weights, rows=1, positions=300, **shape)
        assert (short.rows, short.capacity) == (1, 512)


def test_where_graphs_are_kept_slots_grow_so_that_shapes_do_not_take_turns(tiny: Tiny):
    model = load(tiny())
    weights = model._parts.language_model
    shape: dict[str, Any] = {"trailing": 1, "chunk": 12}
    runner = Runner(Recorded())
    with torch.inference_mode():
        runner.slots(weights, rows=4, positions=100, **shape)
        grown = runner.slots(weights, rows=1, positions=300, **shape)
        assert (grown.rows, grown.capacity) == (4, 512)
        assert runner.slots(weights, rows=3, positions=500, **shape) is grown
