"""Order, seeds and bounds."""

from collections.abc import Generator

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from shared.emotions import EMOTIONS
from shared.requests.custom_voice import CustomVoice
from worker.engine.protocol import Frames
from worker.speaking import Progress, in_order, instruction, seed_of, speech_bound


def frames(row: int, value: float, last: bool) -> Frames:
    return Frames(row, np.full(3, value, np.float32), "stop" if last else None)


@st.composite
def interleavings(draw: st.DrawFn) -> list[Frames]:
    """Rows whose own frames are in order, mixed in any way."""
    rows = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(1, 5)))]
    left, mixed = [0] * len(rows), []
    while open_rows := [row for row, count in enumerate(rows) if left[row] < count]:
        row = draw(st.sampled_from(open_rows))
        left[row] += 1
        mixed.append(frames(row, row + left[row] / 10, left[row] == rows[row]))
    return mixed


def made(batch: list[Frames]) -> Generator[Frames]:
    yield from batch


@given(interleavings())
def test_rows_come_out_one_after_the_other(batch: list[Frames]) -> None:
    heard = list(in_order(made(batch)))
    expected = sorted(batch, key=lambda item: item.row)
    assert [row for row, _ in heard] == [item.row for item in expected]
    assert [float(piece.audio[0]) for _, piece in heard] == [
        float(item.audio[0]) for item in expected
    ]


@given(interleavings())
def test_only_the_first_frames_of_a_row_are_first(batch: list[Frames]) -> None:
    firsts = [row for row, piece in in_order(made(batch)) if piece.first]
    assert firsts == sorted(set(firsts))
    assert len(firsts) == len({item.row for item in batch})


def test_progress_grows_within_a_piece_and_from_piece_to_piece() -> None:
    told: list[float] = []
    progress = Progress([2.0, 2.0], told.append)
    progress.hear(1.0)
    progress.hear(1.0)
    progress.end()
    progress.hear(1.0)
    progress.hear(5.0)
    assert told == [0.25, 0.5, 0.75, 1.0]


def test_piece_that_is_longer_than_estimated_counts_for_its_estimate() -> None:
    told: list[float] = []
    Progress([1.0, 3.0], told.append).hear(10.0)
    assert told == [0.25]


def test_piece_that_is_shorter_than_estimated_counts_for_it_once_it_has_ended() -> None:
    told: list[float] = []
    progress = Progress([3.0, 1.0], told.append)
    progress.hear(1.0)
    progress.end()
    progress.hear(0.0)
    assert told == [0.25, 0.75]


def said(**fields: str) -> CustomVoice:
    return CustomVoice.parse({"text": "Hello.", **fields})


def test_nothing_is_asked_of_who_speaks_without_a_wish() -> None:
    assert instruction(said(), "english") is None
    assert instruction(said(), "") is None
    assert instruction(said(), "slowly.") == "slowly."


def test_a_mood_is_told_in_the_language_of_the_text() -> None:
    happy = EMOTIONS["happy"].instruct
    assert instruction(said(emotion="happy", language="german")) == happy["german"]
    assert instruction(said(emotion="happy")) == happy["english"]
    assert instruction(said(emotion="happy", text="你好。")) == happy["chinese"]


def test_a_mood_comes_before_a_wish() -> None:
    told = instruction(said(emotion="happy"), "slowly")
    mood = EMOTIONS["happy"].instruct["english"]
    assert told == f"{mood.rstrip('.')}. slowly"


def test_seeds_differ_by_row_and_are_stable() -> None:
    seeds = [seed_of(7, row) for row in range(100)]
    assert len(set(seeds)) == 100
    assert seeds == [seed_of(7, row) for row in range(100)]
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_bound_leaves_room_for_slow_speech() -> None:
    assert speech_bound(0.5) >= 3
    assert speech_bound(10) >= 30
