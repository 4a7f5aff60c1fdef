"""One call of an engine, taken apart; and what an engine must do to be compared."""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from shared.requests.sampling import Sampling
from worker.engine.bench.report import Speed
from worker.engine.bench.taps import Around, Settle, nothing
from worker.engine.qwen3.running import RAMP

GREEDY = Sampling(do_sample=False, subtalker_dosample=False)
RELEASED = Sampling()
FIRST = 2
"""Frames of sound after which a listener has something to hear."""
LANGUAGE, SPEAKER = "english", "ryan"
TEXTS = (
    "The lamp was lit long before the ship came home.",
    "Nobody had counted the stairs, and nobody wanted to.",
    "Who is there, and what do you want at this hour of the night?",
    "She wrote the number down, folded the paper, and said no more.",
)
"""Spoken in turn, so that the rows of a batch differ."""


@dataclass(frozen=True)
class Order:
    """What is to be spoken, and how it is listened to."""

    rows: int
    chunks: int
    """Between harvests of our engine, which stops after whole ones."""
    sampling: Sampling = RELEASED
    settle: Settle = nothing
    around_language_model: Around = nullcontext
    around_codec: Around = nullcontext

    @property
    def texts(self) -> list[str]:
        return [TEXTS[row % len(TEXTS)] for row in range(self.rows)]

    @property
    def frames(self) -> int:
        """Frames handed out of each row, the same by every engine.

        Ours needs one more to know that a row is too long; and the first row of a batch speaks its
        first chunk alone.
        """
        ramp = [RAMP[min(chunk, len(RAMP) - 1)] for chunk in range(self.chunks)]
        return sum(ramp[1:] if self.rows > 1 else ramp) - 1


@dataclass
class Take:
    """Seconds of one call and of its parts."""

    order: Order
    seconds: float = 0.0
    first_audio: float = 0.0
    prefill: float = 0.0
    language_model: float = 0.0
    """A frame of all rows."""
    codec: float = 0.0
    """The same."""
    frames: int = 0
    """Computed by the language model."""
    frames_before_sound: int | None = None
    codes: list[NDArray[np.int64]] = field(default_factory=list[NDArray[np.int64]])
    """Of each row; none where the engine does not tell."""

    def speed(self, parts: "Take", peak_bytes: int | None) -> Speed:
        """The figures of this call, its parts taken from another that waited for each of them."""
        frames = self.order.frames
        return Speed(
            rows=self.order.rows,
            frames=frames,
            language_model_ms=1e3 * parts.language_model,
            codec_ms=1e3 * parts.codec,
            total_ms=1e3 * self.seconds / frames,
            prefill_ms=1e3 * parts.prefill,
            first_audio_ms=1e3 * self.first_audio,
            frames_before_sound=self.frames_before_sound,
            peak_bytes=peak_bytes,
        )


class Speaker(Protocol):
    """An engine with the checkpoint loaded."""

    most_rows: int
    """Of a batch."""

    def speak(self, order: Order) -> Take: ...


def mean(values: Sequence[float]) -> float:
    """0 where there are none."""
    return sum(values) / len(values) if values else 0.0
