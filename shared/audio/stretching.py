"""Speech made faster or slower at equal pitch."""

from typing import Any

import numpy as np

from shared.audio.pcm import SAMPLE_RATE, Samples

_SEED = 1
"""Of the phases that the algorithm draws: equal sound must become equal sound."""


def stretch(samples: Samples, rate: float) -> Samples:
    """`samples` at `rate` times their pace: 2 is twice as fast and half as long, to the sample.

    By Signalsmith Stretch, which works in spectra and keeps pitch and sibilants. It places sound
    within 5 ms of where it belongs.
    """
    length = round(len(samples) / rate)
    if rate == 1 or not length:
        return samples[:length]
    stretched = _process(samples, rate)
    made = np.zeros(length, np.float32)
    made[: len(stretched)] = stretched[:length]
    return made


def _process(samples: Samples, rate: float) -> Samples:
    # Compiled, and without types.
    import python_stretch

    engine: Any = python_stretch.Signalsmith.Stretch(_SEED)
    engine.preset(1, SAMPLE_RATE)
    engine.setTimeFactor(rate)
    return engine.process(np.ascontiguousarray(samples, np.float32)[np.newaxis])[0]
