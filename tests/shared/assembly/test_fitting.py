"""A cue is fitted into its time, only as far as it must be."""

import numpy as np
import pytest

from shared.assembly.fitting import APART, fit, squeeze
from shared.audio import pcm
from shared.audio.pcm import SAMPLE_RATE
from shared.requests.subtitles import Subtitles
from tests.shared.assembly.materials import tone


def request(**changes: object) -> Subtitles:
    return Subtitles.parse({"text": "x", **changes})


@pytest.mark.parametrize(
    ("seconds", "slot", "until_next", "action", "length"),
    [
        (2.0, 2.0, 2.0, "fits", 2.0),
        (2.05, 2.0, 2.0, "fits", 2.05),
        (2.4, 2.0, 2.5, "borrowed", 2.4),
        (2.4, 2.0, 2.0, "stretched", 2.0),
        (2.8, 2.0, 2.0, "hurried", 2.0),
        (4.5, 2.0, 2.0, "overrun", 3.0),
        (1.0, 0.0, 0.0, "overrun", 1 / 1.5),
    ],
)
def test_no_more_is_done_than_must_be(
    seconds: float, slot: float, until_next: float, action: str, length: float
):
    fitted = fit(tone(seconds), slot, until_next, request())
    assert fitted.action == action
    assert len(fitted.samples) / SAMPLE_RATE == pytest.approx(length, abs=2e-3)
    assert fitted.rate <= 1.5


def test_a_cue_that_borrows_stays_apart_from_the_next():
    fitted = fit(tone(2.45), 2.0, 2.5, request())
    assert fitted.room == pytest.approx(2.5 - APART)
    assert fitted.action == "stretched"


def test_nothing_is_borrowed_where_that_is_not_wanted():
    assert fit(tone(2.4), 2.0, 9.0, request(borrow=False)).action == "stretched"


def test_silences_are_squeezed_before_speech_is_hurried():
    sound = np.concatenate([tone(1.0), pcm.silence(1.0), tone(1.0)])
    assert fit(sound, 2.3, 2.3, request()).action == "squeezed"
    assert fit(sound, 2.3, 2.3, request(squeeze=False)).action == "hurried"


def test_squeezing_takes_only_from_long_silences():
    short = np.concatenate([tone(0.5), pcm.silence(0.25), tone(0.5)])
    assert np.array_equal(squeeze(short), short)
    long = np.concatenate([tone(0.5), pcm.silence(2.0), tone(0.5)])
    assert len(squeeze(long)) / SAMPLE_RATE == pytest.approx(1.15, abs=0.02)


def test_what_is_cut_off_fades():
    fitted = fit(tone(4.5), 2.0, 2.0, request(overrun="cut"))
    assert fitted.action == "cut"
    assert len(fitted.samples) == 2 * SAMPLE_RATE
    assert abs(fitted.samples[-1]) < 0.001
    assert fitted.overrun == pytest.approx(1.0, abs=0.01)
