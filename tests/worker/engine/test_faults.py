"""What torch raises becomes an error with a stable code, or stays what it is."""

import gc
import weakref

import pytest
import torch

from shared.errors import CheckpointDamaged, EngineFailed, EnginePoisoned
from worker.engine.faults import explain, explained, fitting, out_of_memory

CPU = torch.device("cpu")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), "engine_failed"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "engine_failed"),
        (RuntimeError("probability tensor contains either `inf`, `nan`"), "engine_failed"),
        (torch.AcceleratorError("CUDA error: device-side assert triggered"), "engine_poisoned"),
        (RuntimeError("CUDA error: an illegal memory access was encountered"), "engine_poisoned"),
        (RuntimeError("cuBLAS failed: CUBLAS_STATUS_EXECUTION_FAILED"), "engine_poisoned"),
    ],
)
def test_known_faults_get_a_code(error: RuntimeError, code: str):
    known = explain(error)
    assert known is not None
    assert known.code == code


def test_the_end_of_a_context_is_raised_as_such():
    with pytest.raises(EnginePoisoned, match="device-side assert"), explained(CPU):
        raise RuntimeError("CUDA error: device-side assert triggered\nCompile with TORCH_USE_CUDA")


def test_a_real_lack_of_memory_is_explained():
    with pytest.raises(EngineFailed, match="memory"), explained(CPU):
        torch.empty(2**50)


def test_an_explanation_keeps_nothing_alive():
    """Whoever waits for what the fault has broken off would wait until garbage is collected."""

    class Work:
        """Something under way."""

    def fail() -> weakref.ref[Work]:
        work = Work()
        left = weakref.ref(work)
        try:
            with explained(CPU):
                torch.empty(2**50)
        except EngineFailed:
            return left
        raise AssertionError

    gc.disable()
    try:
        assert fail()() is None
    finally:
        gc.enable()


def test_an_unknown_fault_stays_what_it_is():
    with pytest.raises(RuntimeError, match="shapes"), explained(CPU):
        raise RuntimeError("shapes do not agree")


@pytest.mark.parametrize(
    ("error", "short"),
    [
        (torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB."), True),
        (RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory: you tried"), True),
        (RuntimeError("CUDA error: device-side assert triggered"), False),
        (RuntimeError("shapes do not agree"), False),
    ],
)
def test_a_lack_of_memory_is_told_from_other_faults(error: RuntimeError, short: bool):
    assert out_of_memory(error) is short


@pytest.mark.parametrize(
    "error", [RuntimeError("size of tensor a"), ValueError("2"), KeyError("a")]
)
def test_a_file_that_does_not_fit_is_named(error: Exception):
    with (
        pytest.raises(CheckpointDamaged, match=r"'tiny': 'model\.safetensors' does not fit"),
        fitting("tiny", "model.safetensors"),
    ):
        raise error


def test_a_lack_of_memory_does_not_damage_a_file():
    with pytest.raises(RuntimeError, match="memory"), fitting("tiny", "model.safetensors"):
        torch.empty(2**50)
