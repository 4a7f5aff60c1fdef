"""The number format of each part of a model, decided from the card's name and capability.

torch is not asked: `is_bf16_supported()` says yes on Turing, where bfloat16 is emulated.
"""

import re
from dataclasses import dataclass
from typing import Literal

Format = Literal["fp32", "bf16", "fp16"]
Setting = Literal["auto", "fp32", "bf16", "fp16"]

SMALL_CARD = 8 * 2**30
"""Bytes of memory up to which a card decodes speech in short pieces."""

_FP32_NEEDS = {"0b6": 5 * 2**30, "1b7": 10 * 2**30}
"""Bytes for weights, codec, context and half a minute of speech, all in fp32."""

_NO_TENSOR_CORES = re.compile(
    r"GTX 16\d\d|MX450|MX550|\bT(400|500|550|600|1000|1200|2000)\b|CMP 30HX"
)
"""Turing chips TU116 and TU117. On them fp16 matrix products of two or more rows are slower
than fp32 ones (pytorch/pytorch#195716, vllm-project/vllm#54950)."""


@dataclass(frozen=True)
class Card:
    """A CUDA device, as far as it decides formats."""

    name: str
    capability: tuple[int, int]
    memory: int
    """Bytes."""


@dataclass(frozen=True)
class Precision:
    """Formats by part; codec and speaker encoder are always fp32 (NaN in fp16 convolutions)."""

    talker: Format
    predictor: Format

    @property
    def name(self) -> str:
        return self.talker if self.talker == self.predictor else f"{self.talker}+{self.predictor}"


def choose(setting: Setting, card: Card | None, label: str) -> Precision:
    """The formats for a checkpoint of size `label` ("0b6", "1b7"); no card is the CPU."""
    if setting != "auto":
        return _protected(setting)
    if card is None:
        return _protected("fp32")
    if card.capability >= (8, 0):
        return _protected("bf16")
    if not _fp16_is_fast(card) and card.memory >= _FP32_NEEDS[label]:
        return _protected("fp32")
    return _protected("fp16")


def policy(setting: Setting, card: Card | None) -> str:
    """The names of all formats that `choose` may give on this card."""
    return " or ".join(dict.fromkeys(choose(setting, card, label).name for label in _FP32_NEEDS))


def _protected(talker: Format) -> Precision:
    """The 0.6B code predictor overflows fp16: twice its maximum (ggml-org/llama.cpp#28231)."""
    return Precision(talker, "fp32" if talker == "fp16" else talker)


def _fp16_is_fast(card: Card) -> bool:
    return card.capability >= (7, 0) and not _NO_TENSOR_CORES.search(card.name)
