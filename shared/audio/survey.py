"""What a recording is like, step by step of 10 ms: its power and its peaks."""

from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, log10

import numpy as np
from numpy.typing import NDArray

from shared.audio import limiting
from shared.audio.limiting import CONTEXT, Steps
from shared.audio.pcm import Samples
from shared.audio.weighting import Weighting

_HOP = 10
"""Steps from one gating block to the next, 100 ms (EBU Tech 3341)."""
_BLOCK = 4
"""Hops of a gating block, 400 ms."""
_OFFSET = -0.691
"""LUFS of a K-weighted power of 1."""
_GATE = -70.0
"""LUFS, below which a block never counts."""
_BELOW = 10.0
"""LU below the mean of the others, below which it does not count either."""

Powers = NDArray[np.float64]


@dataclass(frozen=True)
class Survey:
    """A recording, measured."""

    energies: Steps
    """Sum of the squares, of all channels."""
    peaks: Steps
    """Highest amplitude, true peaks; empty where nobody asked."""
    samples: int
    """In each channel."""
    channels: int
    step: int
    """Samples of a step."""

    @property
    def peak(self) -> float:
        return float(self.peaks.max(initial=0))

    def rms(self, edges: Steps | None = None) -> float:
        """dB of the mean power, all of it; -inf for silence. `edges` as in `integrated`."""
        energy = float(self._at(edges).sum(dtype=np.float64))
        return decibels(energy / max(1, self.samples * self.channels))

    def integrated(self, edges: Steps | None = None) -> float:
        """LUFS; -inf for silence. `edges` are levels that it would be played at."""
        return integrated(self.powers(edges))

    def powers(self, edges: Steps | None = None) -> Powers:
        """The power of each gating block; what is shorter than 400 ms is one block."""
        energies = self._at(edges)
        hops = energies[: len(energies) // _HOP * _HOP].reshape(-1, _HOP)
        sums = hops.sum(axis=1, dtype=np.float64)
        if len(sums) < _BLOCK:
            return np.array([energies.sum(dtype=np.float64) / max(1, self.samples)])
        return np.convolve(sums, np.ones(_BLOCK), "valid") / (_BLOCK * _HOP * self.step)

    def _at(self, edges: Steps | None) -> Steps:
        if edges is None:
            return self.energies
        # The mean square of a straight line from one edge to the next.
        left, right = edges[:-1], edges[1:]
        gains = (left * left + left * right + right * right) / np.float32(3)
        return (self.energies * gains).astype(np.float32, copy=False)


def survey(
    blocks: Iterable[Samples],
    rate: int,
    channels: int = 1,
    *,
    weighted: bool = True,
    peaks: bool = True,
) -> Survey:
    """Measure sound that comes in blocks of any size, [samples] or [samples, channels].

    `weighted` power is that after K-weighting.
    """
    gathering = _Gathering(rate, channels, weighted, peaks)
    for block in blocks:
        gathering.add(columns(block))
    return gathering.end()


class _Gathering:
    """Cuts sound into steps. What has come last waits, for it is context of what is before it."""

    def __init__(self, rate: int, channels: int, weighted: bool, peaks: bool) -> None:
        self._rate = rate
        self._step = limiting.step(rate)
        self._weighting = Weighting(rate, channels) if weighted else None
        self._looks_at_peaks = peaks
        self._before = self._sound = np.empty((0, channels), np.float32)
        self._energies: list[Steps] = []
        self._left = np.empty(0, np.float32)
        self._peaks: list[Steps] = []
        self._samples = 0

    def add(self, sound: Samples) -> None:
        self._samples += len(sound)
        self._add_energies(sound)
        if self._looks_at_peaks:
            self._sound = np.concatenate((self._sound, sound))
            self._add_peaks(max(0, len(self._sound) - CONTEXT) // self._step * self._step)

    def end(self) -> Survey:
        missing = -self._samples % self._step
        if self._left.size:
            self._energies.append(self._left.sum(keepdims=True))
        if self._looks_at_peaks:
            self._sound = np.pad(self._sound, ((0, missing), (0, 0)))
            self._add_peaks(len(self._sound))
        return Survey(
            _joined(self._energies),
            _joined(self._peaks),
            self._samples,
            self._before.shape[1],
            self._step,
        )

    def _add_energies(self, sound: Samples) -> None:
        weighted = sound if self._weighting is None else self._weighting.feed(sound)
        squares = np.square(weighted, dtype=np.float32).sum(axis=1)
        squares = np.concatenate((self._left, squares))
        whole = len(squares) // self._step * self._step
        self._energies.append(squares[:whole].reshape(-1, self._step).sum(axis=1))
        self._left = squares[whole:]

    def _add_peaks(self, count: int) -> None:
        if not count:
            return
        now, after = self._sound[:count], self._sound[count : count + CONTEXT]
        self._peaks.append(limiting.true_peaks(self._before, now, after, self._rate))
        self._before, self._sound = now[-CONTEXT:], self._sound[count:]


def _joined(parts: list[Steps]) -> Steps:
    return np.concatenate(parts) if parts else np.empty(0, np.float32)


def columns(block: Samples) -> Samples:
    """[samples, channels], whichever of the two forms it comes in."""
    return block if block.ndim == 2 else block[:, np.newaxis]


def integrated(powers: Powers) -> float:
    """LUFS of gating blocks, by the two gates of BS.1770; -inf for silence."""
    heard = powers[powers > _power(_GATE)]
    if not heard.size:
        return -inf
    return _lufs(float(heard[heard > heard.mean() * 10 ** (-_BELOW / 10)].mean()))


def decibels(power: float) -> float:
    """dB of a power; -inf for none."""
    return 10 * log10(power) if power > 0 else -inf


def _lufs(power: float) -> float:
    return _OFFSET + decibels(power)


def _power(lufs: float) -> float:
    return 10 ** ((lufs - _OFFSET) / 10)
