"""The measurements count what they should on a real service; how fast it is, is not tested."""

import pytest

from tests.stack import Stack
from tools.bench import batching, overhead, pipelines, relay
from tools.bench.service import Service


def service_of(stack: Stack) -> Service:
    pids = {"api": stack.pids["api-0"], "worker": stack.pids["gpu-0"]}
    return Service(stack.url, stack.redis_url, stack.outputs_dir, pids)


def test_the_overhead_is_the_service_less_the_median_of_the_engine(stack: Stack):
    measured = overhead.measure(service_of(stack), jobs=3)

    assert len(measured.engine) == len(measured.added) == 3
    assert measured.added == [value - measured.engine[1] for value in measured.service]
    assert all(
        0 < less < more for less, more in zip(measured.service, measured.connected, strict=True)
    )


@pytest.mark.parametrize("task", ["narration", "npc_pack"])
def test_a_pipeline_s_own_time_is_that_of_its_processes(stack: Stack, task: str):
    measured = pipelines.measure(service_of(stack), task, minutes=0.1)

    processes = [value for what, value in measured.items() if what.startswith("…")]
    assert len(processes) == 3
    assert measured[pipelines.WHOLE] == pytest.approx(sum(processes))
    assert measured[pipelines.WHOLE] > 0
    assert ("assembly, m4b" in measured) == (task == "narration")
    assert all(value >= 0 for value in measured.values())


def test_lines_a_second_are_those_of_a_whole_narration(stack: Stack):
    assert batching.speed(service_of(stack), lines=3) > 0
    (job,) = stack.client().jobs(task="narration", limit=1).items
    assert job.result is not None
    assert job.result["lines"]["spoken"] == 3


@pytest.mark.slow
def test_the_relay_is_measured_for_every_listener_and_chunk(make_stack):
    stack = make_stack(PREVIEW_PACE="0.2")

    one, three = (relay.measure(service_of(stack), count) for count in (1, 3))

    assert len(one) > 20
    assert len(three) % 3 == 0
    assert len(three) > 2 * len(one)
