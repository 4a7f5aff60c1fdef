"""A reference is refused in words before any model hears it."""

import numpy as np
import pytest

from shared.errors import UnreadableAudio, UnsuitableReference
from tests.worker.engine.speech import recording
from worker.engine.reference import Reference, audible


@pytest.mark.parametrize("seconds", [3.0, 60.0])
def test_the_bounds_themselves_are_taken(seconds: float):
    assert len(Reference(recording(seconds)).samples) == seconds * 24_000


@pytest.mark.parametrize("seconds", [0.0, 2.9, 60.1])
def test_too_short_and_too_long_are_refused_with_the_length(seconds: float):
    with pytest.raises(UnsuitableReference, match=f"{seconds:.1f} seconds") as caught:
        Reference(recording(seconds))
    assert caught.value.param == "reference"
    assert "3 to 60 seconds" in str(caught.value.next_step)


def test_stereo_is_no_reference():
    with pytest.raises(UnreadableAudio):
        Reference(np.stack([recording(), recording()]))


def test_samples_that_are_no_numbers_are_no_reference():
    samples = recording()
    samples[100] = np.nan
    with pytest.raises(UnreadableAudio):
        Reference(samples)


@pytest.mark.parametrize(("seconds", "heard"), [(2.99, None), (3.0, 3.0), (60.0, 60.0), (61, 60.0)])
def test_a_voice_is_told_by_three_seconds_and_by_a_minute_at_most(
    seconds: float, heard: float | None
):
    samples = audible(recording(seconds))
    assert (samples is None) == (heard is None)
    if samples is not None and heard is not None:
        assert np.array_equal(samples, recording(seconds)[: round(heard * 24_000)])
