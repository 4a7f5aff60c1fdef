"""`/metrics`: what this process has counted, and what Redis says of workers and queues.

Of several API processes each counts its own requests, so those are summed up; what comes from Redis
is the same on all, says so in its help, and is read with `max by`.
"""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from anyio import CapacityLimiter, move_on_after, to_thread
from fastapi import APIRouter, Request, Response
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from api.deps import Context, Here
from shared import keys, metrics, rq, status
from shared.connection import answered
from shared.errors import QueueUnavailable
from shared.lineup import Load
from shared.status import WorkerStatus
from shared.webhooks.outbox import Counts, Outbox

router = APIRouter(tags=["status"])

_TEXT: dict[int | str, dict[str, Any]] = {200: {"content": {"text/plain": {}}}}
_PATIENCE = 3.0
"""Seconds for all that Redis is asked; Prometheus itself waits ten."""
_FROM_REDIS = "From Redis, the same on every API process: "
_REGISTRIES = {
    "started": "rq:wip:",
    "finished": "rq:finished:",
    "failed": "rq:failed:",
    "deferred": "rq:deferred:",
    "scheduled": "rq:scheduled:",
}
"""RQ's sorted sets of jobs, by the word that rq-exporter has for them. They are counted from here,
as RQ's own classes tidy up while they count."""


class Metrics:
    """What one API process counts."""

    def __init__(self) -> None:
        self.registry = metrics.registry()
        self.requests = Counter(
            "http_requests_total",
            "Requests, with the template of their route; a WebSocket counts as one.",
            ["handler", "method", "status"],
            registry=self.registry,
        )
        self.durations = Histogram(
            "http_request_duration_seconds",
            "From the request to the last byte of its answer, streams included.",
            ["handler", "method"],
            buckets=metrics.ANSWER,
            registry=self.registry,
        )
        self.first_bytes = Histogram(
            "http_stream_first_byte_seconds",
            "From the request to the first byte of a streamed answer.",
            ["handler", "method"],
            buckets=metrics.ANSWER,
            registry=self.registry,
        )
        self.refusals = Counter(
            "http_errors_total",
            "Requests that were answered with an error, by its code.",
            ["code"],
            registry=self.registry,
        )
        self.ends = metrics.Ends(self.registry)
        self.looking = CapacityLimiter(1)
        """Of threads that ask Redis and the disk: one that hangs is not joined by others."""


@dataclass(frozen=True)
class Seen:
    """The service as Redis has it at one moment."""

    workers: list[WorkerStatus]
    waiting: dict[str, int]
    """Jobs by queue."""
    load: Load
    rq: dict[tuple[str, str], int]
    """RQ's jobs by queue and status."""
    webhooks: Counts
    memory: Mapping[str, Any]
    """What Redis says of its own."""


@router.get("/metrics", response_class=Response, responses=_TEXT, summary="Metrics for Prometheus")
async def show_metrics(request: Request, here: Here) -> Response:
    """Counters of this API process, and gauges of queues, workers, Redis and disk.

    The numbers of the engine are with the worker, at `WORKER_METRICS_PORT`. While Redis is away,
    `redis_up` is 0 and what it would tell is left out.
    """
    own: Metrics = request.app.state.metrics
    seen = await _seen(here, own.looking)
    encode, media_type = choose_encoder(request.headers.get("accept", ""))
    page = _Page(own.registry, here, seen)
    text = await to_thread.run_sync(encode, page, limiter=own.looking)
    return Response(text, headers={"Content-Type": media_type})


async def _seen(here: Context, limiter: CapacityLimiter) -> Seen | None:
    """None if Redis does not tell all of it in time."""
    with move_on_after(_PATIENCE):
        try:
            return await to_thread.run_sync(_look, here, limiter=limiter, abandon_on_cancel=True)
        except QueueUnavailable:
            return None
    return None


def _look(here: Context) -> Seen:
    """Raises QueueUnavailable."""
    with answered():
        alive = status.workers(here.redis)
        memory = here.redis.info("memory")
        counted = _rq_jobs(here)
        webhooks = Outbox(here.redis, here.settings).counts()
    waiting, load = here.queue.lengths(), here.queue.lineup.load()
    return Seen(alive, waiting, load, counted, webhooks, memory)


def _rq_jobs(here: Context) -> dict[tuple[str, str], int]:
    places = [(queue, word) for queue in keys.QUEUES for word in ("queued", *_REGISTRIES)]
    with here.redis.pipeline(transaction=False) as pipeline:
        for queue, word in places:
            if word == "queued":
                pipeline.llen(rq.queue(queue, here.redis).key)
            else:
                pipeline.zcard(f"{_REGISTRIES[word]}{queue}")
        return dict(zip(places, pipeline.execute(), strict=True))


class _Page(Collector):
    """All that one scrape is told."""

    def __init__(self, own: CollectorRegistry, here: Context, seen: Seen | None) -> None:
        self._own = own
        self._here = here
        self._seen = seen

    def collect(self) -> Iterator[Metric]:
        yield from self._own.collect()
        yield _gauge("tts_listeners", "Listeners attached to this process.", self._listeners)
        yield from self._disk()
        yield _gauge(
            "redis_up", "1 if Redis answered this API process in time.", self._seen is not None
        )
        if self._seen:
            yield from told(self._seen)

    @property
    def _listeners(self) -> int:
        return self._here.hub.listeners

    def _disk(self) -> Iterator[Metric]:
        """Of the medium that holds the outputs; nothing while it cannot be asked."""
        try:
            disk = shutil.disk_usage(self._here.settings.outputs_dir)
        except OSError:
            return
        shared = "Of the medium that holds the outputs, which API processes share: "
        yield _gauge("tts_disk_free_bytes", shared + "what is free.", disk.free)
        yield _gauge("tts_disk_total_bytes", shared + "all of it.", disk.total)


def told(seen: Seen) -> Iterator[Metric]:
    """What Redis says, as metrics."""
    yield _from_redis(
        "rq_workers",
        "workers, by what they do.",
        ("name", "queues", "state"),
        {
            (worker.name, ",".join(worker.queues), "busy" if worker.job else "idle"): 1
            for worker in seen.workers
        },
    )
    yield _from_redis("rq_jobs", "what RQ holds.", ("queue", "status"), seen.rq)
    yield _from_redis(
        "tts_queue_depth",
        "jobs that wait.",
        ("queue",),
        {(queue,): count for queue, count in seen.waiting.items()},
    )
    load = seen.load
    yield _from_redis(
        "tts_active_requests",
        "jobs that have not ended.",
        ("state",),
        {("queued",): load.waiting, ("running",): load.running, ("paused",): load.paused},
    )
    ready = sum(worker.ready for worker in seen.workers)
    yield _from_redis("tts_workers", "workers that are alive.", (), {(): len(seen.workers)})
    yield _from_redis("tts_workers_ready", "those that could speak now.", (), {(): ready})
    webhooks = seen.webhooks
    yield _from_redis("tts_webhook_pending", "webhooks on their way.", (), {(): webhooks.pending})
    yield _from_redis("tts_webhook_failed", "webhooks given up.", (), {(): webhooks.failed})
    used, limit = seen.memory.get("used_memory", 0), seen.memory.get("maxmemory", 0)
    yield _from_redis("redis_memory_used_bytes", "memory in use.", (), {(): used})
    yield _from_redis("redis_memory_max_bytes", "its limit; 0: none.", (), {(): limit})


def _from_redis(
    name: str, what: str, labels: tuple[str, ...], values: Mapping[tuple[str, ...], float]
) -> Metric:
    family = GaugeMetricFamily(name, _FROM_REDIS + what, labels=labels)
    for names, value in values.items():
        family.add_metric(names, value)
    return family


def _gauge(name: str, what: str, value: float) -> Metric:
    return GaugeMetricFamily(name, what, value=value)
