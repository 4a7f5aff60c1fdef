"""`python -m tools.docs`: write the pages that come from the code; `--check` only compares."""

import sys
from collections.abc import Iterator
from pathlib import Path

import click

from shared.settings import ROOT
from tools import sections
from tools.docs import configuration, errors, routes, tasks

PAGES = {
    "docs/configuration.md": configuration.page,
    "docs/errors.md": errors.page,
    "docs/http.md": routes.page,
    "docs/tasks.md": tasks.page,
}
SECTIONS = {("README.md", "configuration"): configuration.summary}
_MARK = "<!-- Written by `make docs` from the code: change it there. -->\n\n"


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 if a page has drifted.")
def main(check: bool) -> None:
    """Write the pages that come from the code."""
    stale = [(path, text) for path, text in rendered() if _read(path) != text]
    for path, text in stale:
        name = path.relative_to(ROOT)
        click.echo(f"{name} has drifted: run `make docs`." if check else f"{name} is written.")
        if not check:
            path.write_text(text, encoding="utf-8")
    sys.exit(1 if check and stale else 0)


def rendered() -> Iterator[tuple[Path, str]]:
    """Every page that comes from the code, whole or in part, as it should be."""
    for name, page in PAGES.items():
        yield ROOT / name, _MARK + page()
    for (name, section), text in SECTIONS.items():
        yield ROOT / name, sections.replaced(_read(ROOT / name), section, text())


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    main()
