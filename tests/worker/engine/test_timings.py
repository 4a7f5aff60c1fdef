"""What measured times say."""

from worker.engine.timings import Timings

TIMES = Timings(
    microseconds={
        "int8": {1: 90.0, 2: 90.0, 4: 100.0, 8: 190.0, 16: 350.0},
        "fp32": {1: 270.0, 2: 280.0, 8: 310.0},
    }
)


def test_a_format_is_compared_with_another_at_equal_rows():
    assert TIMES.speedup("int8") == 3.0
    assert TIMES.speedup("fp32", over="int8", rows=8) == 190 / 310


def test_what_was_not_timed_is_not_compared():
    assert TIMES.speedup("bf16") is None
    assert TIMES.speedup("int8", rows=16) is None


def test_the_batch_grows_until_it_takes_twice_as_long_as_one_row():
    assert TIMES.fastest_batch("int8") == 4
    assert TIMES.fastest_batch("fp32") == 8


def test_nothing_is_spoken_in_batches_that_were_not_timed():
    assert TIMES.fastest_batch("fp16") == 1


def test_nothing_follows_from_times_taken_while_others_computed():
    disturbed = TIMES.model_copy(update={"disturbed": True})
    assert disturbed.speedup("int8") is None
    assert disturbed.fastest_batch("int8") == 1


def test_formats_are_named_the_most_exact_first():
    assert TIMES.formats == ["fp32", "int8"]


def test_times_survive_their_file():
    assert Timings.model_validate_json(TIMES.model_dump_json()) == TIMES
