"""Sections of hand-written pages that a program writes."""

from pathlib import Path

import pytest

from tools import sections

PAGE = "Before.\n\n<!-- table begins: by a program -->\nold\n<!-- table ends -->\n\nAfter.\n"


def test_only_what_lies_between_the_marks_is_replaced(tmp_path: Path):
    page = tmp_path / "page.md"
    page.write_text(PAGE)

    sections.replace(page, "table", "new")

    assert page.read_text() == PAGE.replace("old\n", "\nnew\n\n")


def test_replacing_twice_is_replacing_once():
    once = sections.replaced(PAGE, "table", "new")

    assert sections.replaced(once, "table", "new") == once


def test_text_that_looks_like_a_pattern_is_taken_as_it_is():
    assert "a\\1 \\d" in sections.replaced(PAGE, "table", "a\\1 \\d")


def test_missing_marks_are_an_error():
    with pytest.raises(LookupError, match="chart"):
        sections.replaced(PAGE, "chart", "new")
