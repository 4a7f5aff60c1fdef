"""One feature, declared once: what every contract must have elsewhere."""

import subprocess
import sys

import pytest

from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.settings import ROOT
from tests.stack import Stack
from worker import pipelines, tasks
from worker.performing import PERFORMERS, discover

CASES = pytest.mark.parametrize("declared", CONTRACTS.values(), ids=list(CONTRACTS))


@pytest.fixture(scope="module", autouse=True)
def performers() -> None:
    discover(tasks, pipelines)


def test_every_contract_has_one_performer_and_every_performer_a_contract():
    assert PERFORMERS.keys() == CONTRACTS.keys()


@CASES
def test_a_contract_has_a_route(declared: type[Declared], stack: Stack):
    document = stack.http().get("/openapi.json").json()
    assert "post" in document["paths"][f"/v1/jobs/{declared.name}"]


@CASES
def test_a_contract_has_an_entry_in_the_docs(declared: type[Declared]):
    pages = "".join(path.read_text() for path in (ROOT / "docs").rglob("*.md"))
    assert f"`{declared.name}`" in pages
    for field in declared.model_fields:
        assert f"`{field}`" in pages, field


@CASES
def test_a_contract_has_a_command(declared: type[Declared], stack: Stack):
    shown = subprocess.run(
        [sys.executable, "-m", "tools.qtts", "run", declared.name, "--help"],
        cwd=ROOT,
        env=stack.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert shown.returncode == 0, shown.stderr
    assert declared.summary.split()[0] in shown.stdout


@CASES
def test_a_contract_s_example_runs_end_to_end(declared: type[Declared], stack: Stack):
    client = stack.client()
    files = {field: ROOT / path for field, path in declared.example_files.items()}
    job = client.wait(client.submit(declared.name, declared.example, files=files).id)
    assert job.state == "succeeded"
    assert job.result
    assert len(client.audio(job.id)) > 1_000
