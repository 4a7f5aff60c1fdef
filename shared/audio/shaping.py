"""Sound on its way to one listener: at another pace, at another rate, encoded; piece by piece."""

import weakref
from io import BytesIO

import numpy as np
import soxr

from shared.audio import pcm
from shared.audio.encode import Track, encoder
from shared.audio.formats import FORMATS
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.tempo import Tempo
from shared.requests.declared import Format

LOWEST_RATE, HIGHEST_RATE = 8_000, 48_000
LOUDEST = 8.0
"""The most that sound is multiplied by."""
_KNEE = 0.8
"""Amplitude from which louder sound is bent rather than clipped."""


class Shaping:
    """One listener's sound; it may be dropped at any time without `finish`."""

    def __init__(
        self,
        format: Format,
        speed: float = 1.0,
        sample_rate: int = SAMPLE_RATE,
        volume: float = 1.0,
        whole: bool = False,
    ) -> None:
        """`speed` 0.25 to 4 at equal pitch; `sample_rate` in Hz of what leaves, 8,000 to 48,000;
        `volume` up to `LOUDEST`. `whole`: all leaves at the end, as a file with a complete header.
        """
        self._changing = _Changing(speed, sample_rate, volume)
        self._encoder = _Whole(format, sample_rate) if whole else encoder(format, sample_rate)

    def feed(self, data: bytes) -> bytes:
        """What can be sent after these further bytes of s16le at 24 kHz, cut anywhere."""
        return self._encoder.feed(self._changing.feed(data))

    def finish(self) -> bytes:
        """The rest."""
        return self._encoder.feed(self._changing.finish()) + self._encoder.finish()


class _Changing:
    """Raw sound made raw sound; what is to stay as it is passes byte by byte."""

    def __init__(self, speed: float, sample_rate: int, volume: float) -> None:
        self._tempo = Tempo(speed) if speed != 1 else None
        self._volume = volume
        self._resampler = None
        if sample_rate != SAMPLE_RATE:
            # In float: soxr dithers integers with a seed taken from the clock.
            self._resampler = soxr.ResampleStream(SAMPLE_RATE, sample_rate, 1, dtype="float32")
        self._idle = self._tempo is None and self._resampler is None and volume == 1
        self._half = b""

    def feed(self, data: bytes) -> bytes:
        if self._idle:
            return data
        data = self._half + data
        whole = len(data) - len(data) % pcm.SAMPLE_BYTES
        self._half = data[whole:]
        samples = pcm.decode(data[:whole])
        if self._tempo is not None:
            samples = self._tempo.feed(samples)
        return self._resampled(samples, last=False)

    def finish(self) -> bytes:
        rest: Samples = np.empty(0, np.float32)
        if self._tempo is not None:
            rest = self._tempo.finish()
        return self._resampled(rest, last=True)

    def _resampled(self, samples: Samples, *, last: bool) -> bytes:
        louder = amplified(samples, self._volume)
        if self._resampler is not None:
            louder = self._resampler.resample_chunk(louder, last=last)
        return pcm.encode(louder)


class _Whole:
    """A file in memory, whose header is completed at the end."""

    def __init__(self, format: Format, sample_rate: int) -> None:
        spec = FORMATS[format]
        self._file = BytesIO()
        self._track = Track(self._file, spec, spec.file, sample_rate) if spec.container else None
        if self._track is not None:
            # As in `encode`: a listener may just be gone, and the codec with it.
            weakref.finalize(self, self._track.close)

    def feed(self, data: bytes) -> bytes:
        if self._track is None:
            self._file.write(data)
        else:
            self._track.feed(data)
        return b""

    def finish(self) -> bytes:
        if self._track is not None:
            self._track.finish()
        return self._file.getvalue()


def amplified(samples: Samples, volume: float) -> Samples:
    """`samples` times `volume`; above the knee the wave is bent towards full scale, never cut."""
    if volume <= 1:
        return samples * np.float32(volume) if volume < 1 else samples
    louder = samples * np.float32(volume)
    room = 1 - _KNEE
    above = np.abs(louder) - _KNEE
    bent = np.sign(louder) * (_KNEE + room * np.tanh(above / room))
    return np.where(above > 0, bent, louder).astype(np.float32)
