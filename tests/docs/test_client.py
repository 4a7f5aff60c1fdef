"""What the page of the Python client tells is what the client can do."""

import inspect

import pytest

from shared import client
from shared.client import Client
from shared.settings import ROOT
from tests.docs import methods

PUBLIC = [name for name in dir(Client) if not name.startswith("_")]


def test_the_page_has_every_method_as_it_is():
    page = methods.PAGE.read_text(encoding="utf-8")
    assert methods.written(page) == page, "python -m tests.docs.methods"


@pytest.mark.parametrize("name", PUBLIC)
def test_every_method_says_what_it_does(name: str):
    assert inspect.getdoc(getattr(Client, name))


def test_every_example_is_told_of():
    page = methods.PAGE.read_text(encoding="utf-8")
    examples = {path.name for path in (ROOT / "docs" / "examples").glob("*.py")}
    assert {name for name in examples if f"examples/{name}" not in page} == set()


def test_what_is_offered_is_there_and_typed():
    assert all(hasattr(client, name) for name in client.__all__)
    assert (ROOT / "shared" / "py.typed").exists()
