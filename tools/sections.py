"""Parts of hand-written pages that are written by a program, between two marks."""

import re
from pathlib import Path


def replace(page: Path, name: str, text: str) -> None:
    """Put `text` between the marks called `name`."""
    page.write_text(replaced(page.read_text(encoding="utf-8"), name, text), encoding="utf-8")


def replaced(page: str, name: str, text: str) -> str:
    """The page with `text` between its marks. Raises LookupError where they are missing."""
    pattern = re.compile(rf"(<!-- {name} begins[^>]*-->\n).*?(<!-- {name} ends -->)", re.DOTALL)
    new, count = pattern.subn(lambda marks: f"{marks[1]}\n{text.strip()}\n\n{marks[2]}", page)
    if count != 1:
        raise LookupError(f"The page has {count} places marked {name!r}, not one.")
    return new
