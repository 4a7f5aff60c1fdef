"""Where a benchmark runs: machine, device, versions."""

import os
import platform
import sys
from importlib import metadata
from pathlib import Path

import torch

from shared import processor
from worker.engine import device as devices
from worker.engine.bench.report import Machine

PACKAGES = ("torch", "transformers", "qwen-tts", "faster-qwen3-tts")


def machine(device: torch.device, threads: int) -> Machine:
    card = devices.card(device)
    return Machine(
        processor=processor.name(),
        cores=cores(),
        threads=threads,
        system=platform.system(),
        python=platform.python_version(),
        gpu=card.name if card else "",
    )


def versions(extra: Path | None) -> dict[str, str]:
    """Of the packages that are compared; an empty one is not installed.

    `extra` is a folder that has what our environment has not.
    """
    return {name: _version(name, None) or _version(name, extra) for name in PACKAGES}


def cores() -> int:
    """Those that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _version(name: str, folder: Path | None) -> str:
    """In a folder, or in our environment; empty where it is not."""
    path = [str(folder)] if folder else sys.path
    found = next(iter(metadata.distributions(name=name, path=path)), None)
    return found.version if found else ""
