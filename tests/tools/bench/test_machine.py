"""Where a measurement was made."""

import re

from shared.version import __version__
from tools.bench import machine


def test_date_cores_and_version_are_told():
    told = machine.describe()

    assert re.match(r"\d{4}-\d{2}-\d{2}, ", told)
    assert re.search(r", [1-9]\d* cores, ", told)
    assert f"version {__version__}" in told
