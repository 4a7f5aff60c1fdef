"""Code blocks of Markdown pages, by what their fence says."""

import re
from dataclasses import dataclass
from pathlib import Path

from shared.settings import ROOT

DOCUMENTED_URL = "http://127.0.0.1:8000"
"""Where `make run` puts the API, and where every example looks for it."""

_FENCE = re.compile(r"^```(\w+)(?: +([^\n]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Snippet:
    """One fenced block."""

    language: str
    note: str
    """What stands behind the language: `run`, or the path of a module."""
    text: str


def pages() -> list[Path]:
    """Every page that people read."""
    docs = ROOT / "docs"
    return [ROOT / "README.md", *sorted([*docs.glob("*.md"), *docs.glob("integrations/*.md")])]


def snippets(page: Path) -> list[Snippet]:
    """The fenced blocks of a page, in order."""
    found = _FENCE.findall(page.read_text(encoding="utf-8"))
    return [Snippet(language, note, text) for language, note, text in found]


def script(page: Path, url: str) -> str:
    """All `bash run` blocks of a page as one script for the service at `url`."""
    blocks = [s.text for s in snippets(page) if (s.language, s.note) == ("bash", "run")]
    return "set -euo pipefail\n" + "\n".join(blocks).replace(DOCUMENTED_URL, url)


def programs(page: Path, url: str) -> list[str]:
    """The `python run` blocks of a page, for the service at `url`."""
    return [
        snippet.text.replace(DOCUMENTED_URL, url)
        for snippet in snippets(page)
        if (snippet.language, snippet.note) == ("python", "run")
    ]
