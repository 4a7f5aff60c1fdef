"""`qtts status`: how the service is, in a few lines."""

from collections.abc import Iterator

import click
from rich.filesize import decimal

from shared.readings import CacheStats, GpuReading, LoadedModel, ProcessReading
from shared.status import Finding, WorkerStatus
from shared.views import Status
from tools.qtts.command import Here, json_output, print_json


@click.command()
@json_output
@click.pass_obj
def status(here: Here, json_output: bool) -> None:
    """Show workers, GPU, memory, caches, queue and disk."""
    found = here.client.status()
    if json_output:
        print_json(found)
        return
    for line in lines(found):
        here.results.print(line, markup=False, soft_wrap=True)


def lines(found: Status) -> Iterator[str]:
    """The whole service, a fact a line."""
    if not found.workers:
        yield "No worker is alive."
    for worker in found.workers:
        yield from _worker(worker)
    queue, disk = found.queue, found.outputs
    yield f"queue: {sum(queue.waiting.values())} waiting, {queue.running} running"
    yield f"outputs: {disk.outputs}, {decimal(disk.bytes)}; {decimal(disk.free_bytes)} free on disk"
    yield from filter(None, map(_warning, found.findings))
    for worker in found.workers:
        for finding in worker.findings:
            if warning := _warning(finding):
                yield f"{worker.name}: {warning}"


def _warning(finding: Finding) -> str:
    """What is to be done something about; empty for what is well."""
    if finding.verdict == "good" or not (finding.advice or finding.verdict == "bad"):
        return ""
    return f"warning: {finding.subject}: {finding.fact} {finding.advice}".rstrip()


def _worker(worker: WorkerStatus) -> Iterator[str]:
    state = "speaking" if worker.job else "idle" if worker.ready else "not ready"
    yield f"{worker.name} on {worker.host}: {worker.engine.name} on {worker.engine.device}, {state}"
    if worker.gpu:
        yield f"  GPU: {_gpu(worker.gpu)}"
    if worker.process:
        yield f"  process: {_process(worker.process)}"
    for name, model in worker.loaded.items():
        yield f"  {name}: {_loaded(model)}"
    if worker.caches:
        yield f"  caches: {'; '.join(_cache(*item) for item in worker.caches.items())}"


def _gpu(reading: GpuReading) -> str:
    """What the card tells; nothing for what it does not."""
    facts: list[str] = [reading.name]
    if reading.utilization is not None:
        facts.append(f"{reading.utilization:.0%} busy")
    if reading.memory_bytes is not None and reading.memory_total_bytes:
        held, whole = decimal(reading.memory_bytes), decimal(reading.memory_total_bytes)
        facts.append(f"{held} of {whole}")
    if reading.temperature is not None:
        facts.append(f"{reading.temperature:.0f} °C")
    if reading.power is not None:
        facts.append(f"{reading.power:.0f} W")
    return ", ".join(facts)


def _process(reading: ProcessReading) -> str:
    held, whole = decimal(reading.memory_bytes), decimal(reading.memory_total_bytes)
    return f"{held} of {whole}, {reading.cpu_percent:.0f} % of a core"


def _loaded(model: LoadedModel) -> str:
    report = model.report
    facts = [
        decimal(model.nbytes),
        report.precision,
        f"loaded in {report.load_seconds:.1f} s",
        f"peak {decimal(report.load_peak_bytes)}" if report.load_peak_bytes else "",
        f"{report.batch} at once",
        report.graphs,
    ]
    return ", ".join(filter(None, facts))


def _cache(name: str, stats: CacheStats) -> str:
    found = "" if stats.hit_rate is None else f", {stats.hit_rate:.0%} found"
    return f"{name} {stats.entries} ({decimal(stats.nbytes)}{found})"
