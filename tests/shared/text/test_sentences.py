from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import languages
from shared.text.clean import clean, has_speech
from shared.text.sentences import PAUSES, Boundary, Piece, pack, split

DATA = Path(__file__).parents[2] / "data"
MARKED = [
    (language, marked)
    for language, texts in yaml.safe_load((DATA / "sentence_boundaries.yaml").read_text()).items()
    for marked in texts
]
LIGHTHOUSE = (DATA / "lighthouse.md").read_text()
MIXED = st.text(
    alphabet=st.sampled_from("aB1é语か한и .,;:!?…—–-\"'«»“”「」()。，、？\n\r\t\u2028#*"),
    max_size=300,
)
LANGUAGES = st.sampled_from([*languages.CODES, languages.AUTO])


def pieces(text: str, language: str = "english", **lengths: float) -> list[Piece]:
    return pack(split(text, language), language, **lengths)


def texts(text: str, language: str = "english", **lengths: float) -> list[str]:
    return [piece.text for piece in pieces(text, language, **lengths)]


# --- split ---


@pytest.mark.parametrize(("language", "marked"), MARKED)
def test_sentences_end_where_a_reader_ends_them(language: str, marked: str):
    found = split(marked.replace("|", ""), language)
    assert "|".join(sentence.text for sentence in found) == marked


def test_all_ten_languages_have_examples():
    assert {language for language, _ in MARKED} == set(languages.CODES)


@pytest.mark.parametrize("language", [*languages.CODES, languages.AUTO])
def test_the_sample_sentences_are_neither_lost_nor_cut_inside_a_number(language: str):
    for text in yaml.safe_load((DATA / "sentences.yaml").read_text()).values():
        found = split(text, language)
        assert "".join(sentence.text for sentence in found) == text
        ends = [sentence.end for sentence in found[:-1]]
        assert not [end for end in ends if text[end - 1].isdigit() and text[end].isdigit()]


@given(MIXED | st.text(max_size=200), LANGUAGES)
@settings(deadline=None)
def test_sentences_cover_the_text_without_gaps(text: str, language: str):
    found = split(text, language)
    assert "".join(sentence.text for sentence in found) == text
    assert all(text[s.start : s.end] == s.text for s in found)
    assert [s.start for s in found] == [0, *(s.end for s in found[:-1])][: len(found)]


@given(MIXED)
@settings(deadline=None)
def test_only_the_last_sentence_is_the_end(text: str):
    found = split(text, "english")
    assert [n for n, s in enumerate(found, 1) if s.boundary is Boundary.END] == [len(found)][
        : len(found)
    ]


def test_nothing_has_no_sentences():
    assert split("", "english") == []


def test_an_empty_line_ends_a_paragraph_and_a_single_line_break_does_not():
    found = split("One line\nwrapped. Two.\r\n \r\nThree.", "english")
    assert [(s.text, s.boundary) for s in found] == [
        ("One line\nwrapped. ", Boundary.SENTENCE),
        ("Two.\r\n \r\n", Boundary.PARAGRAPH),
        ("Three.", Boundary.END),
    ]


def test_a_paragraph_that_starts_lower_case_is_not_joined_to_the_one_before():
    found = split("She said:\n\nand then nothing.", "english")
    assert [s.boundary for s in found] == [Boundary.PARAGRAPH, Boundary.END]


def test_text_without_any_capitals_is_split_all_the_same():
    assert len(split("yes. maybe. who knows? not me.", "english")) == 4


def test_auto_splits_as_the_language_that_the_script_points_to():
    text = "「本当に行くの？」と彼女は聞いた。終わり！"
    assert split(text, "auto") == split(text, "japanese")
    assert split(text, "auto") != split(text, "english")


# --- pack ---


def test_short_sentences_share_a_piece_until_the_target():
    sentence = "This sentence takes about three seconds. "
    assert [text.count("This") for text in texts(sentence * 10)] == [4, 4, 2]


def test_a_tail_below_the_shortest_joins_the_piece_before():
    sentence = "This sentence takes about three seconds. "
    assert texts(sentence * 4 + "Yes.")[-1].endswith("seconds. Yes.")


def test_a_tail_that_would_pass_the_longest_stays_alone():
    long, tail = "word " * 57 + "end. ", "Oh."
    assert texts(long + tail)[-1] == tail


def test_pieces_never_cross_a_paragraph():
    assert texts("One.\n\nTwo. Three.\n\nFour.") == ["One.", "Two. Three.", "Four."]


def test_boundaries_say_what_follows():
    found = pieces("A sentence here. Another one.\n\nThe next paragraph.", target=1, shortest=0.5)
    assert [piece.boundary for piece in found] == [
        Boundary.SENTENCE,
        Boundary.PARAGRAPH,
        Boundary.END,
    ]


def test_a_long_sentence_is_cut_at_semicolons_before_commas_before_blanks():
    half = "one clause, with a comma, " * 6
    found = pieces(f"{half}here; {half}there.")
    assert [piece.text[-5:] for piece in found] == ["here;", "here."]
    assert [piece.boundary for piece in found] == [Boundary.COMMA, Boundary.END]
    assert all(text.endswith(",") for text in texts("some words without end, " * 30 + "end.")[:-1])
    assert all(text.endswith("word") for text in texts("word " * 200)[:-1])


def test_a_cut_never_falls_into_a_number_or_a_time():
    found = texts("at 12:30 for 1,000.50 and 1990–1998 then " * 30)
    assert not [text for text in found if text[-1] in ":,–" or text[0] in ":,–"]


@pytest.mark.parametrize(
    ("language", "character"), [("english", "a"), ("chinese", "语"), ("japanese", "か")]
)
def test_fifty_thousand_characters_without_a_blank_are_cut_hard(language: str, character: str):
    found = pieces(character * 50_000, language)
    assert "".join(piece.text for piece in found) == character * 50_000
    assert max(piece.seconds for piece in found) <= 20
    assert min(piece.seconds for piece in found) >= 9


def test_a_scene_break_is_not_spoken_and_the_end_moves_up():
    found = pieces("One.\n\n***\n\nTwo.\n\n* * *")
    assert [(piece.text, piece.boundary) for piece in found] == [
        ("One.", Boundary.PARAGRAPH),
        ("Two.", Boundary.END),
    ]


def test_nothing_makes_no_pieces():
    assert pieces("") == pieces(" \n\n ") == []


@given(MIXED, LANGUAGES)
@settings(deadline=None)
def test_pieces_are_the_source_in_order_and_leave_out_nothing_that_is_spoken(
    text: str, language: str
):
    found = pieces(text, language)
    assert all(text[piece.start : piece.end] == piece.text.strip() for piece in found)
    assert all(before.end <= after.start for before, after in pairwise(found))
    edges = [0, *(edge for piece in found for edge in (piece.start, piece.end)), len(text)]
    outside = [text[edges[n] : edges[n + 1]] for n in range(0, len(edges), 2)]
    assert not [gap for gap in outside if has_speech(gap)]


@given(MIXED, LANGUAGES, st.floats(2, 10), st.floats(0.5, 2))
@settings(deadline=None)
def test_no_piece_passes_the_longest(text: str, language: str, longest: float, shortest: float):
    found = pieces(text, language, target=longest / 2, longest=longest, shortest=shortest)
    assert all(piece.seconds <= longest for piece in found)


def test_the_lighthouse_is_told_in_pieces_that_a_model_speaks_well():
    text, _ = clean(LIGHTHOUSE)
    found = pieces(text)
    assert "".join("".join(piece.text for piece in found).split()) == "".join(text.split())
    assert max(piece.seconds for piece in found) <= 20
    assert found[0].text == "The Keeper of Hollow Point"
    assert [piece.boundary for piece in found].count(Boundary.COMMA) == 0


def test_every_boundary_has_a_pause():
    assert set(PAUSES) == set(Boundary)
