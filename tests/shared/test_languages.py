from pathlib import Path

import pytest
import yaml

from shared import languages
from shared.errors import UnknownLanguage

SAMPLES: dict[str, str] = yaml.safe_load(
    (Path(__file__).parents[1] / "data" / "sentences.yaml").read_text()
)


@pytest.mark.parametrize("spelling", ["English", "en", "EN-gb", " english ", "en_US"])
def test_a_language_has_many_spellings(spelling: str):
    assert languages.canonical(spelling) == "english"


@pytest.mark.parametrize(("name", "code"), languages.CODES.items())
def test_every_name_and_code_is_known(name: str, code: str):
    assert languages.canonical(name.upper()) == languages.canonical(code.upper()) == name


def test_auto_stays_auto():
    assert languages.canonical("Auto") == languages.AUTO


@pytest.mark.parametrize("unknown", ["", "klingon", "xx", "../en", "englisch", "en us"])
def test_an_unknown_language_is_refused_with_the_choices(unknown: str):
    with pytest.raises(UnknownLanguage, match="auto, chinese, english") as refusal:
        languages.canonical(unknown)
    assert refusal.value.param == "language"


@pytest.mark.parametrize("language", SAMPLES)
def test_script_and_frequent_words_give_the_language_away(language: str):
    assert languages.guess(SAMPLES[language]) == language


@pytest.mark.parametrize("text", ["Ok.", "Bernard", "Mrs. Ruiz paid 5 euros."])
def test_latin_script_that_tells_nothing_counts_as_english(text: str):
    assert languages.guess(text) == "english"


def test_half_width_kana_are_japanese_too():
    assert languages.guess("ｺﾝﾆﾁﾊ") == "japanese"


def test_a_foreign_word_does_not_change_the_language():
    assert languages.guess("The character 猫 means cat and nothing else.") == "english"


def test_text_without_letters_counts_as_english():
    assert languages.guess("12, 34!") == "english"
