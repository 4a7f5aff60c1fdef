"""Cues of what was spoken."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.cues.spoken import of_segments, of_words
from shared.cues.writing import to_srt, to_vtt
from shared.stores.recipe import Segment, Word


def segment(text: str, *, step: float = 0.4, start: float = 10.0, speaker: str = "") -> Segment:
    """A segment whose words follow one another, as they are written."""
    words = [
        Word(start=start + n * step, end=start + (n + 1) * step, text=word)
        for n, word in enumerate(text.split())
    ]
    return Segment(start=start, end=words[-1].end, text=text, speaker=speaker, words=words)


LONG = (
    "The lighthouse keeper counted the ships that passed, as he had done every evening since he "
    "was a boy, and wrote each name in his book."
)


def test_a_segment_is_one_cue_with_its_speaker():
    (cue,) = of_segments([segment("It was enough. It was.", speaker="ANNA")])
    assert (cue.start, cue.text, cue.speaker) == (10.0, "It was enough. It was.", "ANNA")
    assert cue.moments == ()


def test_a_segment_that_fills_more_than_two_lines_is_cut_where_its_words_are_heard():
    spoken = segment(LONG, speaker="ANNA")
    assert spoken.words
    ends = {word.end for word in spoken.words}
    cues = list(of_segments([spoken]))
    assert " ".join(cue.text for cue in cues) == LONG
    assert all(cue.end in ends and not cue.moments for cue in cues)


def test_without_words_it_is_cut_by_its_letters():
    untimed = Segment(start=0, end=10, text="我" * 100)
    cues = list(of_segments([untimed]))
    assert [len(cue.text) for cue in cues] == [42, 42, 16]
    assert [cue.start for cue in cues] == pytest.approx([0, 4.2, 8.4])
    assert [cue.end for cue in cues] == pytest.approx([4.2, 8.4, 10])


def test_words_come_in_cues_of_two_lines_that_hold_all_of_the_text():
    cues = list(of_words([segment(LONG)]))
    assert " ".join(cue.text for cue in cues) == LONG
    assert all(cue.end - cue.start <= 6 for cue in cues)
    assert all(earlier.end <= later.start for earlier, later in pairwise(cues))


@given(st.lists(st.integers(1, 30), min_size=1, max_size=40))
def test_no_cue_of_words_has_more_than_two_lines_or_a_line_that_is_too_wide(lengths: list[int]):
    cues = of_words([segment(" ".join("x" * length for length in lengths))])
    blocks = [block.strip().split("\n")[2:] for block in to_srt(cues).split("\n\n")]
    assert all(len(block) <= 2 and max(map(len, block)) <= 42 for block in blocks)


def test_a_cue_stays_until_it_can_be_read_or_another_comes():
    spoken = segment("one two three", step=0.25)
    assert spoken.words
    spoken.words[1:] = [
        Word(start=15, end=15.1, text="two"),
        Word(start=16, end=16, text="three"),
    ]
    cues = [(cue.start, cue.end) for cue in of_words([spoken])]
    assert cues == [(10, 11), (15, 16), (16, 17)]


def test_the_end_of_a_sentence_ends_a_cue_that_was_long_enough():
    cues = of_words([segment("Yes. Dr. Smith came home late. Then he slept.")])
    assert [cue.text for cue in cues] == ["Yes. Dr. Smith came home late.", "Then he slept."]


def test_a_silence_ends_a_cue():
    spoken = segment("one two")
    assert spoken.words
    spoken.words[1] = Word(start=15, end=15.5, text="two")
    assert [cue.text for cue in of_words([spoken])] == ["one", "two"]


def test_a_segment_without_word_times_is_one_cue():
    untimed = Segment(start=1, end=2, text="Nobody knows.")
    cues = list(of_words([untimed, segment("Yes.")]))
    assert [(cue.text, cue.start) for cue in cues] == [("Nobody knows.", 1), ("Yes.", 10.0)]


def test_in_vtt_each_word_has_its_own_time():
    (cue,) = of_words([segment("Salt & pepper <b>.", speaker="R&D")])
    assert to_vtt([cue]) == (
        "WEBVTT\n\n00:00:10.000 --> 00:00:11.600\n<v R&amp;D>Salt <00:00:10.400>&amp; "
        "<00:00:10.800>pepper <00:00:11.200>&lt;b&gt;.\n"
    )


def test_times_stay_with_their_words_where_lines_break():
    text = "我们今天都要去看看那一座很高很高的灯塔和它上面的光还有海"
    words = [Word(start=n / 10, end=(n + 1) / 10, text=letter) for n, letter in enumerate(text)]
    (cue,) = of_words([Segment(start=0, end=3, text=text, words=words)])
    lines = to_vtt([cue]).splitlines()[3:]
    assert len(lines) == 2
    shown = re.findall(r"<00:00:0(.*?)>(.)", "".join(lines))
    assert [(float(at), letter) for at, letter in shown] == [
        (n / 10, letter) for n, letter in enumerate(text) if n
    ]
