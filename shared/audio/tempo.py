"""Speech made faster or slower at equal pitch while it comes.

By FFmpeg's `atempo`, which overlaps and adds pieces of the wave where they are most alike (WSOLA).
A steady tone keeps its pitch to 0.1 % through it, and sound leaves after 0.2 to 0.4 s of source.
Signalsmith Stretch, by which finished sound is stretched (`shared.audio.stretching`), was measured
against it piece by piece: its binding begins anew with every piece, which moves pitch by 1 to 5 %
and doubles peaks.
"""

from collections.abc import Iterator
from fractions import Fraction

import av
import av.error
import numpy as np
from av.filter import Graph

from shared.audio.pcm import SAMPLE_RATE, Samples

SLOWEST, FASTEST = 0.25, 4.0
_STEP = 2.0
"""The most that one filter does: beyond it `atempo` leaves sound out, and below its inverse it
refuses."""
_FLUSH = SAMPLE_RATE // 2
"""Samples of silence after the end that push out what the filters hold back."""


class Tempo:
    """One listener's stretching; what leaves it is as long as what came by `speed`, to a sample."""

    def __init__(self, speed: float) -> None:
        """`speed` from `SLOWEST` to `FASTEST`; 2 is twice as fast and half as long."""
        self._speed = speed
        self._graph = _graph(speed)
        self._came = 0
        self._left = 0
        self._ready: Samples = np.empty(0, np.float32)

    def feed(self, samples: Samples) -> Samples:
        """What can be heard after these."""
        self._came += len(samples)
        self._push(samples)
        return self._take()

    def finish(self) -> Samples:
        """The rest."""
        end = round(self._came / self._speed)
        while self._left + len(self._ready) < end:
            self._push(np.zeros(_FLUSH, np.float32))
        return self._take()

    def _push(self, samples: Samples) -> None:
        if not len(samples):
            return
        wave = np.ascontiguousarray(samples[np.newaxis])
        frame = av.AudioFrame.from_ndarray(wave, format="flt", layout="mono")
        frame.sample_rate = SAMPLE_RATE
        self._graph.push(frame)
        self._ready = np.concatenate((self._ready, *self._pulled()))

    def _pulled(self) -> Iterator[Samples]:
        while True:
            try:
                frame = self._graph.pull()
            except av.error.BlockingIOError:
                return
            if isinstance(frame, av.AudioFrame):
                yield frame.to_ndarray()[0].astype(np.float32, copy=False)

    def _take(self) -> Samples:
        """No more than what came is long enough for: the filters may run ahead by milliseconds."""
        due = round(self._came / self._speed) - self._left
        taken, self._ready = self._ready[:due], self._ready[due:]
        self._left += len(taken)
        return taken


def _graph(speed: float) -> Graph:
    graph = Graph()
    graph.threads = 1
    last = graph.add_abuffer(
        sample_rate=SAMPLE_RATE, format="flt", layout="mono", time_base=Fraction(1, SAMPLE_RATE)
    )
    sink = graph.add("abuffersink")
    for factor in _factors(speed):
        following = graph.add("atempo", repr(factor))
        last.link_to(following)
        last = following
    last.link_to(sink)
    graph.configure()
    return graph


def _factors(speed: float) -> Iterator[float]:
    """Those that make up `speed`, each from 1/2 to 2."""
    while speed > _STEP:
        yield _STEP
        speed /= _STEP
    while speed < 1 / _STEP:
        yield 1 / _STEP
        speed *= _STEP
    yield speed
