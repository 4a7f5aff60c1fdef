"""Raw audio: mono samples as numbers in [-1, 1] and as bytes (s16le), converted in one way only."""

import numpy as np
from numpy.typing import NDArray

from shared.errors import EngineFailed

SAMPLE_RATE = 24_000
"""Hz of all audio between engine, queue and listeners, mono."""
SAMPLE_BYTES = 2
"""Bytes of one sample, s16le."""

Samples = NDArray[np.float32]
"""Mono audio in [-1, 1]."""

_FULL_SCALE = 32_768


def encode(samples: Samples) -> bytes:
    """s16le of `samples`, clipped, halves rounded to even.

    A NaN or an infinity never comes from a sound engine: raises EngineFailed.
    """
    if not np.isfinite(samples).all():
        raise EngineFailed(
            "The engine made samples that are not numbers.",
            hint="Try another seed; if it happens again, set PRECISION=fp32.",
        )
    scaled = np.rint(samples * np.float32(_FULL_SCALE))
    return scaled.clip(-_FULL_SCALE, _FULL_SCALE - 1).astype("<i2").tobytes()


def decode(pcm: bytes) -> Samples:
    """The samples of s16le `pcm`, a whole number of them; `encode` gives the same bytes back."""
    return np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(_FULL_SCALE)


def silence(seconds: float, sample_rate: int = SAMPLE_RATE) -> Samples:
    """`seconds` of nothing, to the nearest sample."""
    return np.zeros(round(seconds * sample_rate), np.float32)
