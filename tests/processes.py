"""Looking at processes from the outside."""

import time
from collections.abc import Iterable

import psutil

PATIENCE = 10.0


def alive(processes: Iterable[psutil.Process]) -> list[psutil.Process]:
    """Those that still run after some patience; a zombie, which waits for init, does not."""
    left = list(processes)
    until = time.monotonic() + PATIENCE
    while left and time.monotonic() < until:
        left = [process for process in left if _runs(process)]
        time.sleep(0.02)
    return left


def _runs(process: psutil.Process) -> bool:
    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
