"""The stand-in for the codec: the right lengths, the same every time, and as loud where it was."""

import itertools
from typing import Any

import numpy as np
import pytest

from shared.audio.codes import CODES, FRAME_SAMPLES, Codes
from shared.audio.pcm import Samples
from worker.engine.preview import codec


def unwatched() -> None:
    """A watch that lets everything pass."""


def sound(codes: Codes) -> Samples:
    return np.concatenate(list(codec.decode(codes, unwatched)))


def random(frames: int) -> Codes:
    """As the real codec writes them: all of them likely."""
    return np.random.default_rng(0).integers(CODES, size=(frames, 16), dtype=np.uint16)


@pytest.mark.parametrize(("samples", "frames"), [(1, 1), (1920, 1), (1921, 2), (250_000, 131)])
def test_a_frame_begun_is_filled_up(samples: int, frames: int):
    codes = codec.encode(np.full(samples, 0.1, np.float32), unwatched)
    assert (codes.shape, codes.dtype) == ((frames, 16), np.uint16)
    assert sound(codes).shape == (frames * FRAME_SAMPLES,)


def test_speech_is_as_loud_as_it_was_in_every_band(speak: Any):
    before = codec.encode(speak(), unwatched).astype(float)
    after = codec.encode(sound(before.astype(np.uint16)), unwatched).astype(float)
    for band in range(16):
        assert np.corrcoef(before[:, band], after[:, band])[0, 1] > 0.8
    assert np.abs(before - after).mean() * codec.STEP < 3


def test_the_level_of_the_whole_is_kept(speak: Any):
    heard = speak()
    again = sound(codec.encode(heard, unwatched))
    assert np.std(again) == pytest.approx(np.std(heard), rel=0.1)


def test_silence_stays_silence():
    codes = codec.encode(np.zeros(48_000, np.float32), unwatched)
    assert not codes.any()
    assert not sound(codes).any()


def test_the_codes_of_the_real_codec_make_sound_within_full_scale():
    heard = sound(random(300))
    assert heard.shape == (300 * FRAME_SAMPLES,)
    assert heard.dtype == np.float32
    assert np.std(heard) > 0.01
    assert np.abs(heard).max() <= 1


def test_the_highest_codes_are_no_louder_than_full_scale():
    heard = sound(np.full((3, 16), CODES - 1, np.uint16))
    assert np.isfinite(heard).all()
    assert np.abs(heard).max() == 1


def test_equal_codes_make_equal_sound():
    assert np.array_equal(sound(random(130)), sound(random(130)))


def test_pieces_join_without_a_seam(monkeypatch: pytest.MonkeyPatch):
    whole = sound(random(20))
    monkeypatch.setattr(codec, "PIECE", 7)
    assert np.allclose(sound(random(20)), whole, atol=1e-6)


def test_a_watch_is_asked_every_ten_seconds_and_can_stop_it():
    calls = itertools.count(1)

    def watch() -> None:
        if next(calls) == 2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        list(codec.decode(random(126), watch))
    calls = itertools.count(1)
    with pytest.raises(InterruptedError):
        codec.encode(np.zeros(126 * FRAME_SAMPLES, np.float32), watch)
