"""What a recording looks like: its highest amplitudes, found block by block, however long it is."""

from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np
from av.audio import AudioFrame

from shared.audio.pcm import Samples
from shared.audio.recording import frames

_ROOM = 1 << 16
"""Peaks that are kept while a recording is read; an even number."""


@dataclass(frozen=True)
class Waveform:
    """The outline of a recording."""

    seconds: float
    peaks: Samples
    """The highest amplitude of each of equally long parts, of all channels, 0 to 1."""


def trace(source: BinaryIO, points: int) -> Waveform:
    """What a file of ours looks like, which is in any format and can be sought.

    It has `points` peaks, or as many as there are samples. Ten hours take no more memory than a
    minute. Raises RecordDamaged.
    """
    gathering = _Gathering()
    rate = 0
    for frame in frames(source, "fltp"):
        rate = frame.sample_rate
        gathering.add(np.abs(_channels(frame)).max(axis=0))
    return Waveform(gathering.samples / rate if rate else 0.0, gathering.outline(points))


def _channels(frame: AudioFrame) -> Samples:
    """[channels, samples]."""
    sound: Any = frame.to_ndarray()
    return sound


class _Gathering:
    """Peaks of equally long steps; whenever there are too many, each two become one."""

    def __init__(self) -> None:
        self._values = np.zeros(_ROOM, np.float32)
        self._count = 0
        self._step = 1
        self._left = np.empty(0, np.float32)
        """What has come of the step that is not full."""
        self.samples = 0

    def add(self, amplitudes: Samples) -> None:
        self.samples += len(amplitudes)
        rest = np.concatenate((self._left, amplitudes))
        while len(rest) >= self._step:
            steps = min(len(rest) // self._step, _ROOM - self._count)
            taken, rest = np.split(rest, [steps * self._step])
            peaks = taken.reshape(steps, self._step).max(axis=1)
            self._values[self._count : self._count + steps] = peaks
            self._count += steps
            if self._count == _ROOM:
                self._halve()
        self._left = rest

    def outline(self, points: int) -> Samples:
        """The peaks of `points` parts; the last step may be shorter than the others."""
        last = self._left.max(initial=0, keepdims=True)[: self._left.size]
        peaks = np.concatenate((self._values[: self._count], last))
        parts = min(points, len(peaks))
        if not parts:
            return peaks
        edges = np.arange(parts) * len(peaks) // parts
        return np.maximum.reduceat(peaks, edges).clip(0, 1)

    def _halve(self) -> None:
        self._count = _ROOM // 2
        self._values[: self._count] = self._values.reshape(-1, 2).max(axis=1)
        self._step *= 2
