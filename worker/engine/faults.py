"""What torch raises, in the words of this service."""

import gc
import re
from collections.abc import Generator
from contextlib import contextmanager

import torch

from shared.errors import EngineFailed, EnginePoisoned

_OUT_OF_MEMORY = re.compile(r"not enough memory|can't allocate memory|out of memory", re.I)
_POISONED = re.compile(r"CUDA error|CUDNN_STATUS|CUBLAS_STATUS|device-side assert", re.I)
_NOT_FINITE = "probability tensor contains"


def not_finite() -> EngineFailed:
    return EngineFailed(
        "The model computed values that are not finite.", hint="Set PRECISION=fp32."
    )


def explain(error: RuntimeError) -> EngineFailed | None:
    """The error that a person should see, None where torch's own is all there is to say."""
    said = str(error)
    if isinstance(error, torch.OutOfMemoryError) or _OUT_OF_MEMORY.search(said):
        return EngineFailed(
            "There was not enough memory to speak this.",
            hint="Use the 0.6B checkpoint, free memory on the device, or send shorter sentences.",
        )
    if isinstance(error, torch.AcceleratorError) or _POISONED.search(said):
        return EnginePoisoned(f"The GPU failed: {said.splitlines()[0]}")
    return not_finite() if _NOT_FINITE in said else None


@contextmanager
def explained(device: torch.device) -> Generator[None]:
    """Raises EngineFailed or EnginePoisoned for what torch raises."""
    try:
        yield
    except RuntimeError as error:
        known = explain(error)
        if known is None:
            raise
        if not isinstance(known, EnginePoisoned):
            release(device)
        raise known from error


def release(device: torch.device) -> None:
    """Hand memory that is no longer used back to the device."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
