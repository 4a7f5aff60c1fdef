"""The whole diagnosis, on the machine that runs the tests."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from shared.settings import load
from tools.doctor import Diagnosis, machine, speaking
from tools.doctor.finding import GIGABYTE, Finding
from tools.qtts import qtts
from worker.engine import measure
from worker.engine.timings import ROWS, Timings


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where all of these keep what they time."""
    return tmp_path_factory.mktemp("run")


@pytest.fixture(autouse=True)
def apart(run_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUN_DIR", str(run_dir))


def test_it_says_what_speaks_and_why(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENGINE", "preview")
    done = CliRunner().invoke(qtts, ["doctor"])
    assert done.exit_code == 0, done.output
    for subject in ("system", "Python", "memory", "disk", "GPU", "torch", "speed", "Redis", "port"):
        assert subject in done.stdout
    assert "ENGINE=preview asks for it" in " ".join(done.stdout.split())
    assert "What to do next:" in done.stdout


def test_scripts_can_read_it(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ENGINE", "preview")
    found = json.loads(CliRunner().invoke(qtts, ["doctor", "--json"]).stdout)
    assert found["engine"] == "preview"
    assert {finding["subject"] for finding in found["findings"]} >= {"system", "engine"}
    assert found["next_steps"]


def test_where_nothing_can_speak_the_exit_status_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: pytest.TempPathFactory
):
    monkeypatch.setenv("ENGINE", "auto")
    monkeypatch.setenv("ALLOW_PREVIEW", "0")
    monkeypatch.setenv("MODELS_DIR", str(tmp_path))
    done = CliRunner().invoke(qtts, ["doctor"])
    assert done.exit_code == 1
    assert "ALLOW_PREVIEW" in done.stdout


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


def test_formats_are_timed_anew_only_when_asked_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("RUN_DIR", str(tmp_path))
    monkeypatch.setenv("ENGINE", "preview")
    monkeypatch.setenv("DEVICE", "cpu")
    times = Timings(microseconds={name: dict.fromkeys(ROWS, 7.0) for name in measure.formats(None)})
    measure.keeping(tmp_path).add(measure._key(torch.device("cpu"), None), times)
    assert "fp32: 7 µs for 1 row" in CliRunner().invoke(qtts, ["doctor"]).stdout
    assert "fp32: 7 µs for 1 row" not in CliRunner().invoke(qtts, ["doctor", "--measure"]).stdout


def test_what_is_bad_is_to_be_done_first():
    findings = [Finding("a", "note", "", "later"), Finding("b", "bad", "", "now")]
    assert Diagnosis(findings).next_steps == ["now", "later"]


def test_little_memory_is_noted():
    assert machine.memory(4 * GIGABYTE, 1 * GIGABYTE).verdict == "note"
    assert machine.memory(16 * GIGABYTE, 9 * GIGABYTE).verdict == "good"
