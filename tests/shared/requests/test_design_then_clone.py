"""How long a designed voice speaks, its takes included."""

import pytest

from shared.requests.design_then_clone import DesignThenClone
from shared.text import duration
from shared.text.samples import SAMPLES

BODY = {"text": "你好。", "description": "A warm alto."}


@pytest.mark.parametrize("language", ["auto", "chinese"])
def test_takes_without_a_sample_say_that_of_the_language(language: str):
    request = DesignThenClone.parse({**BODY, "language": language, "candidates": 3})
    sample = duration.estimate(SAMPLES["chinese"], "chinese")
    text = duration.estimate(request.text, "chinese")
    assert request.estimated_seconds() == pytest.approx(3 * sample + text)


def test_takes_say_the_sample_that_was_sent():
    sample = "一二三四五六七八九十。" * 5
    request = DesignThenClone.parse({**BODY, "sample_text": sample})
    spoken = duration.estimate(sample, "chinese") + duration.estimate(request.text, "chinese")
    assert request.estimated_seconds() == pytest.approx(spoken)
