"""Whoever has an answer already is not sent it again."""

import pytest

from shared.entity_tags import is_known


@pytest.mark.parametrize("sent", ['"a1"', 'W/"a1"', '"b2", "a1"', "*"])
def test_a_tag_that_is_named_is_known(sent: str):
    assert is_known('"a1"', sent)


@pytest.mark.parametrize("sent", ["", '"a"', "a1", '"b2"'])
def test_another_one_is_not(sent: str):
    assert not is_known('"a1"', sent)


def test_an_answer_without_a_tag_is_never_known():
    assert not is_known("", "")
