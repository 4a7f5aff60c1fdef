"""What a worker finds about its own machine."""

import threading
from pathlib import Path

import pytest

from shared.checkpoints import catalogue
from shared.settings import load
from worker.diagnosis import checkpoints, machine, speaking
from worker.diagnosis.examination import Examination
from worker.diagnosis.numbers import GIGABYTE
from worker.engine.choice import choose


def test_a_worker_is_told_once_everything_was_looked_at_and_again_when_something_changed(
    tmp_path: Path,
):
    settings = load(engine="preview", models_dir=tmp_path)
    told = threading.Semaphore(0)
    examination = Examination(settings, choose(settings))
    assert examination.findings == []
    examination.start(told.release)
    assert told.acquire(timeout=30)
    subjects = {finding.subject for finding in examination.findings}
    assert subjects >= {"system", "memory", "disk", "GPU", "engine"}
    assert "checkpoint" not in subjects

    released = catalogue.CATALOGUE[0]
    (tmp_path / released.folder).mkdir()
    examination.renew()
    assert told.acquire(timeout=30)
    assert "checkpoint" in {finding.subject for finding in examination.findings}
    examination.stop()


def test_a_worker_looks_again_by_itself(tmp_path: Path):
    settings = load(engine="preview", models_dir=tmp_path)
    told = threading.Semaphore(0)
    examination = Examination(settings, choose(settings), every=0.05)
    examination.start(told.release)
    for _ in range(2):
        assert told.acquire(timeout=30)
    examination.stop()


def test_the_preview_engine_is_noted_with_its_cure(tmp_path: Path):
    settings = load(engine="preview", models_dir=tmp_path)
    told = threading.Event()
    examination = Examination(settings, choose(settings))
    examination.start(told.set)
    assert told.wait(30)
    examination.stop()
    (engine,) = (it for it in examination.findings if it.subject == "engine")
    assert engine.verdict == "note"
    assert "ENGINE=qwen3" in engine.advice


@pytest.mark.parametrize(
    ("said", "engine", "verdict"),
    [
        ({"name": "", "trouble": "No torch.", "next": "Install it."}, "", "bad"),
        ({"name": "stock", "trouble": "No checkpoint.", "preview": False}, "", "bad"),
        ({"name": "stock", "trouble": "", "preview": False}, "stock", "good"),
        ({"name": "preview", "trouble": "", "preview": True}, "preview", "note"),
    ],
)
def test_an_engine_that_cannot_speak_is_bad(said: dict[str, str], engine: str, verdict: str):
    facts = {"version": "1", "device": "cpu", "precision": "fp32", "reason": "So it is."}
    name, finding = speaking.judge(facts | said, load())
    assert (name, finding.verdict) == (engine, verdict)


def test_little_memory_is_noted():
    assert machine.memory(4 * GIGABYTE, 1 * GIGABYTE).verdict == "note"
    assert machine.memory(16 * GIGABYTE, 9 * GIGABYTE).verdict == "good"


def test_a_damaged_checkpoint_comes_with_its_cure(tmp_path: Path):
    released = catalogue.CATALOGUE[0]
    (tmp_path / released.folder).mkdir()
    (tmp_path / released.folder / "config.json").write_text("{")
    (finding,) = checkpoints.look(load(models_dir=tmp_path))
    assert finding.verdict == "bad"
    assert "config.json" in finding.fact
    assert finding.advice == f"`qtts models pull {released.id}` completes it."
