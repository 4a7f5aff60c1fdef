"""The benchmark of engines on a page."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.worker.engine.bench.documents import document
from tools.bench import engine
from tools.bench.engine_page import section

PAGE = """# Benchmarks

<!-- table begins: by another -->
kept
<!-- table ends -->

<!-- engine begins: by `make bench-engine` -->
old
<!-- engine ends -->

After.
"""


def test_the_first_line_says_that_no_gpu_has_been_measured():
    assert section(document()).startswith("No GPU has been measured")


def test_the_first_line_names_the_gpu_where_there_was_one():
    first = section(document(gpu="NVIDIA H200")).splitlines()[0]

    assert "NVIDIA H200" in first
    assert "No GPU" not in first


def test_machine_versions_commit_and_command_are_told():
    told = section(document())

    for fact in (
        "A processor, 2 cores",
        "commit abc1234",
        "torch 2.13.0",
        "faster-qwen3-tts not installed",
        "`make bench-engine SIZE=tiny`",
    ):
        assert fact in told


@pytest.mark.parametrize(
    "line",
    [
        "| ours fp32 | 8 | 25 | 320.0 | 80.0 | 400.0 | 1.60 | 250 | 50.0 | 1,000 |",
        "| ours fp32 | 2.5 | identical in batches of 1, 8 | 1,245 | 343 | – |",
        "| ours bf16 | 2.5 | differ in batch 1 from frame 7 | – | – | – |",
        "| int8 | 98 | 98.0% | 0.0006 | 95.0% | 0.0005 |",
        "| ours bf16 against qwen-tts bf16 | 2.00 | ≥ 1.15 | yes |",
        "- faster-qwen3-tts bf16: It is not installed.",
        "- qwen-tts fp32: batches of 8, for which no time was left (`--minutes`).",
    ],
)
def test_a_figure_stands_in_its_row(line: str):
    assert line in section(document()).splitlines()


def test_memory_over_many_generations_is_told():
    assert "1,000.0 MB after 200, 1,005.0 MB after 1,000" in section(document())


def test_other_sections_of_the_page_are_kept(tmp_path: Path):
    page, known = tmp_path / "page.md", tmp_path / "engine.json"
    page.write_text(PAGE)
    known.write_text(document().model_dump_json())

    done = CliRunner().invoke(engine.main, ["--from", str(known), "--page", str(page)])

    assert done.exit_code == 0, done.output
    assert page.read_text() == PAGE.replace("old\n", f"\n{section(document())}\n\n")


def test_nothing_is_written_where_that_is_not_wanted(tmp_path: Path):
    page, known = tmp_path / "page.md", tmp_path / "engine.json"
    page.write_text(PAGE)
    known.write_text(document().model_dump_json())

    CliRunner().invoke(engine.main, ["--from", str(known), "--page", str(page), "--no-write"])

    assert page.read_text() == PAGE


def test_the_real_page_has_a_place_for_it():
    assert "<!-- engine begins" in engine.PAGE.read_text(encoding="utf-8")
