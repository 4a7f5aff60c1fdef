import pytest

from shared import languages
from shared.text.duration import estimate


@pytest.mark.parametrize("language", languages.CODES)
def test_twice_the_text_takes_twice_as_long(language: str):
    assert estimate("ab语か" * 100, language) == 2 * estimate("ab语か" * 50, language)


def test_even_the_shortest_text_takes_half_a_second():
    assert estimate("a", "english") == estimate("", "chinese") == 0.5


def test_blanks_count_only_where_words_are_written_apart():
    assert estimate("语 " * 50, "chinese") == estimate("语" * 50, "chinese")
    assert estimate("a " * 50, "english") > estimate("a" * 50, "english")


@pytest.mark.parametrize(
    ("text", "language"),
    [("词" * 90, "chinese"), ("слово " * 20, "russian"), ("word " * 20, "english")],
)
def test_auto_is_estimated_by_the_script(text: str, language: str):
    assert estimate(text, "auto") == estimate(text, language)
