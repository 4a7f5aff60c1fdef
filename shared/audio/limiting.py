"""A limiter that looks ahead: loud moments are turned down, smoothly, before they come.

The level is planned on a coarse grid of *steps* of 10 ms, so that hours fit into memory.
"""

from typing import cast

import numpy as np
import soxr
from numpy.typing import NDArray

from shared.audio.pcm import Samples

CONTEXT = 64
"""Samples on both sides that sound is oversampled with, so that its ends are right."""
_OVERSAMPLING = 4
"""As in ITU-R BS.1770: what a converter makes between two samples is found to about 0.5 dB."""
_REACH = 3
"""Steps, 30 ms: how long before a peak the level starts to fall and after it has risen again. That
is longer than a period of any voice, whose wave would otherwise be bent."""
_TINY = np.finfo(np.float32).tiny

Steps = NDArray[np.float32]
"""One number for each step of a recording."""


def step(rate: int) -> int:
    """Samples of a step."""
    return round(rate / 100)


def true_peaks(before: Samples, sound: Samples, after: Samples, rate: int) -> Steps:
    """The highest amplitude in each step of `sound`, between its samples too.

    All are [samples, channels]; `sound` is whole steps, what is around it only helps.
    """
    wave: Samples = soxr.resample(
        np.concatenate((before, sound, after)), rate, _OVERSAMPLING * rate, quality="VHQ"
    )
    first = _OVERSAMPLING * len(before)
    between = _highest(wave[first : first + _OVERSAMPLING * len(sound)], _OVERSAMPLING * step(rate))
    # The filter rounds off what is a single sample.
    return np.maximum(between, _highest(sound, step(rate)))


def levels(peaks: Steps, gain: float, ceiling: float) -> Steps:
    """The factor at the edges of the steps, one more than there are steps.

    It is `gain` wherever that lets no peak pass `ceiling`, and less around those that would.
    """
    allowed = np.minimum(np.float32(gain), np.float32(ceiling) / np.maximum(peaks, _TINY))
    edges = np.minimum(np.append(allowed, np.float32(gain)), np.insert(allowed, 0, gain))
    padded = np.pad(edges, 2 * _REACH, constant_values=gain)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH + 1).min(axis=1)
    weights = np.hanning(2 * _REACH + 3)[1:-1].astype(np.float32)
    # A mean of minima that all take in the edge itself is never above what the edge allows.
    return cast(Steps, np.convolve(lowest, weights / weights.sum(), "valid"))


def apply(sound: Samples, edges: Steps, rate: int) -> Samples:
    """`sound` [samples, channels] at these levels."""
    return sound * factors(edges, 0, len(sound), rate)[:, np.newaxis]


def factors(edges: Steps, start: int, count: int, rate: int) -> Samples:
    """That of each sample from `start` on, in straight lines from edge to edge."""
    first, within = divmod(start, step(rate))
    part = edges[first : first + count // step(rate) + 3]
    places = (within + np.arange(count)) / step(rate)
    return np.interp(places, np.arange(len(part)), part).astype(np.float32)


def _highest(wave: Samples, size: int) -> Steps:
    return np.abs(wave).max(axis=1).reshape(-1, size).max(axis=1)
