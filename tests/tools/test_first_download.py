"""The first run: when a checkpoint is fetched, and what happens when it cannot be."""

import io
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from shared.checkpoints import catalogue
from shared.errors import DownloadFailed
from shared.settings import load
from tools import first_download
from worker.engine import random_checkpoint

NOWHERE = "http://127.0.0.1:9"


def yes() -> bool:
    return True


def no() -> bool:
    return False


@pytest.fixture
def with_checkpoint(tmp_path: Path) -> Path:
    random_checkpoint.write(tmp_path / "mine", "tiny", "custom_voice", label="0b6")
    return tmp_path


def test_a_machine_with_a_gpu_fetches_the_smaller_one(tmp_path: Path):
    wanted = first_download.wanted(load(engine="auto", models_dir=tmp_path), yes)
    assert wanted
    assert wanted.id == "0.6B-CustomVoice"


def test_a_machine_without_a_gpu_fetches_nothing(tmp_path: Path):
    assert first_download.wanted(load(engine="auto", models_dir=tmp_path), no) is None


def test_a_machine_without_a_gpu_fetches_what_it_is_told_to(tmp_path: Path):
    assert first_download.wanted(load(engine="stock", models_dir=tmp_path), no)


def test_the_size_that_is_set_is_fetched(tmp_path: Path):
    settings = load(engine="stock", model_size="1.7B", models_dir=tmp_path)
    assert first_download.wanted(settings, no) == catalogue.default_for("custom_voice", "1.7B")


def test_the_preview_engine_needs_nothing(tmp_path: Path):
    assert first_download.wanted(load(engine="preview", models_dir=tmp_path), yes) is None


@pytest.mark.slow
def test_a_checkpoint_at_hand_is_enough(with_checkpoint: Path):
    assert first_download.wanted(load(engine="auto", models_dir=with_checkpoint), yes) is None


@pytest.mark.slow
def test_a_checkpoint_of_another_size_than_was_asked_for_is_not(with_checkpoint: Path):
    settings = load(engine="auto", model_size="1.7B", models_dir=with_checkpoint)
    assert first_download.wanted(settings, yes)


def test_a_hub_out_of_reach_costs_one_line(tmp_path: Path):
    terminal = io.StringIO()
    settings = load(engine="auto", models_dir=tmp_path, hub_url=NOWHERE)
    console = Console(file=terminal, width=80)
    first_download.fetch(catalogue.CATALOGUE[0], settings, console)
    last = terminal.getvalue().strip().splitlines()[-1]
    assert last.startswith("No checkpoint: ")
    assert "preview engine speaks" in last


@pytest.mark.parametrize("out", [{"engine": "stock"}, {"engine": "auto", "allow_preview": False}])
def test_where_no_preview_may_speak_it_is_an_error(tmp_path: Path, out: dict[str, Any]):
    settings = load(models_dir=tmp_path, hub_url=NOWHERE, **out)
    with pytest.raises(DownloadFailed):
        first_download.fetch(catalogue.CATALOGUE[0], settings, Console(file=io.StringIO()))
