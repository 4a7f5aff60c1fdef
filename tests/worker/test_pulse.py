"""The sign of life of a job."""

import time

import pytest

from shared.errors import DeadlineExceeded
from worker.pulse import Cancelled, Pulse


def test_watch_goes_on_by_default() -> None:
    Pulse().watch()


def test_cancelled_pulse_stops_at_the_next_watch() -> None:
    pulse = Pulse()
    pulse.cancel()
    with pytest.raises(Cancelled):
        pulse.watch()


def test_past_deadline_stops_at_the_next_watch() -> None:
    pulse = Pulse()
    pulse.limit(time.monotonic() - 1)
    with pytest.raises(DeadlineExceeded):
        pulse.watch()


def test_silence_counts_only_while_frames_are_made() -> None:
    pulse = Pulse()
    time.sleep(0.02)
    assert pulse.silence == 0
    with pulse.armed():
        time.sleep(0.02)
        assert pulse.silence > 0
        with pulse.patient():
            time.sleep(0.02)
            assert pulse.silence == 0
    assert pulse.silence == 0


def test_silence_begins_anew_after_a_patient_stretch() -> None:
    pulse = Pulse()
    with pulse.armed():
        time.sleep(0.05)
        with pulse.patient():
            pass
        assert pulse.silence < 0.05


def test_silence_begins_anew_at_every_watch() -> None:
    pulse = Pulse()
    with pulse.armed():
        time.sleep(0.05)
        before = pulse.silence
        pulse.watch()
        assert pulse.silence < before
