"""What torch raises becomes an error with a stable code, or stays what it is."""

import pytest
import torch

from shared.errors import EngineFailed, EnginePoisoned
from worker.engine.faults import explain, explained

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


def test_an_unknown_fault_stays_what_it_is():
    with pytest.raises(RuntimeError, match="shapes"), explained(CPU):
        raise RuntimeError("shapes do not agree")
