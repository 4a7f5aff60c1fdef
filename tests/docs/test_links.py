"""Links between the pages lead somewhere."""

import re
from pathlib import Path

import pytest

from shared.settings import ROOT
from tests.docs.snippets import pages

LINK = re.compile(r"\]\((?!https?:)([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PAGES = [*pages(), ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]


def anchors(page: Path) -> set[str]:
    """The names under which the headings of a page are found."""
    plain = (re.sub(r"[^\w\- ]", "", heading) for heading in HEADING.findall(page.read_text()))
    return {heading.lower().replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path):
    for link in LINK.findall(page.read_text(encoding="utf-8")):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page

        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


def test_every_page_is_linked_from_the_readme():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert all(f"docs/{page.name}" in readme for page in (ROOT / "docs").glob("*.md"))
