"""The changelog and the version belong together."""

import re
import tomllib

from shared.settings import ROOT
from shared.version import __version__

TEXT = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^## \[(.+?)\](?: - (.+))?$", TEXT, re.MULTILINE)
KINDS = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def test_the_topmost_entry_is_the_version():
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]

    assert HEADINGS[0][0] == declared == __version__


def test_every_entry_has_a_date_or_is_unreleased():
    assert all(re.fullmatch(r"Unreleased|\d{4}-\d{2}-\d{2}", date) for _, date in HEADINGS)


def test_changes_stand_under_the_kinds_of_keep_a_changelog():
    found = set(re.findall(r"^### (.+)$", TEXT, re.MULTILINE))

    assert found
    assert found <= KINDS
