from pathlib import Path

import numpy as np
import pytest
import yaml

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.soundcheck import faults
from shared.text import duration
from worker.engine.preview.engine import PreviewEngine
from worker.engine.protocol import Utterance

SENTENCES: dict[str, str] = yaml.safe_load(
    (Path(__file__).parents[2] / "data/sentences.yaml").read_text(encoding="utf-8")
)
ORDINARY = [
    *((text, language) for language, text in SENTENCES.items()),
    ("Oh.", "english"),
    ("Well... I... I don't know... maybe.", "english"),
    ("Ten seconds; ten seconds; ten.", "english"),
    ("Knock, knock, knock, knock, knock, knock, knock, knock.", "english"),
    ("The river froze in November, and the boats stayed where they were. " * 4, "english"),
]


def say(text: str, language: str, speaker: str = "ryan") -> Samples:
    model = PreviewEngine().load("custom_voice", None, lambda _: None)
    utterance = Utterance(text=text, seed=0, language=language, speaker=speaker)
    return np.concatenate([part.audio for part in model.generate([utterance], lambda: None)])


@pytest.fixture(scope="module")
def speech() -> Samples:
    return say(SENTENCES["english"], "english")


@pytest.mark.parametrize(("text", "language"), ORDINARY)
def test_ordinary_speech_passes(text: str, language: str):
    assert faults(say(text, language, "serena"), duration.estimate(text, language)) == []


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_samples_that_are_not_numbers_are_found(value: float, speech: Samples):
    broken = speech.copy()
    broken[500] = value
    assert faults(broken, 5) == ["It has samples that are not numbers."]


@pytest.mark.parametrize("level", [0.0, 0.0005])
@pytest.mark.parametrize("length", [0, 10, 96_000])
def test_silence_is_found(level: float, length: int):
    noise = np.random.default_rng(1).normal(0, 1, length).astype(np.float32)
    assert faults(np.float32(level) * noise, 4) == ["It is silent."]


def test_clipping_is_found(speech: Samples):
    assert faults((speech * 12).clip(-1, 1), 6)[0].startswith("It is clipped")


def test_words_that_are_missing_are_found(speech: Samples):
    assert faults(speech[:SAMPLE_RATE], 5.3)[0].startswith("It is too short: 1.0 seconds")


def test_speech_that_does_not_end_is_found(speech: Samples):
    endless = np.concatenate((speech, speech[::-1], speech[::2]))
    assert faults(endless, 3)[0].startswith("It is too long")


def test_a_hole_is_found(speech: Samples):
    holed = np.concatenate((speech, pcm.silence(3.5), speech))
    assert "in its middle" in faults(holed, 12)[0]


def test_a_long_silence_around_speech_is_none(speech: Samples):
    assert faults(np.concatenate((pcm.silence(4), speech, pcm.silence(4))), 5.3) == []


@pytest.mark.parametrize("period", [0.08, 0.2, 0.33, 0.7, 1.5, 2.6])
def test_a_loop_is_found(period: float, speech: Samples):
    """With the small differences that sampling makes."""
    random = np.random.default_rng(3)
    length = round(period * SAMPLE_RATE)
    part = speech[30_000 : 30_000 + length]
    turns = [
        part * random.uniform(0.8, 1.2) + random.normal(0, 0.002, length)
        for _ in range(round(14 / period))
    ]
    looping = np.concatenate((speech[:SAMPLE_RATE], *turns)).astype(np.float32)
    assert [it for it in faults(looping, 6) if it.startswith("It repeats itself")]


def test_a_sound_that_is_held_is_found(speech: Samples):
    times = np.arange(8 * SAMPLE_RATE) / SAMPLE_RATE
    hum = sum(0.1 * np.sin(2 * np.pi * 110 * k * times) for k in range(1, 9))
    held = np.concatenate((speech[:SAMPLE_RATE], hum)).astype(np.float32)
    assert faults(held, 5)
