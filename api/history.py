"""`/v1/history`: what workers measured and what jobs took over time, ready to be drawn."""

from collections.abc import Iterable, Sequence
from typing import Annotated

from fastapi import APIRouter, Query

from api.deps import Here
from shared import history
from shared.connection import answered
from shared.history import End, Sample, Span
from shared.readings import Reading
from shared.views import History, Level, Spread, WorkerHistory

router = APIRouter(prefix="/v1", tags=["status"])

Minutes = Annotated[int, Query(ge=1, le=1_440)]
Points = Annotated[int, Query(ge=1, le=500)]
_LEVELS = (
    "utilization",
    "gpu_memory",
    "gpu_memory_own",
    "temperature",
    "power",
    "cpu",
    "memory",
)
_DIGITS = 6
"""Of the numbers in an answer: more are not seen in a picture."""


@router.get("/history", summary="Load and pace over time")
def show_history(here: Here, minutes: Minutes = 60, points: Points = 120) -> History:
    """The last `minutes` in equal stretches of time, at most `points` of them: the load of each
    worker and its card, the queue, and how many jobs ended and how fast they were."""
    with answered():
        span = Span.until(history.clock(here.redis), minutes * 60, points)
        measured = {
            name: history.samples(here.redis, name, span.begin)
            for name in history.workers(here.redis)
        }
        ended = history.ends(here.redis, span.begin)
    everybody = sorted(
        (sample for samples in measured.values() for sample in samples), key=lambda it: it.at
    )
    return History(
        begin=span.begin,
        step=span.step,
        points=span.points,
        workers=[_worker(span, name, samples) for name, samples in measured.items() if samples],
        waiting=_level(span, everybody, "waiting"),
        succeeded=_count(span, ended, "succeeded"),
        failed=_count(span, ended, "failed"),
        cancelled=_count(span, ended, "cancelled"),
        audio=_audio(span, ended),
        queue_wait=_spread(span, ended, "queued"),
        first_audio=_spread(span, ended, "first_audio"),
        real_time_factor=_spread(span, ended, "real_time_factor"),
    )


def _worker(span: Span, name: str, samples: Sequence[Sample]) -> WorkerHistory:
    levels = {quantity: _level(span, samples, quantity) for quantity in _LEVELS}
    latest = samples[-1].most
    return WorkerHistory(
        worker=name,
        gpu_memory_total=latest.gpu_memory_total,
        memory_total=latest.memory_total,
        **levels,
    )


def _level(span: Span, samples: Sequence[Sample], quantity: str) -> Level:
    means = _values(((it.at, it.mean) for it in samples), quantity)
    tops = _values(((it.at, it.most) for it in samples), quantity)
    return Level(
        mean=[_short(history.mean(values)) for values in span.sorted(means)],
        most=[_short(max(values, default=None)) for values in span.sorted(tops)],
        last=_short(means[-1][1]) if means else None,
    )


def _spread(span: Span, ended: Sequence[tuple[float, End]], quantity: str) -> Spread:
    values = _values(ended, quantity)
    stretches = span.sorted(values)
    overall = [value for stretch in stretches for value in stretch]
    return Spread(
        p50=[_short(history.percentile(each, 0.5)) for each in stretches],
        p95=[_short(history.percentile(each, 0.95)) for each in stretches],
        p50_overall=_short(history.percentile(overall, 0.5)),
        p95_overall=_short(history.percentile(overall, 0.95)),
    )


def _count(span: Span, ended: Sequence[tuple[float, End]], state: str) -> list[int]:
    return [len(each) for each in span.sorted(it for it in ended if it[1].state == state)]


def _audio(span: Span, ended: Sequence[tuple[float, End]]) -> list[float]:
    """Seconds of audio per minute."""
    return [
        float(f"{sum(each) * 60 / span.step:.{_DIGITS}g}")
        for each in span.sorted(_values(ended, "audio"))
    ]


def _values(
    dated: Iterable[tuple[float, Reading]] | Iterable[tuple[float, End]], quantity: str
) -> list[tuple[float, float]]:
    """One quantity of each, where it is known."""
    found = ((at, getattr(it, quantity)) for at, it in dated)
    return [(at, value) for at, value in found if value is not None]


def _short(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.{_DIGITS}g}")
