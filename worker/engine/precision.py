"""The number format of each part of a model, decided from the card and from what was measured.

torch is not asked: `is_bf16_supported()` says yes on Turing, where bfloat16 is emulated.
"""

import re
from dataclasses import dataclass, replace
from typing import Literal

from worker.engine.timings import Format, Timings

Setting = Literal["auto", "fp32", "bf16", "fp16"]
Quantization = Literal["none", "int8"]

SMALL_CARD = 8 * 2**30
"""Bytes of memory up to which a card decodes speech in short pieces."""
WORTHWHILE = 1.2
"""How many times as fast as fp32 another format must be for one row before it is taken."""

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

    @property
    def native_bf16(self) -> bool:
        return self.capability >= (8, 0)

    def fits_fp32(self, label: str) -> bool:
        """Whether a checkpoint of size `label` ("0b6", "1b7") can be spoken in fp32."""
        return self.memory >= _FP32_NEEDS[label]

    def within(self, gigabytes: float) -> "Card":
        """The card as if it had no more memory than a budget; 0 is no budget."""
        return replace(self, memory=min(self.memory, int(gigabytes * 1e9) or self.memory))


@dataclass(frozen=True)
class Precision:
    """Formats by part; codec and speaker encoder are always fp32 (NaN in fp16 convolutions)."""

    talker: Format
    predictor: Format
    batch_limit: int | None = None
    """Rows beyond which this format is slower than fp32; None: there is no such number."""
    reason: str = ""
    """Why, in sentences."""

    @property
    def name(self) -> str:
        return self.talker if self.talker == self.predictor else f"{self.talker}+{self.predictor}"


def choose(
    setting: Setting,
    card: Card | None,
    label: str,
    *,
    protected: bool = False,
    quantization: Quantization = "none",
    timings: Timings | None = None,
) -> Precision:
    """The formats for a checkpoint of size `label`; no card is the CPU.

    `protected` is an engine whose code predictor cannot overflow in fp16. Without `timings` the
    card's name has to do.
    """
    if quantization == "int8":
        return Precision("int8", "int8", reason="QUANTIZATION=int8 asks for it.")
    if setting == "auto":
        talker, reason = _automatic(card, label, timings)
    else:
        talker, reason = setting, f"PRECISION={setting} asks for it."
    if talker != "fp16":
        return Precision(talker, talker, reason=reason)
    predictor = "fp16" if protected and _fast_alone(timings) else "fp32"
    if card is None or not _collapses(card, timings):
        return Precision("fp16", predictor, reason=reason)
    return Precision(
        "fp16", predictor, 1, f"{reason} Slower than fp32 for several rows, so one at a time."
    )


def policy(
    setting: Setting,
    card: Card | None,
    *,
    protected: bool = False,
    quantization: Quantization = "none",
    timings: Timings | None = None,
) -> str:
    """The names of all formats that `choose` may give on this card."""
    chosen = (
        choose(
            setting, card, label, protected=protected, quantization=quantization, timings=timings
        )
        for label in _FP32_NEEDS
    )
    return " or ".join(dict.fromkeys(it.name for it in chosen))


def _automatic(card: Card | None, label: str, timings: Timings | None) -> tuple[Format, str]:
    if card is None:
        return "fp32", "On a CPU it is exact, and the same on every machine."
    if card.native_bf16:
        return "bf16", f"{card.name} computes in bf16."
    if not card.fits_fp32(label):
        return "fp16", f"fp32 does not fit into the memory of {card.name}."
    gain = timings.speedup("fp16") if timings else None
    if gain is None:
        fast = _has_fast_fp16(card)
        return (
            "fp16" if fast else "fp32"
        ), f"{card.name} is {'' if fast else 'not '}made for fp16."
    measured = f"fp16 was measured {gain:.1f} times as fast as fp32 for one row."
    return ("fp16" if gain >= WORTHWHILE else "fp32"), measured


def _fast_alone(timings: Timings | None) -> bool:
    """Whether fp16 gains on one row, as even chips without tensor cores do where none was timed."""
    gain = timings.speedup("fp16") if timings else None
    return gain is None or gain >= WORTHWHILE


def _collapses(card: Card, timings: Timings | None) -> bool:
    """Whether fp16 is slower than fp32 for several rows: up to 25 times on some chips."""
    gains = [timings.speedup("fp16", rows=rows) for rows in (2, 8)] if timings else []
    known = [gain for gain in gains if gain is not None]
    return any(gain < 1 for gain in known) if known else not _has_fast_fp16(card)


def _has_fast_fp16(card: Card) -> bool:
    return card.capability >= (7, 0) and not _NO_TENSOR_CORES.search(card.name)
