"""How a line is cut so that it can stand beside another: no silence around it, and no click."""

import numpy as np
from numpy.typing import NDArray

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.stretching import stretch

KEPT = 0.03
"""Seconds that stay before the first sound and after the last: consonants begin and end there."""
_WINDOW = SAMPLE_RATE // 100
"""Samples in which the level is measured: 10 ms."""
_SILENT = -45.0
"""dBFS, below which nobody speaks who speaks up."""
_BELOW = 33.0
"""dB from the loudest window down to where sound begins, if that is lower: for whispers."""
_FADE = SAMPLE_RATE // 200
"""Samples of a fade: 5 ms, shorter than any consonant."""


def dress(samples: Samples, speed: float = 1.0) -> Samples:
    """A take as it is heard: trimmed, at `speed` times its pace, with a fade at either end.

    Equal takes make equal sound. One without any sound becomes a moment of silence.
    """
    return fade(stretch(trim(samples), speed))


def trim(samples: Samples) -> Samples:
    """`samples` without the silence around them, but for 30 ms; never empty."""
    levels = _levels(samples)
    heard = np.flatnonzero(levels > min(_SILENT, levels.max(initial=_SILENT) - _BELOW))
    if not heard.size:
        return pcm.silence(2 * KEPT)
    kept = round(KEPT * SAMPLE_RATE)
    first, last = int(heard[0]) * _WINDOW, (int(heard[-1]) + 1) * _WINDOW
    return samples[max(0, first - kept) : last + kept]


def fade(samples: Samples) -> Samples:
    """`samples`, rising from nothing and falling to nothing within 5 ms; a copy."""
    faded = samples.astype(np.float32)
    size = min(_FADE, len(faded) // 2)
    rise = np.sin(np.linspace(0, np.pi / 2, size, endpoint=False, dtype=np.float32)) ** 2
    faded[:size] *= rise
    faded[len(faded) - size :] *= rise[::-1]
    return faded


def _levels(samples: Samples) -> NDArray[np.float64]:
    """dBFS of each window, the last one filled up; digital silence is very low, not infinite."""
    filled = np.pad(samples, (0, -len(samples) % _WINDOW)).reshape(-1, _WINDOW)
    power = np.square(filled, dtype=np.float64).mean(axis=1)
    return 10 * np.log10(power + np.finfo(np.float64).tiny)
