"""The machine itself: system, memory, disk."""

import os
import platform
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil

from shared.settings import Settings
from shared.status import Finding
from worker.diagnosis.numbers import GIGABYTE

LOADING = 3 * GIGABYTE
CHECKPOINT = 5 * GIGABYTE


def look(settings: Settings) -> Iterator[Finding]:
    """What there is to say of it."""
    yield Finding("system", "good", f"{platform.platform()}, {os.cpu_count()} cores")
    yield Finding("Python", "good", f"{platform.python_version()} at {sys.executable}")
    found = psutil.virtual_memory()
    yield memory(found.total, found.available)
    yield disk(settings.models_dir)


def memory(total: int, available: int) -> Finding:
    """Main memory, in bytes."""
    fact = f"{total / GIGABYTE:.1f} GB, {available / GIGABYTE:.1f} GB available"
    if available > LOADING:
        return Finding("memory", "good", fact)
    return Finding("memory", "note", fact, "Free some memory: loading a checkpoint takes 3 GB.")


def disk(models_dir: Path) -> Finding:
    """Room for checkpoints, in a folder that need not exist yet."""
    place = next(path for path in (models_dir, *models_dir.parents) if path.exists())
    free = shutil.disk_usage(place).free
    fact = f"{free / GIGABYTE:.1f} GB free for {models_dir}"
    if free > CHECKPOINT:
        return Finding("disk", "good", fact)
    return Finding(
        "disk", "note", fact, "Checkpoints take up to 4.5 GB: free some, or set MODELS_DIR."
    )
