"""The whole diagnosis, on the machine that runs the tests."""

import json
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from shared.status import Finding
from tools.doctor import Diagnosis
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
