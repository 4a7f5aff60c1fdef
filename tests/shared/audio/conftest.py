"""A second or three of sound like a voice, and how to hear what was made of it."""

import io
from dataclasses import dataclass

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples


@dataclass(frozen=True)
class Heard:
    """An audio file as any player reads it."""

    samples: Samples
    rate: int
    tags: dict[str, str]


@pytest.fixture(scope="session")
def voice() -> bytes:
    """Three seconds, s16le: gliding harmonics under a syllable-like envelope."""
    seconds = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 2 * np.pi * (120 * seconds + 15 * np.sin(2.1 * seconds))
    harmonics = sum(np.sin(n * pitch) / n for n in range(1, 12))
    noise = np.random.default_rng(7).normal(0, 0.005, seconds.size)
    envelope = np.clip(np.sin(2 * np.pi * 1.3 * seconds), 0.02, 1)
    return pcm.encode((0.25 * harmonics * envelope + noise).astype(np.float32))


def hear(data: bytes) -> Heard:
    """Decode a whole file; integers come out as numbers in [-1, 1]."""
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.audio[0]
        tags = {key.lower(): value for key, value in {**container.metadata, **stream.metadata}.items()}
        blocks = [_samples(frame.to_ndarray()) for frame in container.decode(stream)]
        return Heard(np.concatenate(blocks), stream.rate, tags)


def likeness(heard: Heard, original: bytes, sample_rate: int = SAMPLE_RATE) -> float:
    """Correlation of what is heard with what was said, at the shift where it is highest."""
    said = pcm.decode(original)
    step = heard.rate // sample_rate
    got = heard.samples[::step]
    size = 1 << (said.size + got.size).bit_length()
    spectrum = np.fft.rfft(got, size) * np.conj(np.fft.rfft(said, size))
    peak = np.fft.irfft(spectrum, size).max()
    return float(peak / (np.linalg.norm(said) * np.linalg.norm(got)))


def _samples(frame: NDArray[np.generic]) -> Samples:
    flat = frame.reshape(-1)
    scale = 32768 if flat.dtype == np.int16 else 1
    return flat.astype(np.float32) / np.float32(scale)
