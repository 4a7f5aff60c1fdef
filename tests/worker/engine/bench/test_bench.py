"""The benchmark as a whole, on a tiny checkpoint, in processes of its own."""

import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ROOT
from worker.engine.bench.comparison import ratios
from worker.engine.bench.report import Document

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

BATCHES = [1, 4]


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Document:
    out = tmp_path_factory.mktemp("bench") / "engine.json"
    arguments = (
        # Other tests have the other cores.
        f"--size tiny --device cpu --threads 1 --rounds 1 --minutes 2 --most-rows 4 --chunks 2 "
        f"--endurance --generations 1 2 --commit abc --json {out}"
    )
    subprocess.run(
        [sys.executable, "-m", "worker.engine.bench", *arguments.split()], cwd=ROOT, check=True
    )
    return Document.model_validate_json(out.read_bytes())


def test_every_engine_is_measured_in_every_batch(document: Document):
    measured = {it.contender.name: [speed.rows for speed in it.speeds] for it in document.results}

    assert measured == {
        "qwen-tts fp32": BATCHES,
        "qwen-tts bf16": BATCHES,
        "ours fp32": BATCHES,
        "ours bf16": BATCHES,
        "ours int8": BATCHES,
        "faster-qwen3-tts bf16": [],
    }
    for result in document.results:
        if result.speeds:
            assert result.load_seconds
            assert result.operations
            assert not result.failure


def test_an_engine_that_cannot_run_says_why(document: Document):
    faster = document.result("faster", "bf16")

    assert faster
    assert faster.failure in (
        "It is not installed.",
        "It says: CUDA graphs require CUDA device.",
    )


def test_codes_of_fp32_are_those_of_the_package(document: Document):
    ours = document.result("ours", "fp32")

    assert ours
    assert [it.rows for it in ours.equal] == BATCHES
    assert all(it.first_difference is None for it in ours.equal)


def test_ratios_follow_from_the_figures(document: Document):
    assert document.ratios == ratios(document)


def test_agreement_stands_beside_the_speed(document: Document):
    assert [it.form for it in document.agreement] == ["bf16", "int8"]
    assert all(0.8 < it.predictor_top1 <= 1 for it in document.agreement)


def test_memory_is_looked_at_as_often_as_asked(document: Document):
    assert document.endurance
    assert document.endurance.generations == (1, 2)
    assert min(document.endurance.nbytes) > 10**8


def test_it_says_where_and_how_it_was_made(document: Document, tmp_path: Path):
    assert document.commit == "abc"
    assert document.command.startswith("python -m worker.engine.bench --size tiny")
    assert document.machine.gpu == ""
    assert document.versions["torch"]
