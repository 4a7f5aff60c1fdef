"""Number formats by card."""

import pytest

from worker.engine.precision import Card, Setting, choose, policy

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


def test_the_policy_of_a_card_does_not_depend_on_the_checkpoint():
    assert policy("auto", GTX_1660_TI) == "fp32 or fp16+fp32"
    assert policy("auto", H200) == "bf16"
