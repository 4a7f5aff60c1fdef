"""How the tools find the service that runs on this machine."""

import subprocess
import sys
from pathlib import Path

from shared.settings import load
from tools import running
from tools.running import Running

API = "http://127.0.0.1:8123"


def note(folder: Path, **changed: float) -> None:
    Running.ours(API, "").model_copy(update=changed).write(folder)


def test_a_service_on_an_unusual_port_is_found(tmp_path: Path):
    note(tmp_path)
    assert running.api_address(load(run_dir=tmp_path)) == API


def test_an_address_that_is_set_comes_first(tmp_path: Path):
    note(tmp_path)
    settings = load(run_dir=tmp_path, api_url="http://gpu:8000")
    assert running.api_address(settings) == "http://gpu:8000"
    assert running.api_address(load(run_dir=tmp_path, port=9001)) == "http://127.0.0.1:9001"


def test_a_service_that_died_is_not_believed(tmp_path: Path):
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    note(tmp_path, pid=gone.pid)
    assert Running.read(tmp_path) is None


def test_a_process_that_only_took_over_the_id_is_not_believed(tmp_path: Path):
    note(tmp_path, started=1.0)
    assert Running.read(tmp_path) is None


def test_nonsense_is_not_believed(tmp_path: Path):
    (tmp_path / "up.json").write_text("{")
    assert Running.read(tmp_path) is None


def test_a_service_that_ended_is_forgotten(tmp_path: Path):
    note(tmp_path)
    running.forget(tmp_path)
    assert Running.read(tmp_path) is None
