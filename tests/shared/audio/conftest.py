import numpy as np
import pytest

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE


@pytest.fixture(scope="session")
def voice() -> bytes:
    """Three seconds, s16le: gliding harmonics under a syllable-like envelope."""
    seconds = np.arange(3 * SAMPLE_RATE) / SAMPLE_RATE
    pitch = 2 * np.pi * (120 * seconds + 15 * np.sin(2.1 * seconds))
    harmonics = sum(np.sin(n * pitch) / n for n in range(1, 12))
    noise = np.random.default_rng(7).normal(0, 0.005, seconds.size)
    envelope = np.clip(np.sin(2 * np.pi * 1.3 * seconds), 0.02, 1)
    return pcm.encode((0.25 * harmonics * envelope + noise).astype(np.float32))
