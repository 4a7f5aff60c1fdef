import numpy as np
import pytest

from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE, Samples
from shared.audio.shaping import Shaping, amplified
from tests.shared.audio.hearing import hear, likeness_of

SPEEDS = (0.25, 0.5, 0.8, 1.25, 2.0, 3.0, 4.0)
PITCH = 220.0
UNKNOWN = 0xFFFFFFFF
PIECE = 4_001
"""Bytes: pieces are cut in the middle of samples too."""


def tone(seconds: float, volume: float = 0.3) -> bytes:
    places = np.arange(round(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return pcm.encode((volume * np.sin(2 * np.pi * PITCH * places)).astype(np.float32))


def shaped(shaping: Shaping, data: bytes) -> bytes:
    pieces = [shaping.feed(data[place : place + PIECE]) for place in range(0, len(data), PIECE)]
    return b"".join(pieces) + shaping.finish()


def pitch(samples: Samples, rate: int = SAMPLE_RATE) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), 1 << 18))
    return float(np.argmax(spectrum) * rate / (1 << 18))


def test_what_is_left_alone_passes_byte_by_byte():
    assert shaped(Shaping("pcm"), tone(0.5)) == tone(0.5)


@pytest.mark.parametrize("speed", SPEEDS)
@pytest.mark.parametrize("seconds", [0.1, 3.0])
def test_another_speed_changes_the_length_and_not_the_pitch(speed: float, seconds: float):
    sound = pcm.decode(shaped(Shaping("pcm", speed=speed), tone(seconds)))
    assert len(sound) == round(round(seconds * SAMPLE_RATE) / speed)
    if seconds > 1:
        assert pitch(sound) == pytest.approx(PITCH, rel=0.005)
        assert np.abs(sound).max() < 0.35


@pytest.mark.parametrize("speed", SPEEDS)
def test_stretched_sound_leaves_before_half_a_second_has_come(speed: float):
    shaping = Shaping("pcm", speed=speed)
    data = tone(0.5)
    assert any([shaping.feed(data[place : place + PIECE]) for place in range(0, len(data), PIECE)])


def test_equal_sound_is_stretched_equally_however_it_is_cut():
    other = Shaping("pcm", speed=1.3)
    assert shaped(Shaping("pcm", speed=1.3), tone(1)) == other.feed(tone(1)) + other.finish()


@pytest.mark.parametrize("rate", [8_000, 16_000, 44_100, 48_000])
def test_another_rate_keeps_length_and_pitch(rate: int):
    heard = hear(shaped(Shaping("wav", sample_rate=rate), tone(1)))
    assert heard.rate == rate
    assert len(heard.samples) == pytest.approx(rate, abs=rate / 100)
    assert pitch(heard.samples, rate) == pytest.approx(PITCH, rel=0.005)


def test_louder_sound_is_bent_and_never_cut():
    loud = amplified(pcm.decode(tone(0.2)), 4.0)
    assert 0.8 < np.abs(loud).max() < 1
    assert likeness_of(loud, pcm.decode(tone(0.2))) > 0.98
    assert np.abs(pcm.decode(shaped(Shaping("pcm", volume=0.5), tone(0.2)))).max() < 0.16


def test_a_whole_file_tells_its_length_and_a_stream_does_not():
    whole = shaped(Shaping("wav", whole=True), tone(0.5))
    assert int.from_bytes(whole[4:8], "little") == len(whole) - 8
    streamed = shaped(Shaping("wav"), tone(0.5))
    assert int.from_bytes(streamed[4:8], "little") == UNKNOWN


@pytest.mark.parametrize("format", ["wav", "flac", "mp3", "opus", "aac", "pcm"])
def test_a_whole_file_sounds_as_a_streamed_one(format):
    streamed, whole = (shaped(Shaping(format, whole=it), tone(0.5)) for it in (False, True))
    if format == "pcm":
        assert streamed == whole
    else:
        assert likeness_of(hear(whole).samples, hear(streamed).samples) > 0.99
