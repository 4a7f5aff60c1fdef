"""A worker on the System page: what it speaks with, and how its machine bears it."""

from collections.abc import Iterable

from shared.jobs import moment
from shared.readings import CacheStats, GpuReading, LoadedModel, ProcessReading
from shared.status import WorkerStatus
from ui import markup
from ui.markup import Html, element

Facts = Iterable[tuple[str, object]]


def card(worker: WorkerStatus) -> Html:
    """One worker, with its GPU where it has one that answers."""
    return element(
        "div",
        markup.facts([*_about(worker), *_process(worker.process)]),
        element("p", worker.trouble or worker.reason, class_="hint"),
        worker.gpu and markup.facts(_gpu(worker.gpu)),
        class_="card",
    )


def caches(workers: list[WorkerStatus]) -> Html | None:
    """What the workers remember, and the way to make them forget; None where there is nothing."""
    kept = [(worker.name, *cache) for worker in workers for cache in worker.caches.items()]
    if not kept:
        return None
    rows = (_cache(worker, name, stats) for worker, name, stats in kept)
    return markup.joined(
        [
            element("h2", "Caches"),
            markup.table(("Cache", "Entries", "Memory", "Found"), rows),
            markup.button("clear_caches", "", "Empty the caches", "the checkpoints stay loaded"),
        ]
    )


def loaded(checkpoint: str, workers: list[WorkerStatus]) -> Html:
    """Who holds a checkpoint, and how it runs there."""
    holders = [worker for worker in workers if checkpoint in worker.loaded]
    if not holders:
        return Html("not loaded")
    return markup.joined(
        element("div", worker.name, _running(worker.loaded[checkpoint])) for worker in holders
    )


def _about(worker: WorkerStatus) -> Facts:
    state = "speaking" if worker.job else "idle" if worker.ready else "not ready"
    yield "Worker", f"{worker.name} on {worker.host}"
    yield "State", state
    yield "Engine", f"{worker.engine.name} ({worker.engine.version})"
    yield "Device", f"{worker.engine.device}, {worker.engine.precision}"
    yield "Up since", markup.ago(moment(worker.started_at))


def _process(reading: ProcessReading | None) -> Facts:
    if reading:
        yield "Processor", f"{reading.cpu_percent:.0f} % of a core"
        held, whole = markup.size(reading.memory_bytes), markup.size(reading.memory_total_bytes)
        yield "Memory", f"{held} of {whole}"


def _gpu(reading: GpuReading) -> Facts:
    """What the card tells; nothing for what it does not."""
    yield "GPU", reading.name
    if reading.utilization is not None:
        yield "Utilisation", _filled(reading.utilization, f"{reading.utilization:.0%}")
    if reading.memory_bytes is not None and reading.memory_total_bytes:
        words = f"{markup.size(reading.memory_bytes)} of {markup.size(reading.memory_total_bytes)}"
        yield "GPU memory", _filled(reading.memory_bytes / reading.memory_total_bytes, words)
    if reading.memory_own_bytes is not None:
        yield "Of this worker", markup.size(reading.memory_own_bytes)
    if reading.temperature is not None:
        yield "Temperature", f"{reading.temperature:.0f} °C"
    if reading.power is not None:
        limit = f" of {reading.power_limit:.0f} W" if reading.power_limit else " W"
        yield "Power", f"{reading.power:.0f}{limit}"
    if reading.clock is not None:
        yield "Clock", f"{reading.clock} MHz"


def _filled(fraction: float, words: str) -> Html:
    return element("div", markup.bar(fraction, words), words)


def _running(model: LoadedModel) -> Html:
    report = model.report
    peak = f" (peak {markup.size(report.load_peak_bytes)})" if report.load_peak_bytes else ""
    lines = [
        f"{markup.size(model.nbytes)}, {report.precision}",
        f"loaded in {markup.seconds(report.load_seconds)}{peak}",
        f"{report.batch} at once",
        report.graphs,
    ]
    return markup.joined(element("div", line, class_="hint") for line in lines if line)


def _cache(worker: str, name: str, stats: CacheStats) -> tuple[object, ...]:
    found = "not asked yet" if stats.hit_rate is None else f"{stats.hit_rate:.0%}"
    limit = f"of {markup.size(stats.max_nbytes)}" if stats.max_nbytes else "(off)"
    return (
        f"{name} of {worker}",
        stats.entries,
        f"{markup.size(stats.nbytes)} {limit}",
        f"{found} ({stats.hits} of {stats.hits + stats.misses})",
    )
