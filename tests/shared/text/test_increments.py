from collections.abc import Iterable
from itertools import accumulate, pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared import languages
from shared.text.increments import Increments, Part
from shared.text.passages import read
from shared.text.sentences import split

DATA = Path(__file__).parents[2] / "data"
MARKED = [
    (language, marked.replace("|", ""))
    for language, texts in yaml.safe_load((DATA / "sentence_boundaries.yaml").read_text()).items()
    for marked in texts
]
LIGHTHOUSE = (DATA / "lighthouse.md").read_text()
WORDS = [
    "Yes",
    "No one",
    "the lamp turned",
    "1",
    "19",
    "3.14",
    "你好",
    "안녕",
    "é",
    "e\u0301",
    "🙂",
]
SIGNS = [*".!?…,;。，“”「」()[]<>*", *(". ", "! ", ", ", "**", "\n- ", "\n# ", "\n1. ", "...")]
BLANKS = [" ", " ", "\n", "\n\n", "\r\n", "\t"]
TAGS = [
    *("[pause:1.5]", "[emotion:happy]", "[emotion:out of. Breath]", "[/emotion]", "[speed:1.2]"),
    *("(sad) ", "<speak>", "</speak>", '<prosody rate="slow">', "</prosody>"),
    *('<sub alias="a. B">', "</sub>", '<break time="1s"/>'),
]
TOKENS = st.sampled_from([*WORDS, *SIGNS, *BLANKS, *BLANKS, *TAGS])
TEXTS = st.lists(TOKENS, max_size=60).map("".join)
UNMARKED = st.lists(st.sampled_from([*WORDS, *SIGNS, *BLANKS]), max_size=60).map("".join)


def parts(text: str, *cuts: int, language: str = languages.AUTO) -> list[Part]:
    """The parts of a text that came torn at some places."""
    increments = Increments(language)
    places = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in pairwise(places)]
    return [part for piece in pieces for part in increments.feed(piece)] + [*increments.end()]


def texts(text: str, language: str = languages.AUTO) -> list[str]:
    return [part.text for part in parts(text, language=language)]


def said_before_the_end(text: str) -> list[str]:
    return [part.text for part in Increments("english").feed(text)]


# --- however it is torn ---


@given(TEXTS)
@settings(deadline=None, max_examples=200)
@example("word " * 200)
@example("a" * 700)
@example("-" * 1_500 + " Yes.")
@example("[" * 1_300 + "Yes. No. ")
@example("Yes. 。[pause:1.5]")
@example("Yes.。你好。。[pause:1.5] No")
def test_a_text_that_comes_letter_by_letter_has_the_parts_of_the_whole(text: str):
    assert parts(text, *range(1, len(text))) == parts(text)


@given(TEXTS, st.data())
@settings(deadline=None, max_examples=200)
def test_a_text_that_is_torn_anywhere_has_the_parts_of_the_whole(text: str, data: st.DataObject):
    places = st.lists(st.integers(0, len(text)), max_size=5)
    assert parts(text, *data.draw(places)) == parts(text)


@pytest.mark.parametrize(("language", "text"), MARKED[::5])
def test_real_sentences_are_the_same_letter_by_letter(language: str, text: str):
    expected = parts(text, language=language)
    assert parts(text, *range(1, len(text)), language=language) == expected


@given(UNMARKED)
@settings(deadline=None, max_examples=200)
def test_no_word_is_lost_or_said_twice(text: str):
    def letters(text: str) -> str:
        return "".join(filter(str.isalnum, text))

    whole = letters("".join(text.split()))
    assert letters("".join(texts(text))) in whole


def test_of_a_story_nothing_is_lost():
    said = "".join("".join(texts(LIGHTHOUSE, "english")).split())
    assert said == "".join(LIGHTHOUSE.split())


@pytest.mark.parametrize(("language", "text"), MARKED)
def test_no_part_ends_where_no_sentence_does(language: str, text: str):
    """But within a quotation, whose end nobody can know of, and before a comma."""
    if any(quote in text for quote in "“„«‘「『\"'"):
        return
    sentences = ends(sentence.text for sentence in split(text, language))
    commas = {
        place for place, letter in enumerate("".join(text.split()), 1) if letter in ",，、;:；"
    }
    assert ends(texts(text, language)) <= sentences | commas


def ends(pieces: Iterable[str]) -> set[int]:
    """Where the pieces of a text end, counted without blanks."""
    return {*accumulate(len("".join(piece.split())) for piece in pieces)}


def test_halves_of_a_character_that_come_apart_are_one():
    increments = Increments("english")
    said = [*increments.feed("Hello \ud83d"), *increments.feed("\ude42 there."), *increments.end()]
    assert [part.text for part in said] == ["Hello 🙂 there."]


def test_half_a_character_alone_is_left_out():
    assert texts("Hello \ud83d there.") == ["Hello \ufffd there."]


# --- when a sentence has ended ---


def test_a_sentence_has_ended_once_the_next_word_is_there():
    assert said_before_the_end("The lamp turned.") == []
    assert said_before_the_end("The lamp turned. Th") == []
    assert said_before_the_end("The lamp turned. The ") == ["The lamp turned."]


def test_the_next_word_may_say_that_none_has_ended():
    assert said_before_the_end("We met Dr. Smith at 3.14 p.m. in ") == []


def test_a_paragraph_ends_with_an_empty_line():
    assert said_before_the_end("The lamp turned\n\n") == ["The lamp turned"]


def test_lines_of_a_list_are_spoken_one_by_one():
    assert texts("Bring these along:\n\n1. A lamp that is full\n2. A rope that is long\n") == [
        "Bring these along:",
        "1. A lamp that is full",
        "2. A rope that is long",
    ]


def test_what_is_very_short_is_spoken_with_what_follows_unless_it_is_the_first():
    assert texts("No. Yes. So it went on all night. Oh. It did.") == [
        "No.",
        "Yes. So it went on all night.",
        "Oh. It did.",
    ]


def test_chinese_needs_no_blank():
    assert texts("你好！今天的天气非常非常好。我们去公园走一走吧。") == [
        "你好！",
        "今天的天气非常非常好。",
        "我们去公园走一走吧。",
    ]


def test_the_first_part_may_end_at_a_comma_so_that_sound_comes_soon():
    start = "When the lamp had turned for the last time that night, the keeper went down to the sea"
    assert said_before_the_end(start) == ["When the lamp had turned for the last time that night,"]


def test_a_sentence_without_an_end_is_cut_at_commas():
    found = said_before_the_end("So it went, " + "and the sea was calm, " * 60)
    assert len(found) > 3
    assert all(part.endswith(",") and len(part) < 300 for part in found)


def test_a_flush_says_what_has_no_end():
    increments = Increments("english")
    assert not [*increments.feed("The lamp turned, and")]
    assert [part.text for part in increments.flush()] == ["The lamp turned, and"]
    assert increments.pending == 0


def test_what_was_forgotten_is_not_said():
    increments = Increments("english")
    assert [part.text for part in increments.feed("It was dark. The lamp ")] == ["It was dark."]
    increments.clear()
    assert not [*increments.end()]


@pytest.mark.parametrize("text", ["", "...", " \n\n ", "[pause:2]", "(sad)", "***"])
def test_where_there_is_no_word_nothing_is_said(text: str):
    assert texts(text) == []


# --- mark-up ---


def said(text: str) -> list[str]:
    return [part.said for part in parts(text, language="english")]


def test_mark_up_holds_until_it_is_closed():
    marked = "[emotion:happy] We are all here. And so is Ana today. [/emotion] Then it was dark."
    assert said(marked) == [
        "[emotion:happy] We are all here.[/emotion]",
        "[emotion:happy]And so is Ana today.[/emotion]",
        "[emotion:happy][/emotion] Then it was dark.",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "[emotion:happy] We are all here. And so is Ana today.[/emotion] Then the light went out.",
        "[speed:1.2][emotion:sad] We are all here. [speed:0.8] And so is Ana today. Then night.",
        '<speak><prosody rate="slow">We are all here. So is Ana.</prosody> Then night.</speak>',
        '<lang xml:lang="de">Wir sind alle hier. Auch Ana ist heute da.</lang> It was dark again.',
        "(sad) We are all here. And so is Ana today.\n\nThen the light went out. It was dark.",
        "[voice:Ana] We are all here. And so is Ana today. [voice:Ben] Then the light went out.",
    ],
)
def test_each_part_is_spoken_as_it_is_within_the_whole(text: str):
    def manners(text: str) -> list[tuple[str, object]]:
        passages = read(text, "english", target=0.1).passages
        return [(word, passage.manner) for passage in passages for word in passage.text.split()]

    alone = [manner for part in parts(text, language="english") for manner in manners(part.said)]
    assert alone == manners(text)
    assert not [remark for part in said(text) for remark in read(part, "english").remarks]


def test_mark_up_ends_with_the_utterance():
    increments = Increments("english")
    first = [*increments.feed("[emotion:happy] We are all here."), *increments.end()]
    second = [*increments.feed("And so is Ana today."), *increments.end()]
    assert [part.said for part in first + second] == [
        "[emotion:happy] We are all here.[/emotion]",
        "And so is Ana today.",
    ]


def test_what_looks_like_the_end_of_a_sentence_in_mark_up_is_none():
    marked = "[emotion:out of breath. As if he ran] We are all here. And so is Ana today."
    assert texts(marked, "english")[0] == marked.removesuffix(" And so is Ana today.")


# --- pauses ---


def pauses(text: str) -> list[float]:
    return [part.pause for part in parts(text, language="english")]


def test_between_sentences_is_the_pause_of_reading_aloud():
    assert pauses("It was dark.\n\nThe lamp turned slowly. It did so again.") == [0, 0.6, 0.25]


def test_a_pause_that_is_asked_for_stands_in_place_of_it():
    assert pauses("It was dark. [pause:2] The lamp turned slowly.") == [0, 0]
    assert pauses("It was dark.[pause:2] The lamp turned slowly.") == [0, 0]
