"""Assemblies that an API process has begun."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.assembling import Assembling
from shared.stores.outputs import OutputStore
from tests.shared.stores.backends import BACKENDS
from tests.shared.stores.runs import new_id
from tests.shared.stores.test_takes import adopted, finished, takes


@pytest.fixture
def store(tmp_path: Path) -> OutputStore:
    return BACKENDS["folder"].at(tmp_path / "outputs")


@pytest.fixture
def assembling(tmp_path: Path) -> Iterator[Assembling]:
    made = Assembling(tmp_path / "outputs")
    yield made
    made.close()


def test_a_choice_that_is_made_during_an_assembly_is_followed_by_another(
    assembling: Assembling, store: OutputStore, tmp_path: Path
):
    """The one that runs may have looked for the last time."""
    output = finished(store, tmp_path)
    adopted(store, output, 2, 1.0)
    takes.choose(store, output, 2, 2)
    running = threading.Event()
    first = assembling.begin(output)
    while not (first.running() or first.done()):
        running.wait(0.001)
    second = assembling.begin(output)
    assert second is not first
    second.result(60)
    assert assembling.state(output, stale=False) == ("done", "")


def test_what_went_wrong_is_told_until_somebody_begins_again(assembling: Assembling):
    output = new_id()
    assembling.begin(output).exception(60)
    for _ in range(2):
        assert assembling.state(output, stale=True) == ("failed", "There is no such output.")
    assert assembling.begin(output) is assembling.begin(output)
    assert assembling.state(output, stale=True)[0] == "running"
