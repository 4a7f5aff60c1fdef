"""The System page: what a worker's card, checkpoints and caches look like."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest

from shared.client import AsyncClient
from shared.jobs import EngineInfo
from shared.readings import CacheStats, GpuReading, LoadedModel, ModelReport, ProcessReading
from shared.status import WorkerStatus
from tests.stack import Stack
from ui.dashboard import Dashboard
from ui.markup import Html
from ui.pages import system, worker

GIGABYTE = 10**9
GPU = GpuReading(
    name="NVIDIA GeForce GTX 1660 Ti",
    utilization=0.87,
    memory_bytes=3 * GIGABYTE,
    memory_total_bytes=6 * GIGABYTE,
    memory_own_bytes=2 * GIGABYTE,
    temperature=64,
    power=78.4,
    power_limit=80,
    clock=1770,
)
REPORT = ModelReport(4.2, 2 * GIGABYTE, 4, "fp16+fp32", graphs="eager: capture failed")


def status(**told: Any) -> WorkerStatus:
    engine = EngineInfo(
        name="qwen3",
        version="1",
        device="cpu",
        precision="fp32",
        preview=False,
        checkpoint="",
        revision="",
    )
    known: dict[str, Any] = {
        "name": "gpu-0",
        "host": "here",
        "pid": 1,
        "version": "",
        "started_at": time.time(),
        "engine": engine,
        "reason": "",
        "ready": True,
        "told_at": time.time(),
        "job": None,
        "loaded": {},
    }
    return WorkerStatus(**{**known, **told})


def test_the_card_is_shown_with_its_bars():
    shown = worker.card(status(gpu=GPU))
    for said in (GPU.name, "87%", "3 GB of 6 GB", "2 GB", "64 °C", "78 of 80 W", "1770 MHz"):
        assert said in shown
    assert 'value="0.870"' in shown
    assert 'value="0.500"' in shown


def test_without_a_card_there_is_no_empty_box():
    shown = worker.card(status())
    assert shown.count("<dl") == 1
    for name in ("GPU", "Utilisation", "Temperature", "Power"):
        assert name not in shown


def test_what_the_card_does_not_tell_is_left_out():
    shown = worker.card(status(gpu=GpuReading(name="Quiet", temperature=40)))
    assert "40 °C" in shown
    assert "Power" not in shown
    assert "None" not in shown


def test_what_the_process_takes_is_shown():
    reading = ProcessReading(memory_bytes=GIGABYTE, memory_total_bytes=16 * GIGABYTE, cpu_percent=9)
    shown = worker.card(status(process=reading))
    assert "9 % of a core" in shown
    assert "1 GB of 16 GB" in shown


def test_caches_are_shown_with_hit_rates_and_a_button():
    stats = {
        "prompts": CacheStats(3, GIGABYTE, 2 * GIGABYTE, 3, 1),
        "codes": CacheStats(0, 0, 0, 0, 0),
    }
    shown = worker.caches([status(caches=stats)])
    assert shown
    assert "75% (3 of 4)" in shown
    assert "1 GB of 2 GB" in shown
    assert "(off)" in shown
    assert "not asked yet" in shown
    assert 'data-action="clear_caches"' in shown


def test_without_caches_there_is_nothing_to_empty():
    assert worker.caches([status()]) is None


def test_a_loaded_checkpoint_says_how_it_runs():
    holder = status(loaded={"0.6B-CustomVoice": LoadedModel(GIGABYTE, REPORT)})
    shown = worker.loaded("0.6B-CustomVoice", [status(name="gpu-1"), holder])
    for said in ("gpu-0", "1 GB, fp16+fp32", "4.2 s (peak 2 GB)", "4 at once", "capture failed"):
        assert said in shown
    assert "gpu-1" not in shown


def test_a_checkpoint_that_nobody_holds_is_not_loaded():
    assert worker.loaded("0.6B-CustomVoice", [status()]) == "not loaded"


def press(stack: Stack, action: str) -> Html:
    async def pressed() -> Html:
        client = AsyncClient(stack.url)
        try:
            return await system.act(Dashboard(client), action, "")
        finally:
            await client.close()

    return asyncio.run(pressed())


@pytest.mark.redis
def test_the_button_empties_the_caches_of_a_running_service(stack: Stack):
    assert "gpu-0 will empty the caches" in press(stack, "clear_caches")


@pytest.mark.redis
def test_an_action_that_no_button_has_does_nothing(stack: Stack):
    assert press(stack, "close") == ""


@pytest.mark.redis
def test_without_a_worker_the_button_says_what_to_do(make_stack: Callable[..., Stack]):
    stack = make_stack()
    stack.kill_worker(15)
    assert 'role="alert"' in press(stack, "clear_caches")
