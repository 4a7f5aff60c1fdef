"""What the processes hold while they are used: memory, files, threads."""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass

import psutil

EVERY = 1.0
"""Seconds between two looks."""


@dataclass(frozen=True)
class Look:
    """One process at one moment."""

    at: float
    """Seconds since the watch began."""
    megabytes: float
    """Resident, its children included."""
    files: int
    """Open descriptors, its children's not included."""
    threads: int


async def watch(pids: Mapping[str, int], looks: dict[str, list[Look]]) -> None:
    """Look at each process until cancelled."""
    began = time.monotonic()
    processes = {name: psutil.Process(pid) for name, pid in pids.items()}
    while True:
        for name, process in processes.items():
            looks.setdefault(name, []).append(_look(process, time.monotonic() - began))
        await asyncio.sleep(EVERY)


def _look(process: psutil.Process, at: float) -> Look:
    family = [process, *process.children(recursive=True)]
    return Look(
        at,
        sum(_memory(one) for one in family) / 1e6,
        process.num_fds(),
        process.num_threads(),
    )


def _memory(process: psutil.Process) -> int:
    try:
        return process.memory_info().rss
    except psutil.NoSuchProcess:  # a child that ended a moment ago
        return 0


def growth(looks: list[Look]) -> float:
    """Megabytes by which the last quarter's median lies above that of the second quarter.

    The first quarter is warming up: caches fill, threads start.
    """
    quarter = max(1, len(looks) // 4)
    before = sorted(look.megabytes for look in looks[quarter : 2 * quarter])
    after = sorted(look.megabytes for look in looks[-quarter:])
    return after[len(after) // 2] - before[len(before) // 2] if before else 0.0
