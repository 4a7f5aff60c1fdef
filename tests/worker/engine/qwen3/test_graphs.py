"""Shapes are rounded up where that saves graphs, and nobody hears it."""

from collections.abc import Hashable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch

from shared.requests.sampling import Sampling
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.codes import codes
from tests.worker.engine.qwen3.conftest import Ours
from tests.worker.engine.qwen3.hearing import TOLERANCE, assert_sounds_equal, hear, lines, load
from tests.worker.engine.speech import utterance
from worker.engine.qwen3.graphs import Captured, Eager, Work
from worker.engine.qwen3.harvest import Harvester
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.qwen3.running import POSITIONS, RAMP, ROWS, Runner, rounded

gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="no NVIDIA GPU here")


class Recorded:
    """Static shapes without a GPU: notes what would be captured, and launches it."""

    static = True

    def __init__(self) -> None:
        self.keys: list[Hashable] = []

    def run(self, key: Hashable, work: Work) -> None:
        self.keys.append(key)
        work()

    def forget(self) -> None:
        self.keys.append("forgotten")

    def describe(self) -> str:
        return "recorded"


def rounding(model: Qwen3Model) -> tuple[Qwen3Model, Recorded]:
    """The model with shapes rounded up."""
    graphs, parts = Recorded(), model._parts
    harvester = Harvester(parts.decoder, parts.device, graphs, RAMP[-1])
    parts = replace(parts, runner=Runner(graphs), harvester=harvester)
    return Qwen3Model(parts, model.report), graphs


def shapes(graphs: Recorded) -> set[tuple[Any, ...]]:
    return {key for key in graphs.keys if isinstance(key, tuple)}


def test_eager_work_is_done_at_once_and_says_why():
    eager, done = Eager("GRAPHS=off asks for it"), list[int]()
    eager.run("key", lambda: done.append(1))
    eager.run("key", lambda: done.append(2))
    assert done == [1, 2]
    assert not eager.static
    assert eager.describe() == "eager: GRAPHS=off asks for it"


@pytest.mark.parametrize(
    ("number", "size"), [(1, 1), (3, 4), (4, 4), (9, 12), (128, 128), (200, 128)]
)
def test_sizes_are_rounded_up(number: int, size: int):
    assert rounded(number, ROWS) == size


@pytest.mark.parametrize("lag", [0, 1])
def test_rounded_shapes_draw_the_same_codes(ours: Ours, lag: int):
    exact = ours(form="fp64", batch=6, lag=lag)
    padded, graphs = rounding(exact)
    batch = [*lines(7), *lines(2, sampling=Sampling(top_k=0, top_p=0.9), seed=5)]
    for mine, other in zip(codes(padded, batch), codes(exact, batch), strict=True):
        np.testing.assert_array_equal(mine, other)
    assert_sounds_equal(hear(padded, batch), hear(exact, batch), TOLERANCE)
    assert {key[0] for key in shapes(graphs)} == {"frame", "codec"}
    assert {key[1] for key in shapes(graphs)} <= {1, 2, 4, 6}


def test_few_graphs_serve_many_calls(ours: Ours):
    model, graphs = rounding(ours(form="fp64", batch=4))
    hear(model, [utterance("Many words. " * 30, max_seconds=30.0)])
    hear(model, lines(4))
    graphs.keys.clear()
    for seed in range(6):
        hear(model, lines(1 + seed, seed=seed))
    assert "forgotten" not in graphs.keys
    assert len(graphs.keys) > 100
    frames = {key for key in shapes(graphs) if key[0] == "frame"}
    assert len(frames) <= 4
    assert {key[2] for key in frames} <= set(POSITIONS)
    codecs = {key for key in shapes(graphs) if key[0] == "codec"}
    assert len(codecs) <= 3 * len(RAMP)
    assert {key[2] for key in codecs} <= set(RAMP)


def test_all_batch_sizes_are_met_before_the_first_call(ours: Ours):
    model, graphs = rounding(ours(batch=6))
    stages: list[str] = []
    with torch.inference_mode():
        model._parts.runner.prepare(model._parts.language_model, 6, 12, stages.append)
    assert stages == [
        "capturing frames of 1 row",
        *(f"capturing frames of {rows} rows" for rows in (2, 4, 6)),
    ]
    met = shapes(graphs)
    hear(model, lines(6))
    assert {key for key in shapes(graphs) if key[0] == "frame"} == met


def test_preparing_is_not_heard(ours: Ours):
    fresh, (prepared, _) = ours(batch=4), rounding(ours(batch=4))
    with torch.inference_mode():
        prepared._parts.runner.prepare(prepared._parts.language_model, 4, 12, lambda _: None)
    assert_sounds_equal(hear(prepared, lines(4)), hear(fresh, lines(4)), TOLERANCE)


def test_a_report_says_how_frames_are_launched(tiny: Tiny):
    assert load(tiny()).report.graphs.startswith("eager: there is no CUDA device")


@pytest.mark.gpu
@gpu
def test_a_captured_graph_does_the_work_again():
    device = torch.device("cuda:0")
    graphs, total = Captured(device), torch.zeros(3, device=device)

    def work() -> None:
        total.add_(1)

    for _ in range(5):
        graphs.run("add", work)
    assert total.tolist() == [5, 5, 5]
    assert graphs.describe() == "captured"


@pytest.mark.gpu
@gpu
def test_what_cannot_be_captured_is_launched_from_then_on():
    device = torch.device("cuda:0")
    graphs, total = Captured(device), torch.zeros(3, device=device)

    def work() -> None:
        total.add_(total.sum().item() * 0 + 1)

    for _ in range(3):
        graphs.run("add", work)
    assert total.tolist() == [3, 3, 3]
    assert graphs.describe().startswith("eager: capturing failed")


@pytest.mark.gpu
@gpu
@pytest.mark.parametrize("graphs", ["auto", "off"])
def test_a_gpu_draws_the_same_each_time(tiny: Tiny, graphs: Any):
    model = load(tiny(), device="cuda", precision="fp32", graphs=graphs)
    first = hear(model, lines(6))
    assert_sounds_equal(hear(model, lines(6)), first)
    assert model.report.graphs.startswith("captured" if graphs == "auto" else "eager")
