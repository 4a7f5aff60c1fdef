"""A library of the test's own."""

from pathlib import Path

import pytest

from shared.stores.voices import FolderVoices
from shared.voices.library import Library


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library(FolderVoices(tmp_path / "voices"))
