"""Whether memory grows with the number of sentences spoken."""

import psutil
import torch

from worker.engine.bench.job import Job
from worker.engine.bench.ours import Ours
from worker.engine.bench.report import Endurance
from worker.engine.bench.take import Order

MOST_ROWS = 4
"""Batches change from one generation to the next, as they do in service."""
CHUNKS = 2


def measure(job: Job) -> Endurance:
    """The memory held after each of `job.generations`."""
    ours = Ours(job.folder, job.contender, job.device, job.threads, MOST_ROWS)
    held: list[int] = []
    for number in range(1, max(job.generations) + 1):
        ours.speak(Order(1 + number % MOST_ROWS, CHUNKS))
        if number in job.generations:
            held.append(_held(torch.device(job.device)))
    return Endurance(generations=tuple(sorted(job.generations)), nbytes=tuple(held))


def _held(device: torch.device) -> int:
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device)
    return psutil.Process().memory_info().rss
