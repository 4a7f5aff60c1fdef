"""Order, seeds and bounds."""

from collections.abc import Generator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from shared.emotions import EMOTIONS
from shared.errors import NothingToSay, TextTooLong
from shared.requests.custom_voice import CustomVoice
from shared.text.clean import clean
from shared.text.passages import PLAIN, Manner, Reading
from shared.text.sentences import pack, split
from worker.engine.protocol import Frames
from worker.speaking import (
    Progress,
    divide,
    in_order,
    instruction,
    seed_of,
    speech_bound,
    unheard,
)

DATA = Path(__file__).parents[1] / "data"
LIGHTHOUSE = (DATA / "lighthouse.md").read_text()
SENTENCES: dict[str, str] = yaml.safe_load((DATA / "sentences.yaml").read_text())


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


def asked(
    manner: Manner = PLAIN, instruct: str | None = None, language: str = "english", **fields: str
) -> str | None:
    return instruction(CustomVoice.parse({"text": "Hi.", **fields}), language, instruct, manner)


def test_nothing_is_asked_of_who_speaks_without_a_wish() -> None:
    assert asked() is None
    assert asked(instruct="") is None
    assert asked(instruct="slowly.") == "slowly."


def test_a_mood_is_told_in_the_language_of_the_text() -> None:
    happy = EMOTIONS["happy"].instruct
    assert asked(emotion="happy") == happy["english"]
    assert asked(emotion="happy", language="chinese") == happy["chinese"]
    assert asked(Manner(language="german"), emotion="happy") == happy["german"]


def test_a_mood_comes_before_a_wish() -> None:
    mood = EMOTIONS["happy"].instruct["english"]
    assert asked(emotion="happy", instruct="slowly") == f"{mood.rstrip('.')}. slowly"


def test_a_passage_has_its_own_mood_and_a_direction_more() -> None:
    assert asked(Manner(emotion="sad"), emotion="happy") == EMOTIONS["sad"].instruct["english"]
    assert asked(Manner(instruct="out of breath"), "slowly") == "slowly; out of breath"


@pytest.mark.parametrize("text", [LIGHTHOUSE, *SENTENCES.values()])
@pytest.mark.parametrize("language", ["auto", "english", "german", "chinese"])
def test_a_text_without_mark_up_is_said_in_the_pieces_that_packing_makes(
    text: str, language: str
) -> None:
    _, reading = divided(text=text, language=language)
    plain = clean(text)[0]
    pieces = pack(split(plain, language), language)
    assert [
        (passage.text, passage.said, passage.boundary, passage.pause, passage.manner)
        for passage in reading.passages
    ] == [(piece.text, piece.text, piece.boundary, None, PLAIN) for piece in pieces]
    assert [passage.seconds for passage in reading.passages] == [it.seconds for it in pieces]
    assert not reading.opening
    assert (
        reading.language == CustomVoice.parse({"text": text, "language": language}).spoken_language
    )


def divided(**request: Any) -> tuple[list[str], Reading]:
    """What is remarked of a request, and its text as it is read."""
    dividing, remarks = divide(CustomVoice.parse(request)), list[str]()
    while True:
        try:
            remarks.append(next(dividing).text)
        except StopIteration as stop:
            return remarks, stop.value


def test_words_are_said_as_the_request_spells_them() -> None:
    _, reading = divided(text="5 km to Alba.", lexicon={"Alba": "Allba"}, language="english")
    assert [passage.said for passage in reading.passages] == ["5 km to Allba."]
    _, reading = divided(text="5 km to Alba.", normalise=True, language="english")
    (passage,) = reading.passages
    assert (passage.text, passage.said) == ("5 km to Alba.", "five kilometers to Alba.")


def test_a_lexicon_that_leaves_nothing_or_says_too_much_is_refused() -> None:
    with pytest.raises(NothingToSay):
        divided(text="Alba", lexicon={"Alba": "..."})
    with pytest.raises(TextTooLong, match="Written out"):
        divided(text="ah " * 6_000, lexicon={"ah": "aha " * 20})


def test_voices_that_cannot_speak_are_told_of_at_once() -> None:
    assert list(unheard("Not here:", [])) == []
    (remark,) = unheard("Not here:", [f"V{n}" for n in range(7)])
    assert remark.text == "Not here: V0, V1, V2, V3, V4 and 2 more."


def test_seeds_differ_by_row_and_are_stable() -> None:
    seeds = [seed_of(7, row) for row in range(100)]
    assert len(set(seeds)) == 100
    assert seeds == [seed_of(7, row) for row in range(100)]
    assert all(0 <= seed < 2**32 for seed in seeds)


def test_bound_leaves_room_for_slow_speech() -> None:
    assert speech_bound(0.5) >= 3
    assert speech_bound(10) >= 30
