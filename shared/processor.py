"""The processor's name, as its maker writes it."""

import platform
from pathlib import Path

_FACTS = Path("/proc/cpuinfo")


def name() -> str:
    """What Linux knows of it; elsewhere what Python does."""
    if not _FACTS.is_file():
        return platform.processor() or platform.machine()
    lines = _FACTS.read_text(encoding="utf-8").splitlines()
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return named[0] if named else platform.machine()
