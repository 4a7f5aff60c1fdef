"""What is wrong with a take, as far as its sound tells: broken, silent, stuck in a loop."""

from math import inf

import numpy as np
from numpy.typing import NDArray

from shared.audio.pcm import SAMPLE_RATE, Samples

_WINDOW = SAMPLE_RATE // 40
"""Samples in which level and spectrum are looked at: 25 ms, about a short sound."""
_SILENT = -50.0
"""dBFS, below which nothing is heard."""
_HEARD = 0.1
"""Seconds above it; the shortest word, a bare vowel, has more."""
_FULL = 0.985
"""Amplitude counted as full scale: flat tops ripple."""
_FLAT = 3
"""Samples at full scale one after the other; a single one is a peak that just fits."""
_CLIPPED = 0.001
"""Share of all samples."""

# A pace of its own is no fault: voices, moods and languages differ by a factor of two from the
# estimate, and a stand-in engine that spells out signs by more. What never ends or breaks off is
# further away.
_SHORT = 0.3
"""Share of the estimate, below which words seem to be missing."""
_SHORTEST = 1.5
"""Seconds of an estimate, below which it is too rough to say so."""
_LONG = 3.0
"""How many times the estimate is too long,"""
_ALLOWANCE = 3.0
"""and how many seconds beyond that."""
_PAUSE = 3.0
"""Seconds of silence that nobody leaves within a line: a dash or an ellipsis makes one."""

_SHORTEST_LAG = 3
"""Windows, 75 ms: a sound that is held repeats itself at any lag."""
_LONGEST_LAG = 120
"""Windows, three seconds: a clause."""
_REPEATS = 4
"""How often something is heard one after the other before it is called a loop,"""
_LOOP = 3.0
"""and the seconds that it must go on,"""
_LOOPING = 1.25
"""in a take of more than so many times the estimate, and a second more: words that the text itself
repeats, such as `knock, knock, knock, knock`, were reckoned with."""
_ALIKE = 0.35
"""Of the difference between any two sounds of the take, below which two are the same. Speech stays
above 0.6, and a loop below 0.1 where it is exact."""
_BANDS = np.geomspace(120, 9_000, 17)
"""Hz; the edges of 16 bands, each about a third of an octave."""

Levels = NDArray[np.float64]


def faults(samples: Samples, expected_seconds: float) -> list[str]:
    """One sentence for each fault of a take that was expected to last so long; none if it passes.

    It errs on the side of passing: another take costs time, and may be no better.
    """
    if not np.isfinite(samples).all():
        return ["It has samples that are not numbers."]
    windows = _windows(samples)
    levels = _levels(windows)
    heard = levels > _SILENT
    if heard.sum() * _WINDOW < _HEARD * SAMPLE_RATE:
        return ["It is silent."]
    return [
        fault
        for fault in (
            _clipping(samples),
            _length(heard, expected_seconds),
            _pause(heard),
            _loop(windows, heard, expected_seconds),
        )
        if fault
    ]


def _clipping(samples: Samples) -> str:
    runs = _runs(np.abs(samples) >= _FULL)
    share = runs[runs >= _FLAT].sum() / len(samples)
    return f"It is clipped: {share:.1%} of it is at full scale." if share > _CLIPPED else ""


def _length(heard: NDArray[np.bool_], expected: float) -> str:
    places = np.flatnonzero(heard)
    seconds = float(places[-1] + 1 - places[0]) * _WINDOW / SAMPLE_RATE
    if expected >= _SHORTEST and seconds < _SHORT * expected:
        return f"It is too short: {seconds:.1f} seconds where about {expected:.1f} were expected."
    if seconds > _LONG * expected + _ALLOWANCE:
        return f"It is too long: {seconds:.1f} seconds where about {expected:.1f} were expected."
    return ""


def _pause(heard: NDArray[np.bool_]) -> str:
    places = np.flatnonzero(heard)
    longest = float(np.diff(places).max(initial=1) - 1) * _WINDOW / SAMPLE_RATE
    return f"It is silent for {longest:.1f} seconds in its middle." if longest > _PAUSE else ""


def _loop(windows: Samples, heard: NDArray[np.bool_], expected: float) -> str:
    """Whether the sound after some lag is the same, again and again."""
    if len(windows) * _WINDOW <= max(_LOOP, _LOOPING * expected + 1) * SAMPLE_RATE:
        return ""
    colours = _colours(windows)
    usual = 2 * float(colours[heard].var(axis=0).sum())
    if usual == 0:
        return "It holds one sound."
    for lag in range(_SHORTEST_LAG, min(_LONGEST_LAG, len(windows) // _REPEATS) + 1):
        length = max((_REPEATS - 1) * lag, round(_LOOP * SAMPLE_RATE / _WINDOW) - lag)
        if _least_difference(colours, heard, lag, length) < _ALIKE * usual:
            return f"It repeats itself every {lag * _WINDOW / SAMPLE_RATE:.1f} seconds."
    return ""


def _least_difference(colours: Samples, heard: NDArray[np.bool_], lag: int, length: int) -> float:
    """Of so many windows from those a lag later, where they are most alike; silence counts not."""
    if len(colours) < lag + length:
        return inf
    differences = np.square(colours[lag:] - colours[:-lag]).sum(axis=1)
    either = heard[lag:] | heard[:-lag]
    total = np.cumsum(np.insert(np.where(either, differences, 0), 0, 0))
    count = np.cumsum(np.insert(either, 0, False))
    counted = count[length:] - count[:-length]
    sums = total[length:] - total[:-length]
    enough = counted > length / 2
    return float((sums[enough] / counted[enough]).min(initial=inf))


def _colours(windows: Samples) -> Samples:
    """The level of each band in each window, dB, not below what is heard; [windows, bands]."""
    spectrum = np.square(np.abs(np.fft.rfft(windows * np.hanning(_WINDOW), axis=1)))
    edges = np.round(_BANDS * _WINDOW / SAMPLE_RATE).astype(int)
    bands = np.add.reduceat(spectrum, np.unique(edges), axis=1)[:, :-1] / _WINDOW**2
    return 10 * np.log10(bands + 10 ** (_SILENT / 10 - 2)).astype(np.float32)


def _windows(samples: Samples) -> Samples:
    """[windows, samples], the last one filled up."""
    return np.pad(samples, (0, -len(samples) % _WINDOW)).reshape(-1, _WINDOW)


def _levels(windows: Samples) -> Levels:
    power = np.square(windows, dtype=np.float64).mean(axis=1)
    return 10 * np.log10(power + np.finfo(np.float64).tiny)


def _runs(marked: NDArray[np.bool_]) -> NDArray[np.int64]:
    edges = np.flatnonzero(np.diff(marked, prepend=False, append=False))
    return edges[1::2] - edges[::2]
