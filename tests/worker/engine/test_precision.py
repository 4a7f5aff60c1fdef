"""Number formats by card."""

import pytest

from worker.engine.precision import Card, Setting, choose, policy
from worker.engine.timings import Timings

GB = 2**30
GTX_1660_TI = Card("NVIDIA GeForce GTX 1660 Ti", (7, 5), 6 * GB)
GTX_1650 = Card("NVIDIA GeForce GTX 1650", (7, 5), 4 * GB)
T1000 = Card("NVIDIA T1000", (7, 5), 4 * GB)
T4 = Card("Tesla T4", (7, 5), 15 * GB)
RTX_2060 = Card("NVIDIA GeForce RTX 2060", (7, 5), 6 * GB)
GTX_1080_TI = Card("NVIDIA GeForce GTX 1080 Ti", (6, 1), 11 * GB)
V100 = Card("Tesla V100-SXM2-16GB", (7, 0), 16 * GB)
RTX_3060 = Card("NVIDIA GeForce RTX 3060", (8, 6), 12 * GB)
H200 = Card("NVIDIA H200", (9, 0), 140 * GB)


@pytest.mark.parametrize(
    ("card", "label", "name"),
    [
        (None, "0b6", "fp32"),
        (None, "1b7", "fp32"),
        (GTX_1660_TI, "0b6", "fp32"),
        (GTX_1660_TI, "1b7", "fp16+fp32"),
        (GTX_1650, "0b6", "fp16+fp32"),
        (T1000, "0b6", "fp16+fp32"),
        (GTX_1080_TI, "1b7", "fp32"),
        (T4, "0b6", "fp16+fp32"),
        (RTX_2060, "0b6", "fp16+fp32"),
        (V100, "1b7", "fp16+fp32"),
        (RTX_3060, "0b6", "bf16"),
        (H200, "1b7", "bf16"),
    ],
)
def test_auto_takes_what_is_safe_on_the_card(card: Card | None, label: str, name: str):
    assert choose("auto", card, label).name == name


@pytest.mark.parametrize("card", [None, GTX_1660_TI, T4, H200])
@pytest.mark.parametrize(
    ("setting", "name"), [("fp32", "fp32"), ("bf16", "bf16"), ("fp16", "fp16+fp32")]
)
def test_a_setting_is_honoured_on_any_card(card: Card | None, setting: Setting, name: str):
    assert choose(setting, card, "0b6").name == name


@pytest.mark.parametrize("card", [None, GTX_1660_TI, GTX_1650, T4, V100, H200])
@pytest.mark.parametrize("setting", ["auto", "fp16", "bf16", "fp32"])
def test_the_code_predictor_is_never_fp16(card: Card | None, setting: Setting):
    assert choose(setting, card, "0b6").predictor != "fp16"


@pytest.mark.parametrize("card", [GTX_1660_TI, T4])
def test_an_engine_that_guards_the_code_predictor_lets_it_be_fp16(card: Card):
    assert choose("fp16", card, "0b6", protected=True).name == "fp16"


def test_the_policy_of_a_card_does_not_depend_on_the_checkpoint():
    assert policy("auto", GTX_1660_TI) == "fp32 or fp16+fp32"
    assert policy("auto", GTX_1660_TI, protected=True) == "fp32 or fp16"
    assert policy("auto", H200) == "bf16"


# --- what was measured goes before what the name says ---


def timings(**gains: list[float]) -> Timings:
    """fp16 that is so many times as fast as fp32 for 1, 2 and 8 rows."""
    by_rows = dict(zip((1, 2, 8), gains["fp16"], strict=True))
    return Timings(
        microseconds={
            "fp32": {rows: 100.0 for rows in by_rows},
            "fp16": {rows: 100.0 / gain for rows, gain in by_rows.items()},
        }
    )


FAST = timings(fp16=[1.9, 1.9, 1.8])
FAST_ALONE = timings(fp16=[1.9, 0.08, 0.05])
SLOW = timings(fp16=[1.1, 1.1, 1.1])
COLLAPSED = timings(fp16=[0.9, 0.1, 0.1])


@pytest.mark.parametrize(
    ("card", "label", "measured", "name", "batch_limit"),
    [
        (GTX_1660_TI, "0b6", FAST, "fp16", None),
        (GTX_1660_TI, "0b6", FAST_ALONE, "fp16", 1),
        (GTX_1660_TI, "0b6", SLOW, "fp32", None),
        (GTX_1660_TI, "0b6", COLLAPSED, "fp32", None),
        (GTX_1660_TI, "0b6", None, "fp32", None),
        (GTX_1660_TI, "1b7", FAST, "fp16", None),
        (GTX_1660_TI, "1b7", FAST_ALONE, "fp16", 1),
        (GTX_1660_TI, "1b7", SLOW, "fp16+fp32", None),
        (GTX_1660_TI, "1b7", COLLAPSED, "fp16+fp32", 1),
        (GTX_1660_TI, "1b7", None, "fp16", 1),
        (T4, "0b6", FAST, "fp16", None),
        (T4, "0b6", SLOW, "fp32", None),
        (T4, "1b7", None, "fp16", None),
        (H200, "1b7", SLOW, "bf16", None),
    ],
)
def test_auto_follows_what_was_measured(
    card: Card, label: str, measured: Timings | None, name: str, batch_limit: int | None
):
    chosen = choose("auto", card, label, protected=True, timings=measured)
    assert (chosen.name, chosen.batch_limit) == (name, batch_limit)


def test_fp16_that_was_asked_for_is_not_batched_where_that_is_slower():
    assert choose("fp16", T4, "0b6", timings=FAST_ALONE).batch_limit == 1
    assert choose("fp16", T4, "0b6", timings=FAST).batch_limit is None


def test_the_reason_names_the_measured_gain():
    reason = choose("auto", GTX_1660_TI, "0b6", timings=FAST_ALONE).reason
    assert "1.9 times as fast" in reason
    assert "one at a time" in reason


def test_a_cpu_stays_exact_however_fast_other_formats_are():
    measured = Timings(microseconds={"fp32": {1: 300.0}, "bf16": {1: 100.0}, "int8": {1: 50.0}})
    assert choose("auto", None, "0b6", timings=measured).name == "fp32"


@pytest.mark.parametrize("card", [None, GTX_1660_TI, H200])
def test_int8_is_taken_only_when_it_is_asked_for(card: Card | None):
    assert choose("auto", card, "0b6", quantization="int8").name == "int8"
    assert choose("auto", card, "0b6").name != "int8"


def test_a_budget_counts_as_the_memory_of_the_card():
    card = GTX_1080_TI.within(4)
    assert choose("auto", GTX_1080_TI, "0b6").name == "fp32"
    assert choose("auto", card, "0b6").name == "fp16+fp32"
    assert GTX_1080_TI.within(0) == GTX_1080_TI
    assert GTX_1080_TI.within(100) == GTX_1080_TI
