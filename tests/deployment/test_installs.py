"""What the Dockerfiles install, installed without an engine into a folder of its own."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.deployment.dockerfile import ROOT, read
from tests.stack import clean_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]
HEAVY = ("torch", "transformers", "qwen_tts")


def perform(name: str, folder: Path) -> Path:
    """Do in `folder` what the first stage does in /app; the Python that it made."""
    environment = clean_environment() | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PIP_NO_COMPILE": "no",  # pip's word for "do not": most of it is never imported
    }
    for instruction in read(name):
        if instruction.stage != 1:
            continue
        if instruction.verb == "COPY":
            *sources, target = instruction.words
            for source in sources:
                (folder / target).mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / source, folder / target)
        if instruction.verb == "RUN":
            subprocess.run(["sh", "-c", instruction.rest], cwd=folder, env=environment, check=True)
    return folder / ".venv" / "bin" / "python"


def succeeds(python: Path, *arguments: str) -> bool:
    """Whether Python ends well in the source tree, as it would in the image."""
    environment = clean_environment() | {"PYTHONPATH": str(ROOT)}
    return not subprocess.run(
        [python, *arguments], env=environment, cwd="/", check=False
    ).returncode


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of the API's image."""
    folder = tmp_path_factory.mktemp("api")
    yield perform("Dockerfile.api", folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def worker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The Python of the worker's image, with whichever torch fits this machine."""
    folder = tmp_path_factory.mktemp("worker")
    yield perform("Dockerfile.worker", folder)
    shutil.rmtree(folder)


@pytest.mark.parametrize("name", HEAVY)
def test_the_api_image_has_no_engine(api: Path, name: str):
    assert not succeeds(api, "-c", f"import {name}")


@pytest.mark.parametrize("name", ["api.app", "ui.app", "tools.qtts", "tools.first_download"])
def test_the_api_image_has_all_that_its_processes_import(api: Path, name: str):
    assert succeeds(api, "-c", f"import {name}")


def test_nothing_in_the_api_image_lacks_what_it_needs(api: Path):
    assert succeeds(api, "-m", "pip", "check")


def test_the_worker_image_can_import_the_engine_and_the_worker(worker: Path):
    assert succeeds(worker, "-c", "from worker.engine import package")
    assert succeeds(worker, "-c", "import worker.__main__, worker.health, tools.first_download")


def test_the_worker_image_holds_the_library_of_the_preview_engine(worker: Path):
    ask = "from worker.engine.preview import espeak; espeak.facts(espeak.locate())"

    assert succeeds(worker, "-c", ask)
