"""What the worker shows Prometheus: the jobs that it ended, and what it is at.

Nothing is measured here: what jobs took comes from the diary, and the rest from the status that
the worker tells anyway.
"""

import logging
from collections.abc import Callable, Iterator

from prometheus_client import Counter, Histogram, start_http_server
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from shared import keys, metrics
from shared.history import End
from shared.jobs import JobRecord
from shared.settings import Settings
from shared.status import WorkerStatus

_OF_RQ = ("name", "queues")
"""The labels that rq-exporter gives what workers have done; these metrics have its names."""

log = logging.getLogger(__name__)


class Metrics:
    """The metrics of one worker."""

    def __init__(self, settings: Settings, describe: Callable[[], WorkerStatus]) -> None:
        """`describe` says what the worker is at, whenever it is asked."""
        self._settings = settings
        self._me = settings.worker_name, ",".join(settings.worker_queues)
        self.registry = own = metrics.registry()
        self.ends = metrics.Ends(own)
        self._waits = Histogram(
            "tts_queue_wait_seconds",
            "From submission to the beginning of the last attempt.",
            ["queue"],
            buckets=metrics.WAIT,
            registry=own,
        )
        self._first_audio = Histogram(
            "tts_time_to_first_audio_seconds",
            "From the beginning of the last attempt to its first sound.",
            ["task"],
            buckets=metrics.FIRST_AUDIO,
            registry=own,
        )
        self._factors = Histogram(
            "tts_real_time_factor",
            "Seconds of work for a second of speech; under 1 is faster than it is heard.",
            ["task"],
            buckets=metrics.REAL_TIME_FACTOR,
            registry=own,
        )
        self._audio = Counter(
            "tts_audio_seconds_total", "Sound that was made.", ["task"], registry=own
        )
        self._characters = Counter(
            "tts_characters_total", "Characters of text that were spoken.", ["task"], registry=own
        )
        self._success = Counter(
            "rq_workers_success_total", "Jobs that succeeded here.", _OF_RQ, registry=own
        )
        self._failed = Counter(
            "rq_workers_failed_total", "Jobs that failed here.", _OF_RQ, registry=own
        )
        self._worked = Counter(
            "rq_workers_working_time_total", "Seconds at jobs.", _OF_RQ, registry=own
        )
        own.register(_Present(settings, describe))

    def performed(self, record: JobRecord, end: End) -> None:
        """Count what was made of a job that this worker has performed to its end."""
        task = metrics.task(end.task)
        self._waits.labels(metrics.one_of(record.queue, keys.QUEUES)).observe(end.queued)
        if end.first_audio is not None:
            self._first_audio.labels(task).observe(end.first_audio)
        if end.real_time_factor is not None:
            self._factors.labels(task).observe(end.real_time_factor)
        self._audio.labels(task).inc(end.audio or 0)
        self._characters.labels(task).inc(end.characters or 0)
        if end.state == "succeeded":
            self._success.labels(*self._me).inc()
        if end.state == "failed":
            self._failed.labels(*self._me).inc()

    def worked(self, seconds: float) -> None:
        """Count time at a job, whether that has ended or was given back."""
        self._worked.labels(*self._me).inc(seconds)

    def serve(self) -> Callable[[], None]:
        """Answer `GET /metrics` in threads of their own, where a port is set; returns what ends it.

        A port that is taken costs the numbers, not the speech.
        """
        host, port = self._settings.worker_metrics_host, self._settings.worker_metrics_port
        if not port:
            return _nothing
        try:
            server, _ = start_http_server(port, host, self.registry)
        except OSError as error:
            log.warning("No metrics are shown at %s:%d: %s.", host, port, error.strerror)
            return _nothing

        def close() -> None:
            server.shutdown()
            server.server_close()

        log.info("Metrics at http://%s:%d/metrics.", host, port)
        return close


def _nothing() -> None:
    pass


class _Present(Collector):
    """What the worker is at, asked for at each scrape."""

    def __init__(self, settings: Settings, describe: Callable[[], WorkerStatus]) -> None:
        self._card = settings.device.partition(":")[2] or "0"
        self._describe = describe

    def describe(self) -> list[Metric]:
        """Nothing: it would have to be asked before the worker has begun."""
        return []

    def collect(self) -> Iterator[Metric]:
        status = self._describe()
        yield _engine(status)
        yield from _models(status)
        yield from _caches(status)
        yield from self._gpu(status)

    def _gpu(self, status: WorkerStatus) -> Iterator[Metric]:
        """The card that it speaks on, as far as its driver tells."""
        if status.gpu is None:
            return
        known = {
            "gpu_utilization_ratio": (status.gpu.utilization, "Share of time at work, 0 to 1."),
            "gpu_memory_used_bytes": (status.gpu.memory_bytes, "In use, by everybody."),
            "gpu_memory_total_bytes": (status.gpu.memory_total_bytes, "All of it."),
            "gpu_temperature_celsius": (status.gpu.temperature, "Of the card."),
            "gpu_power_watts": (status.gpu.power, "Drawn at the moment."),
        }
        for name, (value, what) in known.items():
            if value is not None:
                family = GaugeMetricFamily(name, what, labels=("gpu", "name"))
                family.add_metric((self._card, status.gpu.name), value)
                yield family


def _engine(status: WorkerStatus) -> Metric:
    names = ("engine", "version", "device", "precision", "preview")
    family = GaugeMetricFamily("tts_engine_info", "What speaks; always 1.", labels=names)
    engine = status.engine
    preview = str(engine.preview).lower()
    family.add_metric((engine.name, engine.version, engine.device, engine.precision, preview), 1)
    return family


def _models(status: WorkerStatus) -> Iterator[Metric]:
    loaded = GaugeMetricFamily("tts_model_loaded", "1 for each in memory.", labels=("model",))
    seconds = GaugeMetricFamily("tts_model_load_seconds", "What loading took.", labels=("model",))
    for name, model in status.loaded.items():
        loaded.add_metric((name,), 1)
        seconds.add_metric((name,), model.report.load_seconds)
    yield loaded
    yield seconds


def _caches(status: WorkerStatus) -> Iterator[Metric]:
    """A model that is unloaded takes its counts with it: Prometheus sees a counter begin anew."""
    hits = CounterMetricFamily("tts_cache_hits", "Look-ups that found it.", labels=("cache",))
    misses = CounterMetricFamily("tts_cache_misses", "Those that did not.", labels=("cache",))
    size = GaugeMetricFamily("tts_cache_bytes", "Memory in use.", labels=("cache",))
    for name, stats in status.caches.items():
        hits.add_metric((name,), stats.hits)
        misses.add_metric((name,), stats.misses)
        size.add_metric((name,), stats.nbytes)
    yield from (hits, misses, size)
