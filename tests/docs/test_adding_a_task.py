"""The task that the documentation adds is added to a copy of the service, and speaks there."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ROOT
from tests.docs.snippets import DOCUMENTED_URL, script, snippets

PAGE = ROOT / "docs" / "adding-a-task.md"
COPIED = ("api", "configs", "shared", "tests/stack.py", "tools", "worker")
# Its arguments: where to work, and what to type into a shell there.
DRIVER = """
import json, pathlib, subprocess, sys
from tests.stack import Stack
from tests.docs.snippets import DOCUMENTED_URL

folder, script = pathlib.Path(sys.argv[1]), sys.argv[2]
with Stack(folder) as stack:
    client = stack.client()
    task = next(task for task in client.tasks() if task.name == "spell")
    job = client.wait(client.submit("spell", task.example).id)
    typed = subprocess.run(
        ["bash", "-c", script.replace(DOCUMENTED_URL, stack.url)],
        cwd=folder, env=stack.environment, capture_output=True, text=True,
    )
print(json.dumps({"job": job.model_dump(mode="json"), "typed": typed.returncode,
                  "said": typed.stdout + typed.stderr}))
"""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service with the two modules of the page in it."""
    root = tmp_path_factory.mktemp("copy")
    for name in (*COPIED, "tests/docs/snippets.py"):
        source, target = ROOT / name, root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, target)
    for snippet in snippets(PAGE):
        if snippet.language == "python":
            (root / snippet.note).write_text(snippet.text, encoding="utf-8")
    return root


def python(copy: Path, *arguments: str) -> str:
    """What a Python that knows the copy alone prints."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy), "PATH": path},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_added_task_speaks_letter_by_letter(copy: Path, tmp_path: Path):
    found = json.loads(python(copy, "-c", DRIVER, str(tmp_path), script(PAGE, DOCUMENTED_URL)))

    assert found["job"]["state"] == "succeeded"
    assert [part["text"] for part in found["job"]["result"]["segments"]] == list("lamp")
    assert found["typed"] == 0, found["said"]
    assert (tmp_path / "lamp.wav").stat().st_size


def test_the_added_task_is_documented_by_itself(copy: Path):
    text = python(copy, "-c", "from tools.docs import tasks; print(tasks.page())")

    assert "## Spell: `spell`" in text
    assert "Seconds of silence after each letter." in text


def test_the_added_modules_pass_the_linter(copy: Path):
    modules = [snippet.note for snippet in snippets(PAGE) if snippet.language == "python"]
    configuration = str(ROOT / "pyproject.toml")

    python(copy, "-m", "ruff", "check", "--config", configuration, *modules)
    python(copy, "-m", "ruff", "format", "--check", "--config", configuration, *modules)
