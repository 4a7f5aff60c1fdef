"""How much is done at once: by the setting, by speed, by format, and by what memory holds."""

from typing import Any

import pytest
import torch

from shared.errors import EngineFailed
from shared.settings import Settings
from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import load
from worker.engine.qwen3 import memory
from worker.engine.qwen3.slots import Slots
from worker.engine.timings import Timings

CPU, CUDA = torch.device("cpu"), torch.device("cuda")
AMPLE = 10**12


def rows(**given: Any) -> int:
    chosen: dict[str, Any] = {
        "wanted": 0,
        "form": "fp32",
        "limit": None,
        "timings": None,
        "device": CPU,
        "room": AMPLE,
        "each": 10**8,
    }
    return memory.rows(**{**chosen, **given})


def test_the_setting_decides_where_there_is_one():
    assert rows(wanted=7) == 7
    assert rows(wanted=7, limit=1) == 7


@pytest.mark.parametrize("device", [CPU, CUDA], ids=str)
def test_an_untimed_device_is_trusted_with_some(device: torch.device):
    assert rows(device=device) == memory.UNTIMED[device.type] > 1


def test_a_format_may_allow_fewer():
    assert rows(device=CUDA, form="fp16", limit=1) == 1


def test_what_was_timed_decides():
    timings = Timings(microseconds={"fp32": {1: 100.0, 2: 110.0, 4: 120.0, 8: 10_000.0}})
    assert rows(timings=timings) == timings.fastest_batch("fp32")


@pytest.mark.parametrize(("room", "count"), [(10**9, 8), (2 * 10**8, 1), (10**10, 20)])
def test_no_more_than_memory_holds(room: int, count: int):
    assert rows(wanted=20, room=room) == count


@pytest.mark.parametrize("room", [10**8, 0, -(10**9)])
def test_where_not_one_fits_it_is_said(room: int):
    with pytest.raises(EngineFailed, match=r"a sentence takes 0\.10 GB"):
        rows(room=room)


@torch.inference_mode()
def test_a_row_is_reckoned_at_what_it_takes(tiny: Tiny):
    parts = load(tiny())._parts
    each = memory.row_bytes(parts.language_model, parts.decoder)
    one, three = (Slots(parts.language_model, rows, 1024, 1, 12).nbytes for rows in (1, 3))
    assert each >= (three - one) / 2 + parts.decoder.state(1).nbytes


def test_free_memory_of_a_cpu_is_what_is_available():
    assert 10**7 < memory.free(CPU, Settings(device="cpu")) < 10**14


def test_the_threads_are_those_of_the_setting():
    before = torch.get_num_threads()
    try:
        memory.set_up(CPU, None, Settings(device="cpu", threads=3))
        assert torch.get_num_threads() == 3
        memory.set_up(CPU, None, Settings(device="cpu", threads=0))
        assert torch.get_num_threads() == 3
    finally:
        torch.set_num_threads(before)
