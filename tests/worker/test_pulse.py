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
    pulse.limit(-1)
    with pytest.raises(DeadlineExceeded):
        pulse.watch()


def test_patient_stretch_does_not_count_towards_the_deadline() -> None:
    pulse = Pulse()
    pulse.limit(0.05)
    with pulse.armed(), pulse.patient(60):
        time.sleep(0.1)
        pulse.watch()
    pulse.watch()


def test_silence_is_overdue_only_while_frames_are_made() -> None:
    pulse = Pulse()
    time.sleep(0.02)
    assert not pulse.overdue(0.01)
    with pulse.armed():
        time.sleep(0.02)
        assert pulse.overdue(0.01)
        with pulse.patient(60):
            time.sleep(0.02)
            assert not pulse.overdue(0.01)
    assert not pulse.overdue(0.01)


def test_patience_has_an_end() -> None:
    pulse = Pulse()
    with pulse.armed(), pulse.patient(0.01):
        time.sleep(0.02)
        assert pulse.overdue(60)


def test_silence_begins_anew_at_every_watch() -> None:
    pulse = Pulse()
    with pulse.armed():
        time.sleep(0.05)
        before = pulse.silence
        pulse.watch()
        assert pulse.silence < before
