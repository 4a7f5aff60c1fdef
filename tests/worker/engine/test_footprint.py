"""What a step costs, on the CPU."""

import mmap
import sys

import pytest
import torch

from worker.engine.footprint import measured

CPU = torch.device("cpu")
MEBIBYTE = 2**20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of peaks")


def hold_for_a_moment() -> None:
    """New pages, all touched: `malloc` might have given memory that the process holds already."""
    with mmap.mmap(-1, 64 * MEBIBYTE) as held:
        for page in range(0, len(held), mmap.PAGESIZE):
            held[page] = 1


@on_linux
def test_peak_counts_what_was_given_back_before_the_end() -> None:
    with measured(CPU) as footprint:
        hold_for_a_moment()
    assert footprint.peak_bytes is not None
    assert 60 * MEBIBYTE < footprint.peak_bytes < 120 * MEBIBYTE


@on_linux
def test_peak_of_an_earlier_step_does_not_count() -> None:
    with measured(CPU):
        hold_for_a_moment()
    with measured(CPU) as footprint:
        pass
    assert footprint.peak_bytes is not None
    assert footprint.peak_bytes < 16 * MEBIBYTE


def test_seconds_pass() -> None:
    with measured(CPU) as footprint:
        torch.ones(10).sum()
    assert footprint.seconds > 0
