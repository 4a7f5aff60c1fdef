"""The monitor, on a machine with a card and on this one."""

import logging
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.worker.nvml import Card, Nvml, NVMLError
from worker.monitor import Monitor

PATIENCE = 10.0
NAME = "NVIDIA H200"
Watch = Callable[..., Monitor]


@pytest.fixture
def nvml() -> Nvml:
    return Nvml([Card("GPU-a")])


@pytest.fixture
def watch() -> Iterator[Watch]:
    """A monitor that has begun."""
    begun: list[Monitor] = []

    def begin(library: Any, setting: str = "auto", name: str = NAME, **times: float) -> Monitor:
        times = {"every": 0.01, "retry": 0.01, **times}
        monitor = Monitor(setting, name, lambda: library, {}, **times)
        begun.append(monitor)
        monitor.start()
        return monitor

    yield begin
    for monitor in begun:
        monitor.stop()


def eventually(holds: Callable[[], object]) -> None:
    until = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.005)


def threads() -> set[threading.Thread]:
    return {thread for thread in threading.enumerate() if thread.name == "monitor"}


def test_card_is_read(watch: Watch, nvml: Nvml) -> None:
    monitor = watch(nvml)
    eventually(monitor.gpu)
    reading = monitor.gpu()
    assert reading
    assert (reading.name, reading.utilization) == (NAME, 0.87)


def test_readings_follow_the_card(watch: Watch, nvml: Nvml) -> None:
    monitor = watch(nvml)
    eventually(monitor.gpu)
    nvml.processes.clear()
    eventually(lambda: (reading := monitor.gpu()) and reading.memory_own_bytes is None)


def test_on_the_cpu_no_card_is_looked_for(watch: Watch, nvml: Nvml) -> None:
    before = threads()
    assert watch(nvml, name="cpu").gpu() is None
    assert threads() <= before
    assert nvml.sessions == []


@pytest.mark.parametrize("setting", ["cuda:7", "cuda:x"])
def test_card_that_is_not_there_is_absent(
    watch: Watch, nvml: Nvml, setting: str, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = watch(nvml, setting)
    eventually(lambda: caplog.records)
    assert monitor.gpu() is None


def test_this_machine_is_asked_without_fault(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    monitor = Monitor("cuda:99", NAME, retry=0.01)
    monitor.start()
    eventually(lambda: caplog.records)
    monitor.stop()
    assert monitor.gpu() is None
    assert "cannot be read" in caplog.text


def test_driver_that_fails_is_told_of_once_and_asked_again(
    watch: Watch, nvml: Nvml, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = watch(nvml)
    eventually(monitor.gpu)
    nvml.fault = NVMLError("GPU is lost")
    eventually(lambda: nvml.sessions.count("ended") > 3)
    assert monitor.gpu() is None
    assert [record.message for record in caplog.records] == [
        "The GPU cannot be read for now, which harms no job: GPU is lost."
    ]
    nvml.fault = None
    eventually(monitor.gpu)


def test_driver_that_hangs_makes_the_reading_disappear_and_nobody_wait(
    watch: Watch, nvml: Nvml, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = watch(nvml, fresh=1.0)
    eventually(monitor.gpu)
    nvml.hang = threading.Event()
    eventually(lambda: monitor.gpu() is None)
    assert monitor.gpu() is None
    assert len(caplog.records) == 1
    assert "has not answered" in caplog.text
    hung, nvml.hang = nvml.hang, None
    hung.set()
    eventually(monitor.gpu)


def test_any_other_fault_of_a_library_stays_with_the_monitor(
    watch: Watch, caplog: pytest.LogCaptureFixture
) -> None:
    monitor = watch(object())
    eventually(lambda: caplog.records)
    assert monitor.gpu() is None


def test_library_is_shut_down_at_the_end(watch: Watch, nvml: Nvml) -> None:
    monitor = watch(nvml)
    eventually(monitor.gpu)
    monitor.stop()
    eventually(lambda: nvml.sessions == ["begun", "ended"])


def test_process_is_read_everywhere() -> None:
    reading = Monitor("auto", "cpu").process()
    assert reading.memory_total_bytes > reading.memory_bytes > 0
    assert reading.cpu_percent >= 0
