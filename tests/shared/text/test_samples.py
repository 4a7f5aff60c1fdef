"""What voices say first."""

import pytest

from shared.languages import CODES, guess
from shared.text.duration import estimate
from shared.text.samples import SAMPLES
from shared.text.sentences import pack, split


@pytest.mark.parametrize("language", CODES)
def test_a_sample_is_long_enough_for_a_clone_and_spoken_in_one_go(language: str) -> None:
    text = SAMPLES[language]
    assert 4 <= estimate(text, language) <= 8
    assert len(pack(split(text, language), language)) == 1


@pytest.mark.parametrize("language", CODES)
def test_a_sample_is_known_for_its_language(language: str) -> None:
    assert guess(SAMPLES[language]) == language
