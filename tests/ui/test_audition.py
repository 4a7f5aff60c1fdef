"""Which voices read, and how many have."""

from ui.audition import Reading
from ui.markup import Html


def test_a_voice_that_reads_or_waits_is_not_asked_twice():
    held = Reading(jobs={"serena": "1"}, left=["ryan"], of=2)
    held.ask(["serena", "ryan", "sohee"])
    assert held.left == ["ryan", "sohee"]
    assert (held.of, held.done) == (3, 0)


def test_whoever_reads_after_all_have_read_is_counted_anew():
    held = Reading(of=9, faults=[Html("The engine broke.")])
    held.ask(["sohee"])
    assert (held.of, held.done, held.faults) == (1, 0, [])


def test_one_fault_of_many_voices_is_told_once():
    held = Reading(jobs={"serena": "1", "ryan": "2"})
    for _ in held.jobs:
        held.fail(Html("The engine broke."))
    assert held.faults == ["The engine broke."]


def test_nobody_reads_any_more_once_it_is_stopped():
    held = Reading(jobs={"serena": "1", "ryan": ""}, left=["sohee"], of=3)
    assert held.clear() == ["1"]
    assert not held.busy
