import io
import tracemalloc

import numpy as np
import pytest

from shared.audio.pcm import SAMPLE_RATE
from shared.audio.waveform import trace
from shared.errors import RecordDamaged
from tests.shared.audio.sending import encoded, silent_hours, tone

LOUDER = np.repeat([0.1, 0.2, 0.4, 0.8], SAMPLE_RATE // 2).astype(np.float32)
"""Two seconds in four steps."""


@pytest.mark.parametrize(
    ("container", "codec", "tolerance"),
    [("wav", "pcm_s16le", 1e-3), ("flac", "flac", 1e-3), ("mp3", "libmp3lame", 0.1)],
)
def test_each_point_is_the_peak_of_its_part(container: str, codec: str, tolerance: float):
    sound = LOUDER * np.sin(2 * np.pi * 440 * np.arange(len(LOUDER)) / SAMPLE_RATE)
    sent = encoded(container, codec, sound.astype(np.float32)[None], SAMPLE_RATE)
    traced = trace(io.BytesIO(sent), 16)
    assert traced.seconds == pytest.approx(2.0, abs=0.06)
    middles = traced.peaks.reshape(4, 4)[:, 1:3].max(axis=1)
    assert middles == pytest.approx([0.1, 0.2, 0.4, 0.8], abs=tolerance)


def test_of_two_channels_the_louder_one_counts():
    both = np.stack([np.zeros(SAMPLE_RATE, np.float32), tone(1.0)])
    traced = trace(io.BytesIO(encoded("wav", "pcm_s16le", both)), 20)
    assert traced.peaks == pytest.approx(np.abs(tone(1.0)).max(), abs=0.05)


def test_what_has_fewer_samples_has_fewer_points():
    short = trace(io.BytesIO(encoded("wav", "pcm_s16le", tone(1.0)[None, :10])), 600)
    assert len(short.peaks) == 10


def test_an_hour_takes_no_more_memory_than_a_minute():
    hour = io.BytesIO(silent_hours("flac", "flac", 1, 8_000))
    tracemalloc.start()
    try:
        traced = trace(hour, 4_000)
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(traced.peaks) == 4_000
    assert traced.seconds == pytest.approx(3_600)
    assert most < 10_000_000


def test_what_is_no_sound_is_said_to_be_damaged():
    with pytest.raises(RecordDamaged):
        trace(io.BytesIO(b"RIFF" + bytes(100)), 600)
