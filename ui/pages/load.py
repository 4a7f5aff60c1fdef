"""Charts on the System page: how much the machine has to bear, and how fast jobs go."""

from collections.abc import Iterable, Iterator, Sequence

from shared.status import WorkerStatus
from shared.views import History, Level, Spread, WorkerHistory
from ui import charts
from ui.charts import Curve, Headline, Time, Unit
from ui.markup import Html, element, joined
from ui.translation import mark, tr

POINTS = 60
SPANS = {
    15: (mark("15 min"), mark("the last 15 minutes"), mark("15 min ago")),
    60: (mark("1 h"), mark("the last hour"), mark("1 h ago")),
    1_440: (mark("24 h"), mark("the last 24 hours"), mark("24 h ago")),
}
"""Minutes that can be looked at: on the button, in a sentence, and at the beginning of the axis."""


def choices() -> list[tuple[str, int]]:
    """The spans to choose from."""
    return [(tr(label), minutes) for minutes, (label, _, _) in SPANS.items()]


def draw(told: History, minutes: int, workers: Sequence[WorkerStatus]) -> Html:
    """All charts: those of the service, and those of each worker that measured something."""
    _, span, ago = SPANS[minutes]
    time = Time(told.begin, told.step, told.points, tr(span), tr(ago))
    alive = {worker.name: worker for worker in workers}
    return joined(
        [
            element("div", *_service(told, time), class_="charts of-service"),
            *(_of(worker, time, alive.get(worker.worker)) for worker in told.workers),
        ]
    )


# --- the service -----------------------------------------------------------------------------


def _service(told: History, time: Time) -> Iterator[Html]:
    silence = tr("Nothing was spoken in {span}.", span=time.span)
    yield _spread(time, tr("Time to first sound"), charts.seconds, told.first_audio, silence)
    yield _spread(time, tr("Real-time factor"), charts.ratio, told.real_time_factor, silence)
    yield _spread(
        time,
        tr("Wait in the queue"),
        charts.seconds,
        told.queue_wait,
        tr("No job ended in {span}.", span=time.span),
    )
    yield _audio(told, time, silence)
    yield _jobs(told, time)
    yield _waiting(told.waiting, time)


def _spread(time: Time, name: str, unit: Unit, spread: Spread, why: str) -> Html:
    median, most = spread.p50_overall, spread.p95_overall
    if median is None or most is None:
        return charts.nothing(name, why)
    drawn = [
        Curve("p50", spread.p50, "first", tr("half of the jobs")),
        Curve("p95", spread.p95, "second", tr("nearly all")),
    ]
    said = tr(
        "half of the jobs at most {median}, 95% at most {most}",
        median=unit(median),
        most=unit(most),
    )
    headline = Headline(unit(median), tr("p95 {most}", most=unit(most)), said)
    return charts.curves(time, name, unit, drawn, headline)


def _audio(told: History, time: Time, why: str) -> Html:
    name = tr("Audio made per minute")
    if not any(told.audio):
        return charts.nothing(name, why)
    total = charts.seconds(sum(told.audio) * told.step / 60)
    most = charts.seconds(max(told.audio))
    said = tr("{total} in all, at most {most} in a minute", total=total, most=most)
    headline = Headline(total, tr("at most {most} in a minute", most=most), said)
    return charts.bars(
        time, name, charts.seconds, [Curve(tr("audio"), told.audio, "first")], headline
    )


def _jobs(told: History, time: Time) -> Html:
    name = tr("Jobs ended")
    kinds = [
        Curve(tr("succeeded"), told.succeeded, "first"),
        Curve(tr("failed"), told.failed, "bad"),
        Curve(tr("cancelled"), told.cancelled, "quiet"),
    ]
    totals = [sum(it or 0 for it in kind.values) for kind in kinds]
    if not any(totals):
        return charts.nothing(name, tr("No job ended in {span}.", span=time.span))
    shown = [kind for kind, total in zip(kinds, totals, strict=True) if total]
    said = ", ".join(
        f"{total:.0f} {kind.name}" for kind, total in zip(kinds, totals, strict=True) if total
    )
    headline = Headline(charts.count(sum(totals)), said if len(shown) > 1 else "", said)
    return charts.bars(time, name, charts.count, shown, headline)


def _waiting(level: Level, time: Time) -> Html:
    name = tr("Jobs waiting")
    most = _most(level)
    if level.last is None or most is None:
        return charts.nothing(name, tr("No worker measured anything in {span}.", span=time.span))
    now = charts.count(level.last)
    said = tr("now {now}, at most {most}", now=now, most=charts.count(most))
    rest = tr("at most {most}", most=charts.count(most))
    headline = Headline(now, rest, said)
    return charts.area(time, name, charts.count, level.mean, level.most, headline)


# --- a worker --------------------------------------------------------------------------------


def _of(told: WorkerHistory, time: Time, worker: WorkerStatus | None) -> Html:
    gone = tr("It is gone.") if worker is None else ""
    card = worker.gpu.name if worker and worker.gpu else gone
    return joined(
        [
            element(
                "h3", told.worker, " ", element("span", card, class_="hint"), class_="charts-of"
            ),
            element("div", *_machine(told, time), class_="charts"),
        ]
    )


def _machine(told: WorkerHistory, time: Time) -> Iterator[Html]:
    if told.utilization.last is None and told.gpu_memory.last is None:
        yield charts.nothing(tr("GPU"), tr("No GPU on this worker."))
    else:
        yield _level(time, tr("GPU"), charts.share, told.utilization, top=1.0, more=_card(told))
        yield _level(
            time,
            tr("VRAM"),
            charts.memory,
            told.gpu_memory,
            whole=told.gpu_memory_total,
            top=told.gpu_memory_total,
            more=_own(told),
        )
    yield _level(time, tr("Processor, of one core"), charts.percent, told.cpu)
    yield _level(time, tr("Memory"), charts.memory, told.memory, whole=told.memory_total)


def _level(
    time: Time,
    name: str,
    unit: Unit,
    level: Level,
    *,
    whole: float | None = None,
    top: float | None = None,
    more: Iterable[str] = (),
) -> Html:
    most = _most(level)
    if level.last is None or most is None:
        return charts.nothing(name, tr("The machine does not tell."))
    more = list(more)
    words = {"now": unit(level.last), "most": unit(most), "whole": unit(whole or 0)}
    if whole:
        said = tr("now {now} of {whole}, at most {most}", **words)
        rest = [tr("of {whole}", **words)]
    else:
        said = tr("now {now}, at most {most}", **words)
        rest = []
    rest += [tr("at most {most}", **words), *more]
    headline = Headline(words["now"], " · ".join(rest), ", ".join([said, *more]))
    return charts.area(time, name, unit, level.mean, level.most, headline, top=top)


def _card(told: WorkerHistory) -> Iterator[str]:
    if told.temperature.last is not None:
        yield f"{told.temperature.last:.0f} °C"
    if told.power.last is not None:
        yield f"{told.power.last:.0f} W"


def _own(told: WorkerHistory) -> Iterator[str]:
    own = told.gpu_memory_own.last
    if own is not None:
        yield tr("{own} its own", own=charts.memory(own))


def _most(level: Level) -> float | None:
    return max((it for it in level.most if it is not None), default=None)
