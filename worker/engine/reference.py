"""A recording of the voice that is to be cloned, checked before any model hears it."""

from dataclasses import dataclass

import numpy as np

from shared.audio.codes import Codes
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.reference import LONGEST, SHORTEST
from shared.errors import UnreadableAudio, UnsuitableReference


@dataclass(frozen=True)
class Reference:
    """One person speaking, and what they say. Raises UnsuitableReference or UnreadableAudio."""

    samples: Samples
    transcript: str | None = None
    """Every word of it; a clone that is given a part loses its way (Blaizzy/mlx-audio#921).
    Without one, only the sound of the voice is taken, and nothing of how it speaks."""
    codes: Codes | None = None
    """The samples in the codec's codes, where those came first."""

    def __post_init__(self) -> None:
        require_fit(self.samples)


def require_fit(samples: Samples) -> None:
    """Raises UnsuitableReference or UnreadableAudio for what cannot be a reference."""
    if samples.ndim != 1 or not np.isfinite(samples).all():
        raise UnreadableAudio("The reference is not mono audio.", param="reference")
    require_length(len(samples) / SAMPLE_RATE)


def require_length(seconds: float, param: str = "reference") -> None:
    """Raises UnsuitableReference for a recording, or codes of one, that is too short or long."""
    if not SHORTEST <= seconds <= LONGEST:
        raise UnsuitableReference(
            f"The reference is {seconds:.1f} seconds long.",
            param=param,
            hint=f"Send {SHORTEST:.0f} to {LONGEST:.0f} seconds of one person speaking; "
            "10 to 20 are best.",
        )


def audible(samples: Samples) -> Samples | None:
    """As much of a sound as a voice is told by; None where that is too little."""
    return (
        None if len(samples) < SHORTEST * SAMPLE_RATE else samples[: round(LONGEST * SAMPLE_RATE)]
    )
