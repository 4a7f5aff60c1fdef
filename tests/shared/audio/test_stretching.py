import numpy as np
import pytest

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.stretching import stretch


def tone(hertz: float, seconds: float = 1.0) -> Samples:
    times = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return (0.5 * np.sin(2 * np.pi * hertz * times)).astype(np.float32)


def pitch(samples: Samples) -> float:
    """Hz of the strongest partial."""
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    return float(spectrum.argmax()) * SAMPLE_RATE / len(samples)


@pytest.mark.parametrize("rate", [0.5, 0.85, 1.1, 1.25, 1.5, 2.0, 3.0])
def test_speech_has_exactly_the_length_asked_for_and_its_own_pitch(rate: float):
    stretched = stretch(tone(220, 1.2345), rate)
    assert len(stretched) == round(len(tone(220, 1.2345)) / rate)
    assert pitch(stretched) == pytest.approx(220, abs=3)


def test_sound_stays_where_it_belongs(voice: bytes):
    bursts = np.zeros(3 * SAMPLE_RATE, np.float32)
    for second in (0.5, 1.5, 2.5):
        bursts[round(second * SAMPLE_RATE) :][:480] = tone(1_000)[:480]
    stretched = np.square(stretch(bursts, 1.25))
    for second in (0.5, 1.5, 2.5):
        around = round((second / 1.25 - 0.1) * SAMPLE_RATE)
        part = stretched[around : around + SAMPLE_RATE // 5]
        middle = around + (part * np.arange(len(part))).sum() / part.sum()
        assert middle / SAMPLE_RATE == pytest.approx(second / 1.25 + 0.008, abs=0.01)


def test_the_natural_pace_changes_no_sample(voice: bytes):
    samples = pcm.decode(voice)
    assert np.array_equal(stretch(samples, 1.0), samples)


def test_equal_sound_becomes_equal_sound(voice: bytes):
    samples = pcm.decode(voice)
    assert np.array_equal(stretch(samples, 1.3), stretch(samples, 1.3))


@pytest.mark.parametrize("length", [0, 1, 2, 100])
def test_moments_can_be_stretched(length: int):
    assert len(stretch(tone(300)[:length], 1.5)) == round(length / 1.5)
