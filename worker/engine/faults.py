"""What torch raises, in the words of this service."""

import gc
import re
from collections.abc import Generator
from contextlib import contextmanager

import torch
from safetensors import SafetensorError

from shared.errors import CheckpointDamaged, EngineFailed, EnginePoisoned

_OUT_OF_MEMORY = re.compile(r"not enough memory|can't allocate memory|out of memory", re.I)
_POISONED = re.compile(r"CUDA error|CUDNN_STATUS|CUBLAS_STATUS|device-side assert", re.I)
_NOT_FINITE = "probability tensor contains"


def not_finite() -> EngineFailed:
    return EngineFailed(
        "The model computed values that are not finite.", hint="Set PRECISION=fp32."
    )


def out_of_memory(error: RuntimeError) -> bool:
    """Whether memory was short; the allocator of a CPU says so in words alone."""
    return isinstance(error, torch.OutOfMemoryError) or bool(_OUT_OF_MEMORY.search(str(error)))


def explain(error: RuntimeError) -> EngineFailed | None:
    """The error that a person should see, None where torch's own is all there is to say."""
    said = str(error)
    if out_of_memory(error):
        return EngineFailed(
            "There was not enough memory for this.",
            hint="Use the 0.6B checkpoint, free memory on the device, or send shorter sentences.",
        )
    if isinstance(error, torch.AcceleratorError) or _POISONED.search(said):
        return EnginePoisoned(f"The GPU failed: {said.splitlines()[0]}")
    return not_finite() if _NOT_FINITE in said else None


@contextmanager
def fitting(checkpoint: str, name: str) -> Generator[None]:
    """Raises CheckpointDamaged for a file that does not fit, unless it was the memory that did not.

    `name`: the file, as it is called within the checkpoint.
    """
    try:
        yield
    except (SafetensorError, RuntimeError, ValueError, OSError, LookupError) as error:
        if isinstance(error, RuntimeError) and explain(error):
            raise
        raise CheckpointDamaged(
            f"Checkpoint {checkpoint!r}: {name!r} does not fit its config.json."
        ) from error


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
        try:
            raise known from error
        finally:
            # With its traceback it would hold this frame, which holds it, and so would keep alive
            # whatever was under way until somebody collects garbage: a batch and its turn.
            del known


def release(device: torch.device) -> None:
    """Hand memory that is no longer used back to the device."""
    gc.collect()
    if device.type == "cuda":
        torch.cuda.empty_cache()
