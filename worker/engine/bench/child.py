"""`python -m worker.engine.bench.child JOB`: one engine, measured in a process of its own."""

import sys
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any

import torch

from shared.errors import SpeechError
from worker.engine import device as devices
from worker.engine.bench import operations
from worker.engine.bench.job import Job, Told
from worker.engine.bench.report import Contender
from worker.engine.bench.take import GREEDY, Order, Speaker, Take
from worker.engine.bench.taps import Settle, nothing
from worker.engine.footprint import high_water

FAMILIES = {"package": "shipped:Shipped", "ours": "ours:Ours", "faster": "faster:Faster"}
WARM_UP = 2
"""Chunks that a batch of several rows speaks before it is measured."""


def main(job: Job) -> None:
    """Do what is told, and leave what is found in `job.out`."""
    devices.use_threads(job.threads)
    told = Told()
    try:
        _TASKS[job.task](job, told)
    except SpeechError as error:
        told.failure = error.message
    told.tell(job.out)


def _speed(job: Job, told: Told) -> None:
    until = time.monotonic() + job.seconds
    family = _family(job.contender)
    began = time.monotonic()
    speaker: Speaker = family(job.folder, job.contender, job.device, job.threads, max(job.batches))
    told.load_seconds = time.monotonic() - began
    last: Take | None = None
    for rows in job.batches:
        if rows > speaker.most_rows:
            continue
        if last and time.monotonic() + last.seconds * rows / last.order.rows > until:
            told.skipped.append(rows)
            continue
        last = _measure(job, told, speaker, rows)
        told.tell(job.out)
    if job.count:
        told.operations = operations.count(speaker, _cuda(job.device))


def _measure(job: Job, told: Told, speaker: Speaker, rows: int) -> Take:
    """Greedy codes as warm-up, then the figures of a call that draws as the model is meant to."""
    device = torch.device(job.device)
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
    chunks = job.chunks if rows == 1 else WARM_UP
    warm = speaker.speak(Order(rows, chunks, GREEDY))
    told.codes[rows] = [codes.tolist() for codes in warm.codes]
    parts = speaker.speak(Order(rows, job.chunks, settle=_settle(job.device)))
    # On a GPU waiting for each part slows the whole down: it is measured by itself.
    whole = speaker.speak(Order(rows, job.chunks)) if _cuda(job.device) else parts
    told.speeds.append(whole.speed(parts, high_water(device)))
    return whole


def _agreement(job: Job, told: Told) -> None:
    from worker.engine.bench import quality

    for agreed in quality.measure(job):
        told.agreement.append(agreed)
        told.tell(job.out)


def _endurance(job: Job, told: Told) -> None:
    from worker.engine.bench import endurance

    told.endurance = endurance.measure(job)


_TASKS: dict[str, Callable[[Job, Told], None]] = {
    "speed": _speed,
    "agreement": _agreement,
    "endurance": _endurance,
}


def _family(contender: Contender) -> Any:
    module, _, name = FAMILIES[contender.engine].partition(":")
    return getattr(import_module(f"worker.engine.bench.{module}"), name)


def _settle(device: str) -> Settle:
    return torch.cuda.synchronize if _cuda(device) else nothing


def _cuda(device: str) -> bool:
    return torch.device(device).type == "cuda"


if __name__ == "__main__":
    main(Job.model_validate_json(sys.argv[1]))
