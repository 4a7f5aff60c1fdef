"""The page of numbers says what they are not."""

from shared.settings import ROOT

TEXT = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")


def test_the_first_line_says_what_was_not_measured():
    assert TEXT.startswith("No GPU and no trained Qwen3-TTS weights were measured")


def test_the_numbers_name_their_machine_and_command():
    assert " cores, " in TEXT
    assert "commit " in TEXT
    assert "`python -m tools.bench" in TEXT
