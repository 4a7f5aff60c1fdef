from pathlib import Path

import pytest

from shared.cues.loading import Form, load
from shared.documents.decoding import text_of
from shared.errors import NothingToSay, UnreadableDocument

DATA = Path(__file__).parents[2] / "data"
TIME = "00:00:01,000 --> 00:00:02,000"


def read(text: str, form: Form | None = None) -> list[tuple[int, int, str]]:
    return [(cue.start, cue.end, cue.text) for cue in load(text, form).cues]


def test_the_dubbing_sample_has_six_cues_and_one_overlap():
    loaded = load(text_of((DATA / "dubbing.srt").read_bytes()))
    assert [(cue.id, cue.row) for cue in loaded.cues][:3] == [("1", 2), ("2", 6), ("3", 11)]
    assert loaded.warnings == ["Cue 6 begins before an earlier one ends."]


def test_notes_of_the_interview_sample_are_no_cues():
    cues = load(text_of((DATA / "interview.vtt").read_bytes())).cues
    assert [cue.start for cue in cues] == [1000, 3700, 7000, 8600]
    assert not [cue for cue in cues if "NOTE" in cue.text]


@pytest.mark.parametrize(
    "line",
    [
        TIME,
        "00:00:01.000 --> 00:00:02.000",
        "0:0:1,0 --> 0:0:2,0",
        "00:01.000 --> 00:02.000 align:start position:10%",
        "00:00:01,000 --> 00:00:02,000  X1:10 X2:20",
        "00:00:01 -> 00:00:02",
        "00: 00: 01, 000 – > 00:00:02,000",
        "00:00:01,000-->00:00:02,000",
    ],
)
def test_a_time_is_read_however_it_is_written(line: str):
    assert read(f"1\n{line}\nHi.\n") == [(1000, 2000, "Hi.")]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"{TIME}\nno index\n", [(1000, 2000, "no index")]),
        (f"1\n{TIME}\na\n2\n{TIME}\nb", [(1000, 2000, "a"), (1000, 2000, "b")]),
        (f"1\n\n{TIME}\n\na\n\n2\n\n{TIME}\n\nb\n", [(1000, 2000, "a"), (1000, 2000, "b")]),
        (f"1\n{TIME}\nIn the year\n1999\n", [(1000, 2000, "In the year\n1999")]),
        (f"1\n{TIME}\na\n\nb\n\n2\n{TIME}\nc", [(1000, 2000, "a\nb"), (1000, 2000, "c")]),
        (f"1\n{TIME}\nat 10:30 -> 11:00\n", [(1000, 2000, "at 10:30 -> 11:00")]),
        ("1\n100:00:01,000 --> 100:00:02,000\na\n", [(360_001_000, 360_002_000, "a")]),
        (
            "WEBVTT\nKind: x\n\nSTYLE\n::cue {}\n\n00:01,000 --> 00:02,000\na\n\nNOTE x\ny\n",
            [(1000, 2000, "a")],
        ),
    ],
)
def test_malformed_files_give_the_cues_that_a_person_sees(
    text: str, found: list[tuple[int, int, str]]
):
    assert read(text) == found


def test_a_vtt_cue_has_the_identifier_above_it():
    assert load("WEBVTT\n\nintro\n00:01.000 --> 00:02.000\nHi.\n").cues[0].id == "intro"


def test_times_are_mended_with_a_warning_each():
    loaded = load(
        "1\n00:00:05,000 --> 00:00:07,000\na\n\n2\n-00:00:01,000 --> 00:00:02,000\nb\n\n"
        "3\n00:00:06,000 --> 00:00:04,000\nc\n"
    )
    assert [(cue.number, cue.start, cue.end) for cue in loaded.cues] == [
        (2, 0, 2000),
        (1, 5000, 7000),
        (3, 6000, 6000),
    ]
    assert loaded.warnings == [
        "Cue 2 has a negative time, which was taken for 0.",
        "Cue 3 ends before it begins or as it begins, so it has no time of its own.",
        "Cue 2 begins before the one above it; the cues were put in order.",
        "Cue 3 begins before an earlier one ends.",
    ]


def test_a_time_that_nobody_can_read_and_text_before_the_first_cue_are_told():
    loaded = load(f"By me\n\n1\n00:00:0A,000 --> 00:00:02,000\na\n\n2\n{TIME}\nb\n")
    assert loaded.strays == [(1, "By me")]
    assert [(cue.text, cue.unspoken) for cue in loaded.cues] == [
        ("a", "Its times cannot be read."),
        ("b", ""),
    ]


def test_ass_gives_speakers_and_says_why_the_rest_is_not_spoken():
    cues = load(
        "[Script Info]\nTitle: x\n\n[V4+ Styles]\nFormat: Name, Bold\nStyle: broken\n\n[Events]\n"
        "Format: Start, End, Layer, Actor, Text\n"
        "Dialogue: 0:00:01.00,0:00:02.50,0,Bob,{\\an8}Well,\\Nyes.\n"
        "Comment: 0:00:01.00,0:00:02.00,0,,by me\n"
        "Dialogue: 0:00:03.00,0:00:04.00,0,,{\\p1}m 0 0 l 1 1{\\p0}\n"
        "Dialogue: soon,0:00:04.00,0,Bob,Late\n"
    ).cues
    assert [(cue.number, cue.start, cue.end, cue.speaker, cue.text) for cue in cues][1] == (
        (1, 1000, 2500, "Bob", "Well,\nyes.")
    )
    assert {cue.number: cue.unspoken for cue in cues} == {
        1: "",
        2: "It is a comment.",
        3: "It is a drawing.",
        4: "Its times cannot be read.",
    }


def test_an_ass_time_that_is_cut_off_costs_its_cue_alone():
    form = "[Events]\nFormat: Start, End, Text\n"
    cues = load(f"{form}Dialogue: 0:00:01.00,0:00:2,One\nDialogue: 0:00:03.00,0:00:04,Two\n").cues
    assert {cue.text: cue.unspoken for cue in cues} == {
        "One": "Its times cannot be read.",
        "Two": "",
    }


def test_a_file_without_cues_is_refused():
    with pytest.raises(NothingToSay):
        load("\n \n")
    with pytest.raises(UnreadableDocument, match="no cue"):
        load("WEBVTT\n\nNOTE nothing yet\n")


def test_five_thousand_cues_are_all_there():
    blocks = (
        f"{at}\n00:{at // 60 % 60:02}:{at % 60:02},000 --> 00:59:59,999\nHi {at}\n"
        for at in range(5_000)
    )
    assert len(load("\n".join(blocks)).cues) == 5_000
