"""A worker on the System page: what it speaks with and what it is at, and what it holds."""

import time
from collections.abc import Iterable, Mapping

from shared.jobs import JobView, moment
from shared.readings import CacheStats, LoadedModel
from shared.requests import CONTRACTS
from shared.status import WorkerStatus
from ui import markup
from ui.dashboard import Dashboard
from ui.markup import Html, element
from ui.translation import mark, tr

Facts = Iterable[tuple[str, object]]

_LATE = 12.0
"""Seconds without a word from a worker after which somebody should know: it says one every few."""
_STATES = {
    "silent": mark("silent"),
    "speaking": mark("speaking"),
    "idle": mark("idle"),
    "unready": mark("not ready"),
}


def card(dashboard: Dashboard, worker: WorkerStatus, jobs: Mapping[str, JobView]) -> Html:
    """One worker; `jobs` are those that are known, by id."""
    state = _state(worker)
    return element(
        "div",
        element(
            "div",
            element("h3", worker.name),
            element("span", tr(_STATES[state]), class_=f"badge {state}"),
            class_="worker-head",
        ),
        markup.facts(_about(dashboard, worker, jobs)),
        element("p", worker.trouble or worker.reason, class_="hint"),
        class_="card",
    )


def caches(workers: list[WorkerStatus]) -> Html:
    """What the workers remember, and how often that was of use; empty where there is nothing."""
    kept = [(worker.name, *cache) for worker in workers for cache in worker.caches.items()]
    if not kept:
        return Html("")
    rows = (_cache(worker, name, stats) for worker, name, stats in kept)
    headings = (tr("Cache"), tr("Entries"), tr("Memory"), tr("Found"))
    return markup.joined([element("h2", tr("Caches")), markup.table(headings, rows)])


def emptying(workers: list[WorkerStatus]) -> Html:
    """The way to make them forget; empty where there is nothing to forget."""
    if not any(worker.caches for worker in workers):
        return Html("")
    what = tr("the checkpoints stay loaded")
    return markup.button("clear_caches", "", tr("Empty the caches"), what)


def loaded(checkpoint: str, workers: list[WorkerStatus]) -> Html:
    """Who holds a checkpoint, and how it runs there."""
    holders = [worker for worker in workers if checkpoint in worker.loaded]
    if not holders:
        return element("span", tr("not loaded"), class_="hint")
    return markup.joined(
        element("div", worker.name, _running(worker.loaded[checkpoint])) for worker in holders
    )


def _state(worker: WorkerStatus) -> str:
    if time.time() - worker.told_at > _LATE:
        return "silent"
    if worker.job:
        return "speaking"
    return "idle" if worker.ready else "unready"


def _about(dashboard: Dashboard, worker: WorkerStatus, jobs: Mapping[str, JobView]) -> Facts:
    engine = worker.engine
    yield tr("Speaks with"), f"{engine.name} ({engine.version})"
    yield tr("On"), f"{engine.device}, {engine.precision}"
    yield tr("Now"), _job(dashboard, jobs.get(worker.job)) if worker.job else tr("nothing")
    yield tr("Serves"), ", ".join(worker.queues)
    yield tr("Started"), markup.ago(moment(worker.started_at))
    yield tr("Last heard of"), _heard(time.time() - worker.told_at)


def _job(dashboard: Dashboard, job: JobView | None) -> object:
    """The way to what it speaks; a job that nobody knows any more has none."""
    if job is None:
        return tr("a job")
    declared = CONTRACTS.get(job.task)
    title = tr(declared.title) if declared else job.task
    return element("a", title, href=dashboard.page(job.task, job.id))


def _heard(passed: float) -> str:
    """A worker that is heard of as often as it should be always says the same."""
    return tr("just now") if passed <= _LATE else tr("{count} s ago", count=round(passed))


def _running(model: LoadedModel) -> Html:
    report = model.report
    seconds = markup.seconds(report.load_seconds)
    peak = report.load_peak_bytes
    lines = [
        f"{markup.size(model.nbytes)}, {report.precision}",
        tr("loaded in {seconds} (peak {peak})", seconds=seconds, peak=markup.size(peak))
        if peak
        else tr("loaded in {seconds}", seconds=seconds),
        tr("{count} at once", count=report.batch),
        report.graphs,
    ]
    return markup.joined(element("div", line, class_="hint") for line in lines if line)


def _cache(worker: str, name: str, stats: CacheStats) -> tuple[object, ...]:
    size = markup.size(stats.nbytes)
    limit = (
        tr("{size} of {limit}", size=size, limit=markup.size(stats.max_nbytes))
        if stats.max_nbytes
        else tr("{size} (off)", size=size)
    )
    return (
        tr("{cache} of {worker}", cache=name, worker=worker),
        f"{stats.entries:,}",
        limit,
        _found(stats),
    )


def _found(stats: CacheStats) -> object:
    if stats.hit_rate is None:
        return element("span", tr("not asked yet"), class_="hint")
    words = tr(
        "{share} ({hits} of {all})",
        share=f"{stats.hit_rate:.0%}",
        hits=stats.hits,
        all=stats.hits + stats.misses,
    )
    return element("div", markup.bar(stats.hit_rate, words), words)
