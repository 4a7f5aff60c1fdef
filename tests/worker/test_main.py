"""How the process ends where it cannot begin."""

import subprocess
import sys
from pathlib import Path

import pytest

from worker.runner import POISONED

BROKEN_CARD = """
import sys, torch
from types import SimpleNamespace

def fail(*_, **__):
    raise RuntimeError("CUDA error: an illegal memory access was encountered")

turing = SimpleNamespace(name="GeForce GTX 1660 Ti", major=7, minor=5, total_memory=6 * 2**30)
torch.cuda.device_count = lambda: 1
torch.cuda.get_device_properties = lambda _: turing
torch.cuda.set_device = lambda _: None
torch.randn = fail

from worker.__main__ import main
sys.exit(main(sys.argv[1:]))
"""
"""A worker on a card whose first product fails, as far as torch tells."""


def ended(run_dir: Path, *arguments: str) -> tuple[int, str]:
    """The exit status of a worker, and what it complained of."""
    run = ["--redis-url", "unix:///nowhere", "--run-dir", str(run_dir)]
    done = subprocess.run(
        [sys.executable, *arguments, *run], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


@pytest.mark.slow
def test_a_card_that_fails_at_the_start_ends_the_process_as_poisoned(tmp_path: Path):
    status, said = ended(tmp_path, "-c", BROKEN_CARD, "--engine", "qwen3", "--device", "cuda:0")
    assert status == POISONED
    assert "The GPU failed: CUDA error" in said


@pytest.mark.slow
def test_a_device_that_is_not_there_ends_it_as_a_setting(tmp_path: Path):
    status, said = ended(tmp_path, "-m", "worker", "--engine", "qwen3", "--device", "cuda:99")
    assert status == 2
    assert "cuda:99" in said
