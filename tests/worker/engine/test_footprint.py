"""What a step costs, on the CPU."""

import sys

import pytest
import torch

from worker.engine.footprint import measured

CPU = torch.device("cpu")
MEBIBYTE = 2**20
on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells of peaks")


@on_linux
def test_peak_counts_what_was_given_back_before_the_end() -> None:
    with measured(CPU) as footprint:
        held = bytearray(64 * MEBIBYTE)
        del held
    assert footprint.peak_bytes is not None
    assert 60 * MEBIBYTE < footprint.peak_bytes < 120 * MEBIBYTE


@on_linux
def test_peak_of_an_earlier_step_does_not_count() -> None:
    with measured(CPU):
        held = bytearray(64 * MEBIBYTE)
        del held
    with measured(CPU) as footprint:
        pass
    assert footprint.peak_bytes is not None
    assert footprint.peak_bytes < 16 * MEBIBYTE


def test_seconds_pass() -> None:
    with measured(CPU) as footprint:
        torch.ones(10).sum()
    assert footprint.seconds > 0
