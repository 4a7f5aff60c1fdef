"""One utterance on its way: what of it may be heard, and when it begins anew."""

from typing import Any

import numpy as np
import pytest

from tests.worker.engine.conftest import Tiny
from tests.worker.engine.qwen3.hearing import load
from tests.worker.engine.speech import FRAME, utterance
from worker.engine.qwen3.model import Qwen3Model
from worker.engine.qwen3.row import Row
from worker.engine.seed import derived_seed

TEXT = "The lamp was lit, and the door stood open to the garden and the road."


@pytest.fixture(scope="module")
def model(tiny: Tiny) -> Qwen3Model:
    return load(tiny())


def row(model: Qwen3Model, attempts: int = 3, text: str = TEXT, **fields: Any) -> Row:
    line = utterance(text, **fields)
    made = model._row(0, line, model._prompt(line))
    made.attempts = attempts
    return made


def loud(count: int, start: int = 0) -> tuple[Any, Any]:
    """Frames none of which is like another."""
    codes = np.arange(start * 16, (start + count) * 16).reshape(count, 16) % 2048
    noise = np.random.default_rng(start).normal(0, 0.1, count * FRAME)
    return codes, noise.astype(np.float32)


def silent(count: int) -> tuple[Any, Any]:
    return loud(count)[0], np.zeros(count * FRAME, np.float32)


def circling(count: int) -> tuple[Any, Any]:
    codes, audio = loud(count)
    return np.full_like(codes, 7), audio


def frames(row: Row) -> int:
    """How many are released now."""
    released = row.release()
    return 0 if released is None else len(released.audio) // FRAME


def test_what_is_heard_is_released_once(model: Qwen3Model):
    one = row(model)
    assert one.release() is None
    assert one.take(*loud(4), ended=False)
    assert frames(one) == 4
    assert one.release() is None
    assert not one.take(*loud(3, 4), ended=True)
    last = one.release()
    assert last is not None
    assert (len(last.audio), last.finish_reason) == (3 * FRAME, "stop")


def test_an_end_without_further_frames_is_an_end(model: Qwen3Model):
    one = row(model)
    one.take(*loud(40), ended=False)
    one.release()
    one.take(*loud(0), ended=True)
    last = one.release()
    assert last is not None
    assert (len(last.audio), last.finish_reason) == (0, "stop")


def test_it_knows_where_it_stands(model: Qwen3Model):
    one = row(model)
    one.take(*loud(5), ended=False)
    assert (one.frames, one.positions) == (5, one.prompt.length + 5)
    assert one.capacity == one.prompt.length + one.guard.max_frames


def test_a_loop_is_tried_again_with_another_seed(model: Qwen3Model):
    one = row(model, seed=11, max_seconds=20.0)
    assert not one.take(*circling(100), ended=False)
    assert not one.finished
    assert (one.seed, one.frames) == (derived_seed(11, 1), 0)
    one.take(*loud(50), ended=True)
    last = one.release()
    assert last is not None
    assert last.notes == ("The speech went round in circles at first: attempt 2 is heard.",)


def test_silence_before_the_text_is_spoken_is_tried_again(model: Qwen3Model):
    one = row(model, max_seconds=20.0)
    one.take(*loud(2), ended=False)
    one.take(*silent(60), ended=False)
    assert not one.finished
    one.take(*loud(50), ended=True)
    last = one.release()
    assert last is not None
    assert last.notes == ("The speech fell silent too early at first: attempt 2 is heard.",)


def test_silence_after_the_text_is_a_clean_end(model: Qwen3Model):
    one = row(model, max_seconds=20.0)
    one.take(*loud(80), ended=False)
    assert not one.take(*silent(60), ended=False)
    last = one.release()
    assert last is not None
    assert (last.finish_reason, last.notes) == ("silence", ())
    assert len(last.audio) < 100 * FRAME


@pytest.mark.parametrize(
    ("take", "reason", "note"),
    [
        (circling, "loop", "The speech went round in circles and was cut."),
        (silent, "silence", "The speech fell silent before its text was spoken."),
    ],
)
def test_the_last_attempt_is_cut_and_says_so(model: Qwen3Model, take: Any, reason: str, note: str):
    one = row(model, attempts=2, max_seconds=20.0)
    one.take(*take(100), ended=False)
    one.take(*take(100), ended=False)
    last = one.release()
    assert last is not None
    assert last.finish_reason == reason
    assert last.notes[-1] == note
    assert len(last.audio) < 100 * FRAME


def test_speech_past_its_bound_is_cut_there(model: Qwen3Model):
    one = row(model, attempts=1, max_seconds=2.0)
    assert one.take(*loud(24), ended=False)
    assert not one.take(*loud(12, 24), ended=False)
    last = one.release()
    assert last is not None
    assert (len(last.audio) // FRAME, last.finish_reason) == (25, "length")
    assert len(one.codes) == 25


def test_speech_that_ends_at_its_bound_is_no_runaway(model: Qwen3Model):
    one = row(model, attempts=1, max_seconds=2.0)
    one.take(*loud(25), ended=True)
    assert one.finish_reason == "stop"


def test_a_bound_beyond_all_memory_is_drawn_in(model: Qwen3Model):
    one = row(model, max_seconds=1e6)
    assert 8000 < one.capacity + model._parts.limits.overshoot <= 8192
