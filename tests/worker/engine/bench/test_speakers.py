"""Engines that speak to be measured, on a tiny checkpoint."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pytest

from tests.worker.engine.conftest import Tiny
from worker.engine.bench import operations
from worker.engine.bench.ours import Ours
from worker.engine.bench.report import Contender, EngineName
from worker.engine.bench.shipped import Shipped
from worker.engine.bench.take import GREEDY, Order, Speaker

Speaking = Callable[[EngineName], Speaker]


@pytest.fixture(scope="module")
def speaking(tiny: Tiny) -> Speaking:
    @cache
    def speaker(engine: EngineName) -> Speaker:
        family = Shipped if engine == "package" else Ours
        contender = Contender(engine=engine, form="fp32")
        return family(tiny(ends=False), contender, "cpu", 0, 4)

    return speaker


@pytest.mark.parametrize("rows", [1, 3])
def test_both_say_the_same(speaking: Speaking, rows: int):
    order = Order(rows, 3, GREEDY)
    ours, theirs = (speaking(engine).speak(order).codes for engine in ("ours", "package"))

    assert len(ours) == len(theirs) == rows
    for mine, other in zip(ours, theirs, strict=True):
        assert len(other) == order.frames
        np.testing.assert_array_equal(mine[: order.frames], other)


@pytest.mark.parametrize("engine", ["ours", "package"])
def test_every_part_of_a_call_takes_time(speaking: Speaking, engine: EngineName):
    take = speaking(engine).speak(Order(2, 3))

    assert min(take.prefill, take.language_model, take.codec, take.first_audio) > 0
    assert take.first_audio <= take.seconds
    assert take.frames * take.codec <= take.seconds


def test_ours_is_heard_after_two_frames_and_the_package_after_the_last(speaking: Speaking):
    order = Order(1, 3)

    assert speaking("ours").speak(order).frames_before_sound == 2
    assert speaking("package").speak(order).frames_before_sound == order.frames


def test_calls_of_ours_end_with_a_chunk(speaking: Speaking):
    assert speaking("ours").speak(Order(1, 3)).frames == 2 + 4 + 8
    assert [Order(1, 3).frames, Order(2, 3).frames] == [2 + 4 + 8 - 1, 4 + 8 - 1]


def test_ours_launches_less_than_the_package(speaking: Speaking):
    ours, theirs = (
        operations.count(speaking(engine), cuda=False) for engine in ("ours", "package")
    )

    assert ours.language_model
    assert theirs.language_model
    assert ours.language_model < theirs.language_model
    assert ours.codec_call
    assert theirs.codec_call
    assert ours.kernels is None


def test_figures_of_a_call_are_those_of_its_parts(speaking: Speaking):
    order = Order(2, 3)
    whole, parts = (speaking("ours").speak(order) for _ in range(2))
    speed = whole.speed(parts, 10**9)

    assert speed.total_ms == pytest.approx(1e3 * whole.seconds / order.frames)
    assert speed.language_model_ms == pytest.approx(1e3 * parts.language_model)
    assert speed.realtime == pytest.approx(2 * 80 / speed.total_ms)
