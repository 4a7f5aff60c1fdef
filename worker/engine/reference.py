"""A recording of the voice that is to be cloned, checked before any model hears it."""

from dataclasses import dataclass

import numpy as np

from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.errors import InvalidRequest, UnreadableAudio

SHORTEST = 3.0
"""Seconds, below which there is too little of a voice to tell it by (the vendor's own limit)."""
LONGEST = 60.0
"""Seconds; more makes a clone hurry (QwenLM/Qwen3-TTS#239) and takes memory by the minute."""


@dataclass(frozen=True)
class Reference:
    """One person speaking, and what they say. Raises InvalidRequest or UnreadableAudio."""

    samples: Samples
    transcript: str | None = None
    """Every word of it; a clone that is given a part loses its way (Blaizzy/mlx-audio#921).
    Without one, only the sound of the voice is taken, and nothing of how it speaks."""

    def __post_init__(self) -> None:
        require_fit(self.samples)


def require_fit(samples: Samples) -> None:
    """Raises InvalidRequest or UnreadableAudio for what cannot be a reference."""
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise UnreadableAudio("The reference is not mono audio.", param="reference")
    seconds = len(samples) / SAMPLE_RATE
    if not SHORTEST <= seconds <= LONGEST:
        raise InvalidRequest(
            f"The reference is {seconds:.1f} seconds long.",
            param="reference",
            hint=f"Send {SHORTEST:.0f} to {LONGEST:.0f} seconds of one person speaking; "
            "10 to 20 are best.",
        )
