"""What API and worker share of Prometheus: their registries, label values and buckets."""

from collections.abc import Iterable
from functools import cache

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)

from shared.errors import SpeechError
from shared.jobs import JobRecord
from shared.requests import CONTRACTS

OTHER = "other"
"""Stands in a label for whatever is not declared, so that nobody can make up label values."""

FIRST_AUDIO = (0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1, 2, 5)
"""Buckets, in seconds: a listener notices the difference between 0.2 and 0.5."""
REAL_TIME_FACTOR = (0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 5)
"""Buckets; above 1, speech comes more slowly than it is heard."""
WAIT = (0.05, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800)
"""Buckets, in seconds, of what a queue decides."""
DURATION = (0.1, 0.5, 1, 2, 5, 10, 30, 60, 300, 1_800, 7_200)
"""Buckets, in seconds, from a sentence to a book."""
ANSWER = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
"""Buckets, in seconds, from a look at a job to a stream that is heard to its end."""

# When a series began would double their number, and nothing here asks for it.
disable_created_metrics()


class Ends:
    """The jobs that this process ended; each is ended by one process, whichever that is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._jobs = Counter(
            "tts_requests_total",
            "Jobs that this process ended: succeeded, failed or cancelled.",
            ["task", "status"],
            registry=registry,
        )
        self._errors = Counter(
            "tts_errors_total",
            "Jobs that failed, by the code of the error.",
            ["code"],
            registry=registry,
        )
        self._durations = Histogram(
            "tts_request_duration_seconds",
            "From submission to the end of the job.",
            ["task"],
            buckets=DURATION,
            registry=registry,
        )

    def count(self, record: JobRecord) -> None:
        """Count a job that has just ended."""
        name = task(record.task)
        self._jobs.labels(name, record.state.value).inc()
        if record.error:
            self._errors.labels(code(record.error["code"])).inc()
        ended = record.finished_at or record.created_at
        self._durations.labels(name).observe(max(0.0, ended - record.created_at))


def registry() -> CollectorRegistry:
    """An empty registry but for what the process itself takes."""
    own = CollectorRegistry()
    ProcessCollector(registry=own)
    PlatformCollector(registry=own)
    GCCollector(registry=own)
    return own


def one_of(value: str, declared: Iterable[str]) -> str:
    """The value, if it is declared."""
    return value if value in declared else OTHER


def task(name: str) -> str:
    """The name of a task as a label."""
    return one_of(name, CONTRACTS)


def code(name: str) -> str:
    """The code of an error as a label."""
    return one_of(name, _codes())


@cache
def _codes() -> frozenset[str]:
    """Of every declared error; each module that declares one is imported before anything fails."""
    return frozenset(_below(SpeechError))


def _below(kind: type[SpeechError]) -> Iterable[str]:
    yield kind.code
    for derived in kind.__subclasses__():
        yield from _below(derived)
