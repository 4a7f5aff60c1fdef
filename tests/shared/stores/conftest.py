"""Stores on every backend."""

from pathlib import Path

import pytest

from shared.stores.outputs import OutputStore
from tests.shared.stores.backends import BACKENDS, Backend


@pytest.fixture(params=list(BACKENDS.values()), ids=list(BACKENDS))
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


@pytest.fixture
def store(backend: Backend, tmp_path: Path) -> OutputStore:
    return backend.at(tmp_path / "outputs")


@pytest.fixture
def broken(backend: Backend, tmp_path: Path) -> OutputStore:
    return backend.broken(tmp_path / "broken")
