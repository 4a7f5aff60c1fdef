"""What a player makes of the bytes of an audio file, and how near that is to what was said."""

import io
from dataclasses import dataclass

import av
import numpy as np
from numpy.typing import NDArray

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples


@dataclass(frozen=True)
class Heard:
    """An audio file as any player reads it."""

    samples: Samples
    rate: int
    tags: dict[str, str]


def hear(data: bytes) -> Heard:
    """Decode a whole file; integers come out as numbers in [-1, 1]."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        tags = {
            key.lower(): value for key, value in {**container.metadata, **stream.metadata}.items()
        }
        blocks = [_samples(frame.to_ndarray()) for frame in container.decode(stream)]
        return Heard(np.concatenate(blocks), stream.rate, tags)


def likeness(heard: Heard, original: bytes, sample_rate: int = SAMPLE_RATE) -> float:
    """Correlation of what is heard with what was said, at the shift where it is highest."""
    return likeness_of(heard.samples[:: heard.rate // sample_rate], pcm.decode(original))


def likeness_of(got: Samples, said: Samples) -> float:
    """The same of samples at one rate."""
    size = 1 << (said.size + got.size).bit_length()
    spectrum = np.fft.rfft(got, size) * np.conj(np.fft.rfft(said, size))
    peak = np.fft.irfft(spectrum, size).max()
    return float(peak / (np.linalg.norm(said) * np.linalg.norm(got)))


def _samples(frame: NDArray[np.generic]) -> Samples:
    flat = frame.reshape(-1)
    scale = 32768 if flat.dtype == np.int16 else 1
    return flat.astype(np.float32) / np.float32(scale)
