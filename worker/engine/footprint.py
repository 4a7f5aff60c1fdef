"""What a step costs: its seconds, and the most memory that it took at once."""

import re
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import torch

_SELF = Path("/proc/self")
_HIGH_WATER = re.compile(r"VmHWM:\s+(\d+) kB")


@dataclass
class Footprint:
    """Known once the step has ended."""

    seconds: float = 0.0
    peak_bytes: int | None = None
    """On top of what was held before; None where the system does not tell."""


@contextmanager
def measured(device: torch.device) -> Generator[Footprint]:
    """Measure a step: memory of the card, or of the process where the device is the CPU."""
    before = _rewound(device)
    footprint, began = Footprint(), time.monotonic()
    yield footprint
    footprint.seconds = time.monotonic() - began
    after = high_water(device)
    if before is not None and after is not None:
        footprint.peak_bytes = after - before


def _rewound(device: torch.device) -> int | None:
    """The memory held now, to which the high-water mark is set back."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    else:
        try:
            (_SELF / "clear_refs").write_text("5")  # proc_pid_clear_refs(5)
        except OSError:  # not Linux, or a sandbox
            return None
    return high_water(device)


def high_water(device: torch.device) -> int | None:
    """The most memory held at once: since the start of the process, or the last reset of the card's
    statistics; None where the system does not tell."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    status = _SELF / "status"
    found = _HIGH_WATER.search(status.read_text()) if status.is_file() else None
    return int(found[1]) * 1024 if found else None
