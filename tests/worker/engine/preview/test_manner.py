"""Instructions are heard: pitch, rate, loudness and whisper, measured in the audio."""

from typing import Any

import numpy as np
import pytest

from shared.audio.pcm import SAMPLE_RATE, Samples
from worker.engine.preview import manner

WINDOW = 2400


def windows(audio: Samples) -> Samples:
    """The loud windows of 100 ms, one a row."""
    rows = audio[: audio.size // WINDOW * WINDOW].reshape(-1, WINDOW)
    loudness = np.sqrt((rows**2).mean(axis=1))
    return rows[loudness > 0.5 * loudness.max()]


def periodicity(audio: Samples) -> tuple[float, float]:
    """Median pitch in Hz, and median height (0 to 1) of the peak of the autocorrelation."""
    rows = windows(audio)
    spectrum = np.fft.rfft(rows - rows.mean(axis=1, keepdims=True), 2 * WINDOW)
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[:, :WINDOW]
    shortest, longest = SAMPLE_RATE // 400, SAMPLE_RATE // 60
    lags = shortest + correlation[:, shortest:longest].argmax(axis=1)
    heights = correlation[np.arange(len(lags)), lags] / correlation[:, 0]
    return float(np.median(SAMPLE_RATE / lags)), float(np.median(heights))


def pitch(audio: Samples) -> float:
    return periodicity(audio)[0]


def voicing(audio: Samples) -> float:
    return periodicity(audio)[1]


def loudness(audio: Samples) -> float:
    return float(np.sqrt((audio**2).mean()))


@pytest.mark.parametrize("instruct", ["speak with a deep voice", "用低沉的声音说"])
def test_deep_lowers_the_pitch(instruct: str, speak: Any):
    assert pitch(speak(instruct=instruct)) < 0.9 * pitch(speak())


@pytest.mark.parametrize("instruct", ["in a high-pitched voice", "声音尖一点"])
def test_high_raises_the_pitch(instruct: str, speak: Any):
    assert pitch(speak(instruct=instruct)) > 1.1 * pitch(speak())


@pytest.mark.parametrize("instruct", ["Slowly, please.", "说慢一点"])
def test_slow_takes_longer(instruct: str, speak: Any):
    assert speak(instruct=instruct).size > 1.25 * speak().size


@pytest.mark.parametrize("instruct", ["as FAST as you can", "语速快一点"])
def test_fast_takes_less_time(instruct: str, speak: Any):
    assert speak(instruct=instruct).size < 0.8 * speak().size


@pytest.mark.parametrize("speaker", ["ryan", "serena"])
@pytest.mark.parametrize("instruct", ["Whisper it.", "用耳语说"])
def test_a_whisper_has_no_pitch(instruct: str, speaker: str, speak: Any):
    plain, whispered = speak(speaker=speaker), speak(speaker=speaker, instruct=instruct)
    assert voicing(whispered) < 0.6 * voicing(plain)


def test_a_shout_is_louder_than_plain_and_plain_louder_than_soft(speak: Any):
    shout, plain, soft = (speak(instruct=words) for words in ("shout!", None, "softly"))
    assert loudness(shout) > 1.2 * loudness(plain) > 1.2 * 1.2 * loudness(soft)


def test_not_even_a_shout_clips(speak: Any):
    for speaker in ("ryan", "eric", "sohee"):
        assert np.abs(speak(speaker=speaker, instruct="shout angrily")).max() < 1


def test_changes_add_up(speak: Any):
    assert manner.read("slow and deep") == manner.read("slow") + manner.read("deep")
    both = speak(instruct="slow and deep")
    assert both.size > 1.25 * speak().size
    assert pitch(both) < 0.9 * pitch(speak())


def test_every_stem_of_the_table_is_understood():
    for stems, change in manner.TABLE.items():
        for stem in stems:
            assert change in (manner.read(stem), change + manner.PLAIN)
            assert manner.read(stem) != manner.PLAIN


def test_a_stem_counts_only_at_the_start_of_a_word():
    assert manner.read("slow") == manner.Manner(rate=0.7)
    assert manner.read("as told in Chicago") == manner.PLAIN


def test_a_word_that_is_not_listed_is_not_understood():
    assert manner.read("in the style of a pirate") == manner.PLAIN
