"""What the doctor makes of measured times."""

from typing import Any

import pytest

from shared.settings import load
from shared.status import Finding
from tools.doctor.speed import Measured, judge
from worker.engine.precision import Card
from worker.engine.timings import Format, Timings

GTX_1660_TI = Card("NVIDIA GeForce GTX 1660 Ti", (7, 5), 6 * 2**30)


def said(
    microseconds: dict[Format, dict[int, float]],
    card: Card | None = None,
    disturbed: bool = False,
) -> Measured:
    return Measured(card=card, timings=Timings(microseconds=microseconds, disturbed=disturbed))


def judged(found: Measured, **settings: Any) -> tuple[list[Finding], list[Finding], str]:
    """What is said of speed, what of precision, and all that is advised."""
    findings = list(judge(found, load(**settings)))
    advice = " ".join(finding.advice for finding in findings if finding.advice)
    return (
        [finding for finding in findings if finding.subject == "speed"],
        [finding for finding in findings if finding.subject == "precision"],
        advice,
    )


def test_every_format_has_a_line_with_its_gain_and_its_batch():
    times: dict[Format, dict[int, float]] = {
        "fp32": {1: 184.3, 2: 186.0, 8: 400.0},
        "bf16": {1: 102.0, 2: 103.0, 8: 122.0},
    }
    fp32, bf16 = judged(said(times))[0]
    assert fp32.fact.startswith("fp32: 184 µs for 1 row, 186 for 2, 400 for 8; 2 rows take hardly")
    assert "bf16: 102 µs for 1 row (1.8 times fp32), 103 for 2" in bf16.fact


@pytest.mark.parametrize(
    ("bf16", "int8", "setting"),
    [
        (100.0, 95.0, "`PRECISION=bf16` is 3.0 times as fast as fp32"),
        (100.0, 50.0, "`QUANTIZATION=int8` is 6.0 times as fast as fp32"),
        (290.0, 90.0, "`QUANTIZATION=int8` is 3.3 times as fast as fp32"),
        (290.0, 280.0, ""),
    ],
)
def test_a_cpu_is_told_the_most_exact_format_that_is_much_faster(
    bf16: float, int8: float, setting: str
):
    times: dict[Format, dict[int, float]] = {
        "fp32": {1: 300.0},
        "bf16": {1: bf16},
        "int8": {1: int8},
    }
    _, precision, advice = judged(said(times), precision="auto", quantization="none")
    assert all(finding.fact.split(". ")[0].endswith("fp32") for finding in precision)
    assert setting in advice
    assert bool(setting) == bool(advice)


def test_what_is_set_already_is_not_advised():
    times: dict[Format, dict[int, float]] = {
        "fp32": {1: 300.0},
        "bf16": {1: 100.0},
        "int8": {1: 95.0},
    }
    assert not judged(said(times), precision="bf16")[2]
    assert not judged(said(times), quantization="int8")[2]


@pytest.mark.parametrize(
    ("fp16", "settings", "advice"),
    [
        ({1: 100.0, 2: 100.0, 8: 110.0}, {"precision": "auto"}, ""),
        ({1: 100.0, 2: 2400.0, 8: 2400.0}, {"precision": "auto"}, "`PRECISION=fp32` may be faster"),
        ({1: 100.0, 2: 100.0, 8: 110.0}, {"precision": "fp32"}, "`PRECISION=auto` takes fp16"),
        ({1: 300.0, 2: 300.0, 8: 300.0}, {"precision": "fp16"}, "`PRECISION=auto` takes fp32"),
    ],
)
def test_turing_is_told_what_its_formats_are_worth(
    fp16: dict[int, float], settings: dict[str, str], advice: str
):
    found = said({"fp32": {1: 200.0, 2: 200.0, 8: 210.0}, "fp16": fp16}, GTX_1660_TI)
    given = judged(found, model_size="0.6B", **settings)[2]
    assert advice in given
    assert bool(advice) == bool(given)


def test_both_sizes_have_their_policy_and_its_reason():
    found = said({"fp32": {1: 200.0}, "fp16": {1: 190.0}}, GTX_1660_TI)
    small, large = judged(found, precision="auto")[1]
    assert small.fact == "0.6B: fp32. fp16 was measured 1.1 times as fast as fp32 for one row."
    assert "1.7B: fp16+fp32. fp32 does not fit" in large.fact


def test_times_taken_on_a_busy_machine_are_not_relied_on():
    found = said({"fp32": {1: 300.0}, "bf16": {1: 100.0}}, disturbed=True)
    speed, _, advice = judged(found, precision="auto")
    assert "others computed" in speed[-1].fact
    assert "PRECISION" not in advice
    assert "qtts doctor --measure" in advice


def test_a_failed_measurement_is_a_note():
    (finding,) = judge(Measured(trouble="There is no device 'gpu'."), load())
    assert finding.verdict == "note"
    assert "There is no device 'gpu'." in finding.fact
