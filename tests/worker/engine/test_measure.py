"""Products are timed once on a device, and what was measured is kept."""

import stat
import sys
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NoReturn

import pytest
import torch

from tests.worker.nvml import NVMLError
from worker.engine import device, measure
from worker.engine.measure import FILE, formats, measured
from worker.engine.precision import Card
from worker.engine.timings import ROWS, Timings

CPU = torch.device("cpu")
TURING = Card("NVIDIA GeForce GTX 1660 Ti", (7, 5), 6 * 2**30)
HOPPER = Card("NVIDIA H200", (9, 0), 140 * 2**30)


@pytest.fixture(scope="module")
def timings() -> Timings:
    """What was measured here, as if nothing else had run meanwhile."""
    return measure.measure(CPU, None).model_copy(update={"disturbed": False})


@pytest.fixture
def run_dir(tmp_path: Path, timings: Timings) -> Path:
    """A folder that keeps it."""
    return keep(tmp_path / "run", timings)


def keep(folder: Path, timings: Timings) -> Path:
    measure.keeping(folder).add(measure._key(CPU, None), timings)
    return folder


def kept(folder: Path) -> Timings | None:
    return measure.keeping(folder).read().get(measure._key(CPU, None))


def test_every_format_of_a_cpu_is_timed_at_every_batch(timings: Timings):
    assert timings.formats == ["fp32", "bf16", "int8"]
    assert all(tuple(times) == ROWS for times in timings.microseconds.values())


def test_a_card_is_timed_in_formats_that_it_computes_in():
    assert formats(TURING) == ("fp32", "fp16")
    assert formats(HOPPER) == ("fp32", "fp16", "bf16")


def test_what_was_measured_is_not_measured_again(run_dir: Path, timings: Timings):
    assert measured(CPU, None, run_dir) == timings
    assert kept(run_dir) == timings


def test_it_is_measured_again_when_asked_to(run_dir: Path, timings: Timings):
    assert measured(CPU, None, run_dir, anew=True) != timings


def test_another_number_of_threads_is_another_machine(run_dir: Path, timings: Timings):
    threads = torch.get_num_threads()
    torch.set_num_threads(threads + 1)
    try:
        assert kept(run_dir) is None
    finally:
        torch.set_num_threads(threads)
    assert kept(run_dir) == timings


@pytest.mark.parametrize("damage", [b"\xff{", b'{"a card": {"microseconds": {"fp8": {"1": 1.0}}}}'])
def test_a_damaged_file_is_measured_anew(tmp_path: Path, damage: bytes):
    (tmp_path / FILE).write_bytes(damage)
    assert kept(tmp_path) is None
    assert tuple(measured(CPU, None, tmp_path).microseconds["fp32"]) == ROWS


def test_a_measurement_that_lacks_a_batch_is_made_anew(tmp_path: Path, timings: Timings):
    short = {name: {1: 1.0, 2: 1.0} for name in timings.formats}
    keep(tmp_path, timings.model_copy(update={"microseconds": short}))
    assert tuple(measured(CPU, None, tmp_path).microseconds["fp32"]) == ROWS


def test_a_clock_notes_that_it_had_to_wait():
    """As it must where other programs have the CPU."""

    def waiting(_: torch.Tensor) -> None:
        time.sleep(0.001)

    clock, products = measure.Clock(CPU), [waiting, waiting]
    untyped: Any = products
    clock.time(untyped, [torch.ones(1), torch.ones(1)])
    assert clock.disturbed


def test_a_folder_that_cannot_be_written_costs_only_the_next_start(tmp_path: Path):
    (tmp_path / "run").write_text("a file stands where the folder should be")
    assert measured(CPU, None, tmp_path / "run").formats


def test_only_the_owner_may_look_into_the_folder(run_dir: Path):
    assert stat.S_IMODE(run_dir.stat().st_mode) == 0o700


def test_a_card_whose_driver_cannot_be_asked_has_an_unknown_one(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "pynvml", None)
    assert "driver unknown" in measure._key(CPU, TURING)


def test_a_driver_that_does_not_answer_is_unknown(monkeypatch: pytest.MonkeyPatch):
    def refuse() -> NoReturn:
        raise NVMLError

    library = SimpleNamespace(nvmlInit=refuse, NVMLError=NVMLError)
    monkeypatch.setitem(sys.modules, "pynvml", library)
    assert "driver unknown" in measure._key(CPU, TURING)


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs an NVIDIA GPU")
def test_a_card_is_timed_as_frames_are_replayed(tmp_path: Path):
    cuda = torch.device("cuda:0")
    card = device.card(cuda)
    timings = measured(cuda, card, tmp_path)
    assert set(timings.formats) == set(formats(card))
    assert measured(cuda, card, tmp_path) == timings
