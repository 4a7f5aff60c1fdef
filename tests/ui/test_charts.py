"""Charts: values become paths, what was not measured a gap, and all of it is said in words."""

import json
import re
from html import unescape

import pytest

from shared.views import History, Level, Spread, WorkerHistory
from ui import charts
from ui.charts import Curve, Headline, Time
from ui.pages import load

GIGABYTE = 10**9
TIME = Time(begin=1_000.0, step=30.0, points=4, span="the last hour", ago="1 h ago")
NOTHING = Level(mean=[None] * 4, most=[None] * 4, last=None)
NEVER = Spread(p50=[None] * 4, p95=[None] * 4, p50_overall=None, p95_overall=None)


def level(*values: float | None) -> Level:
    last = next((it for it in reversed(values) if it is not None), None)
    return Level(mean=list(values), most=list(values), last=last)


def worker(**levels: object) -> WorkerHistory:
    known: dict[str, object] = dict.fromkeys(
        ("utilization", "gpu_memory", "gpu_memory_own", "temperature", "power", "cpu", "memory"),
        NOTHING,
    )
    known |= {"worker": "gpu-0", "gpu_memory_total": None, "memory_total": None}
    return WorkerHistory.model_validate(known | levels)


def history(**told: object) -> History:
    known: dict[str, object] = {"begin": 1_000.0, "step": 900.0, "points": 4, "workers": []}
    known |= {kind: [0] * 4 for kind in ("succeeded", "failed", "cancelled")}
    known |= dict.fromkeys(("queue_wait", "first_audio", "real_time_factor"), NEVER)
    known |= {"audio": [0.0] * 4, "waiting": NOTHING}
    return History.model_validate(known | told)


def labels(drawn: str) -> list[str]:
    return [unescape(it) for it in re.findall(r'role="img" aria-label="([^"]*)"', drawn)]


def test_values_are_points_of_a_path_over_their_stretches():
    assert charts.line([0, 5, 10, 10], top=10) == "M0 72L30 72L90 36L150 0L210 0L240 0"


def test_a_gap_is_a_gap():
    assert charts.line([10, None, 5, None], top=10) == "M0 0L30 0L60 0M120 36L150 36L180 36"
    assert charts.joined([1, 1, None, 1], top=1) == "M30 0L90 0"
    assert charts.dots([None, 1, None, 0], top=1) == "M90 0h0M210 72h0"


def test_what_is_under_a_line_is_closed():
    assert charts.filled([None, 5, None, None], top=10) == "M60 72L60 36L90 36L120 36L120 72Z"


def test_blocks_stand_on_those_below_them():
    (block,) = re.findall(r"M[^Z]*Z", charts.blocks([0, 2, 0, 0], [0, 4, 0, 0], top=8))
    assert block == "M67.2 36V18h45.6V36Z"


@pytest.mark.parametrize(
    ("values", "top"),
    [([], 1), ([0, None], 1), ([3.2], 5), ([0.011], 0.02), ([10], 10)],
)
def test_a_scale_ends_with_a_round_number(values: list[float | None], top: float):
    assert charts.ceiling(values) == pytest.approx(top)


def test_large_numbers_are_written_out():
    assert [charts.seconds(it) for it in (0.25, 599, 700, 60_000)] == [
        "0.25 s",
        "599 s",
        "11.7 min",
        "16.7 h",
    ]
    assert [charts.count(it) for it in (0.5, 12, 999.7)] == ["0.5", "12", "1,000"]


def test_what_a_person_points_at_is_said_with_its_unit():
    drawn = charts.curves(
        TIME,
        "Wait",
        charts.seconds,
        [Curve("p50", [0.25, None, 3, 4], "first"), Curve("p95", [1, None, None, 700], "second")],
        Headline("0.25 s"),
    )
    words = json.loads(unescape(re.search(r'data-words="([^"]*)"', drawn)[1]))  # pyright: ignore
    assert words == ["p50 0.25 s, p95 1 s", "", "p50 3 s", "p50 4 s, p95 11.7 min"]
    assert 'data-begin="1000.000"' in drawn


def test_a_chart_says_its_numbers():
    told = worker(
        utilization=level(0.2, 0.9, None, 0.5),
        gpu_memory=level(4.9 * GIGABYTE, None, None, 3.1 * GIGABYTE),
        gpu_memory_total=6 * GIGABYTE,
        temperature=level(64),
        power=level(78),
    )
    drawn = load.draw(history(workers=[told]), 60, [])
    assert labels(drawn) == [
        "GPU over the last hour: now 50%, at most 90%, 64 °C, 78 W",
        "VRAM over the last hour: now 3.1 GB of 6.0 GB, at most 4.9 GB",
    ]
    assert "It is gone." in drawn


def test_percentiles_have_a_legend_and_a_sentence():
    spread = Spread(p50=[1, 2, None, 3], p95=[4, 5, None, 6], p50_overall=2, p95_overall=6)
    drawn = load.draw(history(queue_wait=spread), 15, [])
    (label,) = labels(drawn)
    assert label.endswith("last 15 minutes: half of the jobs at most 2 s, 95% at most 6 s")
    assert "p50, half of the jobs" in drawn


def test_ends_of_jobs_are_counted_by_kind():
    drawn = load.draw(history(succeeded=[1, 0, 3, 0], failed=[0, 0, 2, 0]), 1_440, [])
    assert labels(drawn) == ["Jobs ended over the last 24 hours: 4 succeeded, 2 failed"]
    assert "cancelled" not in drawn


def test_an_empty_chart_says_why():
    drawn = load.draw(history(workers=[worker()]), 60, [])
    assert "<svg" not in drawn
    for why in (
        "Nothing was spoken in the last hour.",
        "No job ended in the last hour.",
        "No worker measured anything in the last hour.",
        "No GPU on this worker.",
        "The machine does not tell.",
    ):
        assert why in drawn
