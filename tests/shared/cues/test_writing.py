import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.cues.cue import Cue
from shared.cues.loading import load
from shared.cues.segments import apart
from shared.cues.writing import to_srt, to_vtt

WORDS = st.text(alphabet=st.sampled_from("aB1é語か한 .,;!?…—'&<>-\n。"), max_size=200)


def test_srt_names_the_speaker_before_the_text():
    cues = [Cue(0.5, 2, "It was enough.", "ANNA"), Cue(360_000, 360_001.25, "Still.")]
    assert to_srt(cues) == (
        "1\n00:00:00,500 --> 00:00:02,000\nANNA: It was enough.\n\n"
        "2\n100:00:00,000 --> 100:00:01,250\nStill.\n"
    )


def test_vtt_names_the_speaker_as_a_voice_and_escapes():
    assert to_vtt([Cue(1, 2, "1 < 2 & --> 3", "R&D <b>")]) == (
        "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n<v R&amp;D &lt;b&gt;>1 &lt; 2 &amp; --&gt; 3\n"
    )


def test_times_are_never_negative_nor_end_before_they_begin():
    assert "00:00:00,000 --> 00:00:00,000" in to_srt([Cue(-2, -1, "a")])
    assert "00:00:05,000 --> 00:00:05,000" in to_srt([Cue(5, 4, "a")])


def test_an_arrow_in_the_text_begins_no_cue():
    written = to_srt([Cue(0, 1, "From ---> 00:00:01,000 --> 00:00:02,000 on")])
    assert len(load(written).cues) == 1


def test_empty_cues_are_left_out_and_the_rest_is_counted_on():
    assert to_srt([Cue(0, 1, " \n"), Cue(1, 2, "a")]).startswith("1\n00:00:01")
    assert to_vtt([]) == "WEBVTT\n"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Short.", ["Short."]),
        (
            "By December we were driving trucks across it.",
            ["By December we were driving", "trucks across it."],
        ),
        ("我们" * 12 + "。", ["我们" * 6 + "我", "们" + "我们" * 5 + "。"]),
        (f"{'a' * 30} {'b' * 30} {'c' * 20}", ["a" * 30, "b" * 30, "c" * 20]),
    ],
)
def test_a_text_is_cut_into_two_lines_of_about_equal_width(text: str, lines: list[str]):
    assert to_srt([Cue(0, 1, text)]).splitlines()[2:] == lines


def test_a_long_text_stays_one_cue_of_narrow_lines():
    written = to_srt([Cue(0, 1, "word and " * 60)])
    assert written.count("-->") == 1
    assert max(map(len, written.splitlines())) <= 42


@given(st.lists(st.tuples(st.integers(0, 10**7), WORDS), max_size=5))
@settings(deadline=None, max_examples=60)
def test_what_is_written_is_read_again(found: list[tuple[int, str]]):
    cues = [Cue(start / 1000, start / 1000 + 1, text) for start, text in found]
    shown = sorted((cue for cue in cues if cue.text.strip()), key=lambda cue: cue.start)
    if shown:
        again = load(to_vtt(cues)).cues
        assert [cue.start for cue in again] == [round(cue.start * 1000) for cue in shown]
        if all(cue.text.isalnum() for cue in shown):
            assert [apart(cue).segments[0].text for cue in again] == [cue.text for cue in shown]
