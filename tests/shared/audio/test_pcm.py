import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.audio import pcm
from shared.errors import EngineFailed


@given(st.binary(max_size=200).map(lambda data: data[: len(data) // 2 * 2]))
def test_bytes_come_back_from_samples_unchanged(data: bytes):
    assert pcm.encode(pcm.decode(data)) == data


def test_samples_are_little_endian_and_full_scale_is_one():
    assert pcm.decode(b"\x00\x80\x00\x40\x00\x00").tolist() == [-1.0, 0.5, 0.0]


def test_what_is_too_loud_is_clipped():
    loud = np.array([1.0, 1.5, -1.5], np.float32)
    assert np.frombuffer(pcm.encode(loud), "<i2").tolist() == [32767, 32767, -32768]


def test_halves_are_rounded_to_even():
    halves = np.array([0.5, 1.5, 2.5, -0.5, -1.5], np.float32) / np.float32(32768)
    assert np.frombuffer(pcm.encode(halves), "<i2").tolist() == [0, 2, 2, 0, -2]


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value: float):
    with pytest.raises(EngineFailed, match="not numbers"):
        pcm.encode(np.array([0.0, value], np.float32))


def test_no_samples_are_no_bytes():
    assert pcm.encode(np.empty(0, np.float32)) == b""
    assert pcm.decode(b"").size == 0


def test_silence_has_the_length_asked_for():
    assert pcm.encode(pcm.silence(0.25)) == bytes(2 * 6000)
    assert pcm.silence(1, sample_rate=8000).size == 8000
