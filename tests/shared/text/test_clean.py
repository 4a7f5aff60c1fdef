import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import NothingToSay
from shared.text.clean import clean, has_speech, speakable

TOKEN = re.compile(r"<\|\w*\|>|</?tts_\w+>")


def test_plain_text_passes_unchanged_and_without_remark():
    assert clean("He said: 3 < 4 | 5 > 2.\n\nNext.") == ("He said: 3 < 4 | 5 > 2.\n\nNext.", [])


@pytest.mark.parametrize(
    "token", ["<|im_end|>", "<|im_start|>", "<|endoftext|>", "<tts_pad>", "<tts_text_bos_single>"]
)
def test_special_tokens_are_left_out_with_a_remark(token: str):
    assert clean(f"Hello {token}there.") == (
        "Hello there.",
        ["Special tokens of the model in the text were left out."],
    )


@pytest.mark.parametrize(
    "disguised",
    [
        "<\x00|im_end|>",
        "<|im_\x07end|>",
        "<*|endoftext|*>",
        "<<|x|>|im_end|>",
        "<|im<|x|>_end|>",
        "<tts_<|x|>pad>",
        "*<*|im_end|>",
    ],
)
def test_a_token_cannot_be_put_together_from_what_is_left(disguised: str):
    assert not TOKEN.search(clean(f"Hello {disguised} there.")[0])


@given(st.text(alphabet=st.sampled_from("<|>*_# \x00\n\u200bimtts_pad/"), max_size=60))
def test_no_text_ever_yields_a_special_token(text: str):
    assert not TOKEN.search(clean(text)[0])


def test_control_characters_are_left_out_with_a_remark():
    assert clean("a\x00b\x1b[0m\ud800c\ue000") == (
        "ab[0mc",
        ["Control characters in the text were left out."],
    )


def test_line_ends_are_unified_and_blanks_squeezed():
    assert clean("  one\t two\u00a0three\r\nfour\rfive  ")[0] == "one two three\nfour\nfive"


def test_headings_become_paragraphs():
    assert clean("# Title ##\nText.\n## Two")[0] == "Title\n\nText.\nTwo"


@pytest.mark.parametrize(
    "text", ["the *Alba Grace* is", "the **Alba Grace** is", "the _Alba Grace_ is"]
)
def test_emphasis_marks_are_not_spoken(text: str):
    assert clean(text)[0] == "the Alba Grace is"


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        ("see [the site](https://a.b/c_(d)).", "see the site."),
        ('[one](a.html "title"), [two](#b)', "one, two"),
        ("at <https://a.b/c>", "at https://a.b/c"),
        ("run `make all` ~~now~~", "run make all now"),
        ("**[bold](http://a_b.c)**", "bold"),
    ],
)
def test_addresses_of_links_and_marks_of_code_are_not_spoken(marked: str, plain: str):
    assert clean(marked) == (plain, [])


def test_pictures_are_left_out_with_a_remark():
    found = clean("One ![a map](maps/a.png) two [![three](b.png)](http://c.d)")
    assert found == (
        "One two",
        ["Pictures were left out: ![a map](maps/a.png) (line 1), ![three](b.png) (line 1)."],
    )


@pytest.mark.parametrize(
    "text",
    [
        "2 * 3 * 4",
        "snake_case_name",
        "5*3",
        "a * b",
        "[Ana](sad) hi",
        "[x](...)",
        "`a ~~ b` c",
        "it`s John`s",
    ],
)
def test_marks_that_mark_nothing_stay(text: str):
    assert clean(text)[0] == text


def test_letters_and_their_accents_become_one():
    assert clean("e\u0301")[0] == "é"


@pytest.mark.parametrize("text", ["", "   \n", "…?!", "🙂🙂", "<|im_end|>", "\x00", "***"])
def test_text_without_letter_or_digit_is_refused(text: str):
    with pytest.raises(NothingToSay) as refusal:
        speakable(text)
    assert refusal.value.param == "text"


@pytest.mark.parametrize("text", ["a", "7", "语", "か", "한", "ж", "🙂 ok"])
def test_a_letter_or_digit_of_any_script_is_speech(text: str):
    assert has_speech(text)
    assert speakable(text) == text
