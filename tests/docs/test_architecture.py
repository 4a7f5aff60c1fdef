"""The map of the service names what there is."""

import re

import pytest

from shared.settings import ROOT

TEXT = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
SCRIPTS = sorted(path.stem for path in (ROOT / "shared" / "lua").glob("*.lua"))


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_explained(script: str):
    assert re.search(rf"^\|.*`{script}`.*\|", TEXT, re.MULTILINE)


def test_every_module_that_is_named_exists():
    named = re.findall(r"`((?:api|shared|tools|ui|worker)/[\w/]*(?:\.py)?)`", TEXT)

    assert named
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_top_level_package_is_in_the_table():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}

    assert all(f"| `{name}/` |" in TEXT for name in packages)
