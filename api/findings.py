"""What an API process itself sees amiss with the service; a worker tells of its own machine."""

from collections.abc import Iterator, Mapping, Sequence

from shared import status
from shared.status import Finding, WorkerStatus
from shared.stores.listing import Usage
from shared.version import __version__

GIGABYTE = 10**9
TIGHT = 2 * GIGABYTE
"""Bytes left on the medium of the outputs below which somebody should be told."""
FULL = GIGABYTE // 5


def look(
    workers: Sequence[WorkerStatus], waiting: Mapping[str, int], outputs: Usage
) -> Iterator[Finding]:
    """What is wrong or soon will be, the worst first; nothing where all is well."""
    if not workers:
        yield Finding(
            "worker",
            "bad",
            "No worker is alive: what is submitted waits.",
            "`make run` starts one.",
        )
    else:
        yield from _unserved(workers, waiting)
    yield from _disk(outputs)
    yield from _versions(workers)


def _unserved(workers: Sequence[WorkerStatus], waiting: Mapping[str, int]) -> Iterator[Finding]:
    for name in status.unserved(workers):
        if count := waiting.get(name, 0):
            fact = f"No worker serves the queue {name}, where {count} wait."
            yield Finding("queue", "bad", fact, f"Name {name} in WORKER_QUEUES of a worker.")


def _disk(outputs: Usage) -> Iterator[Finding]:
    free = outputs.free_bytes
    if free < TIGHT:
        fact = f"{free / GIGABYTE:.1f} GB are left for outputs."
        advice = "Delete outputs that you do not need, empty the trash, or set OUTPUTS_DIR."
        yield Finding("disk", "bad" if free < FULL else "note", fact, advice)


def _versions(workers: Sequence[WorkerStatus]) -> Iterator[Finding]:
    others = sorted({worker.version for worker in workers} - {__version__})
    if others:
        fact = f"The API is {__version__}, and workers are {' and '.join(others)}."
        yield Finding("version", "note", fact, "Start them all again from one version.")
