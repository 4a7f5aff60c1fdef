"""Documents for the measurements of pipelines."""

import pytest

from shared.plans.directory import Directory, Known
from shared.plans.planning import Document, plan
from shared.requests import CONTRACTS
from shared.requests.pipeline import Pipeline
from shared.speakers import SPEAKERS
from tools.bench import texts

PRESETS = Directory(
    {it.id: Known(it.id, it.name, "preset", it.language) for it in SPEAKERS.values()}
)


@pytest.mark.parametrize("task", texts.DOCUMENTS)
def test_a_document_is_about_as_long_as_wanted_and_says_nothing_twice(task: str):
    request = CONTRACTS[task].parse(texts.request(texts.DOCUMENTS[task](2.0)))
    assert isinstance(request, Pipeline)

    made = plan(request, Document(str(request.text).encode()), PRESETS)

    assert 100 < sum(line.seconds for line in made.lines) < 200
    assert len({line.said for line in made.lines}) == len(made.lines)
    assert not made.skipped


def test_each_short_paragraph_is_a_line():
    request = CONTRACTS["narration"].parse(texts.request(texts.paragraphs(5)))
    assert isinstance(request, Pipeline)

    assert len(plan(request, Document(str(request.text).encode()), PRESETS).lines) == 5
