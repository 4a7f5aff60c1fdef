import gc
import io
import struct

import numpy as np
import psutil
import pytest
import soundfile

from shared.audio import pcm
from shared.audio.encode import Track, encoder
from shared.audio.formats import COMMENT, FORMATS
from shared.requests.declared import Format
from tests.shared.audio.hearing import hear, likeness

CONTAINERS = [name for name, spec in FORMATS.items() if spec.container]
LOSSLESS: list[Format] = ["wav", "flac"]
LOSSY: list[Format] = ["mp3", "opus", "aac"]
DELAY = {"mp3": 0.06, "opus": 0.0, "aac": 0.1}
"""Seconds by which a stream may be longer than what was said: a codec's delay and last frame."""


def stream(format: Format, data: bytes, size: int, sample_rate: int = pcm.SAMPLE_RATE) -> bytes:
    encoding = encoder(format, sample_rate)
    blocks = [encoding.feed(data[start : start + size]) for start in range(0, len(data), size)]
    return b"".join(blocks) + encoding.finish()


@pytest.mark.parametrize("size", [997, 4800, 1_000_000])
@pytest.mark.parametrize("format", LOSSLESS)
def test_lossless_streams_hold_the_very_samples(format: Format, size: int, voice: bytes):
    assert pcm.encode(hear(stream(format, voice, size)).samples) == voice


@pytest.mark.parametrize("format", LOSSY)
def test_lossy_streams_sound_like_what_was_said(format: Format, voice: bytes):
    heard = hear(stream(format, voice, 4801))
    longer = heard.samples.size / heard.rate - len(voice) / 2 / pcm.SAMPLE_RATE
    assert 0 <= longer <= DELAY[format]
    assert likeness(heard, voice) > 0.98


def test_pcm_is_passed_through(voice: bytes):
    assert stream("pcm", voice, 997) == voice


@pytest.mark.parametrize("format", FORMATS)
def test_how_the_audio_was_cut_changes_nothing_that_is_heard(format: Format, voice: bytes):
    data = voice[:48_000]
    if format == "pcm":
        assert stream(format, data, 333) == stream(format, data, 4800)
    else:
        odd, even = (hear(stream(format, data, size)).samples for size in (333, 4800))
        assert np.array_equal(odd, even)


@pytest.mark.parametrize("format", FORMATS)
def test_equal_audio_makes_equal_bytes(format: Format, voice: bytes):
    assert stream(format, voice, 4800) == stream(format, voice, 4800)


@pytest.mark.parametrize("format", FORMATS)
def test_a_tenth_of_a_second_already_puts_bytes_on_the_wire(format: Format, voice: bytes):
    assert encoder(format).feed(voice[:4800])


@pytest.mark.parametrize("format", CONTAINERS)
def test_a_listener_hears_the_first_half_second_before_the_rest_is_made(
    format: Format, voice: bytes
):
    encoding = encoder(format)
    sent = b"".join(encoding.feed(voice[start : start + 4800]) for start in range(0, 24_000, 4800))
    heard = hear(sent)
    assert heard.samples.size / heard.rate >= 0.3


@pytest.mark.parametrize("format", CONTAINERS)
def test_bytes_once_sent_stay_as_they_were(format: Format, voice: bytes):
    encoding = encoder(format)
    sent = b"".join(encoding.feed(voice[start : start + 4800]) for start in range(0, 48_000, 4800))
    assert stream(format, voice[:48_000], 4800).startswith(sent)


@pytest.mark.parametrize("format", CONTAINERS)
def test_every_stream_says_that_it_is_ai_generated(format: Format, voice: bytes):
    assert hear(stream(format, voice, 4800)).tags["comment"] == COMMENT


def test_a_wav_stream_leaves_its_length_open(voice: bytes):
    data = stream("wav", voice, 4800)
    chunk = data.index(b"data")
    assert struct.unpack("<4sI4s", data[:12]) == (b"RIFF", 0xFFFFFFFF, b"WAVE")
    assert struct.unpack("<I", data[chunk + 4 : chunk + 8]) == (0xFFFFFFFF,)
    assert data[chunk + 8 :] == voice


def test_a_wav_stream_is_read_by_libsndfile_too(voice: bytes):
    samples, rate = soundfile.read(io.BytesIO(stream("wav", voice, 4800)), dtype="int16")
    assert rate == pcm.SAMPLE_RATE
    assert samples.tobytes() == voice


@pytest.mark.parametrize("format", CONTAINERS)
@pytest.mark.parametrize("sample_rate", [8_000, 10_000, 22_050, 44_100, 96_000])
def test_every_sample_rate_is_encoded_at_its_own_speed(
    format: Format, sample_rate: int, voice: bytes
):
    heard = hear(stream(format, voice, 9_600, sample_rate))
    assert heard.samples.size / heard.rate == pytest.approx(len(voice) / 2 / sample_rate, abs=0.3)


@pytest.mark.parametrize("format", FORMATS)
def test_half_a_sample_at_the_end_is_no_sound(format: Format, voice: bytes):
    data = voice[:9_600]
    encoding = encoder(format)
    sent = encoding.feed(data + b"\x01") + encoding.finish()
    assert sent.removesuffix(b"\x01") == stream(format, data, len(data))


@pytest.mark.parametrize("format", FORMATS)
def test_a_stream_without_sound_can_be_finished(format: Format):
    assert encoder(format).finish() == stream(format, b"", 1)


@pytest.mark.parametrize("format", CONTAINERS)
def test_encoders_of_listeners_that_went_away_hold_no_memory(format: Format, voice: bytes):
    def drop(count: int) -> int:
        for _ in range(count):
            encoder(format).feed(voice[:4800])
        return psutil.Process().memory_info().rss

    gc.disable()
    try:
        before = drop(20)
        assert drop(60) - before < 20_000_000
    finally:
        gc.enable()


@pytest.mark.parametrize("format", CONTAINERS)
def test_memory_does_not_grow_with_the_length_of_the_stream(format: Format, voice: bytes):
    encoding = encoder(format)

    def speak(seconds: int) -> int:
        for _ in range(seconds // 3):
            encoding.feed(voice)
        return psutil.Process().memory_info().rss

    before = speak(30)
    assert speak(180) - before < 8_000_000
    encoding.finish()


class Head:
    """A file of which only the beginning is kept."""

    def __init__(self) -> None:
        self.kept = bytearray(4096)
        self.position = self.size = 0

    def write(self, data: bytes, /) -> int:
        room = max(0, len(self.kept) - self.position)
        self.kept[self.position : self.position + min(room, len(data))] = data[:room]
        self.position += len(data)
        self.size = max(self.size, self.position)
        return len(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        self.position = (0, self.position, self.size)[whence] + offset
        return self.position

    def tell(self) -> int:
        return self.position


@pytest.mark.slow
def test_a_wav_file_beyond_four_gigabytes_becomes_rf64():
    head, spec, block = Head(), FORMATS["wav"], bytes(1 << 24)
    track = Track(head, spec, spec.file, pcm.SAMPLE_RATE)
    for _ in range(260):
        track.feed(block)
    track.finish()
    assert head.kept[:4] == b"RF64"
    assert struct.unpack("<4s4xQQQ", head.kept[12:44]) == (
        b"ds64",
        head.size - 8,
        260 << 24,
        260 << 23,
    )
