"""What the pages tell people to type works as it stands."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ROOT
from tests.docs.snippets import pages, programs, script, snippets
from tests.stack import Stack

OWN_SERVICE = {"adding-a-task.md"}
"""Pages whose commands need more than the service as it is; another test runs them."""
WITH_COMMANDS = [
    page
    for page in pages()
    if page.name not in OWN_SERVICE and any(found.note == "run" for found in snippets(page))
]
EXAMPLES = {
    "say.py": (["Good evening.", "evening.wav"], "evening.wav (a preview)"),
    "listen.py": ([], "True"),
    "live.py": (["The lamp turned. Nobody came by.", "speech.wav"], "s: Nobody came by."),
    "many.py": ([], "succeeded"),
    "stream.py": (["The lamp turned.", "speech.mp3"], "speech.mp3 has"),
    "retake.py": ([str(ROOT / "docs" / "examples" / "story.md"), "story.mp3"], "has take 2"),
    "refusals.py": ([], "True\nnothing_to_say text\nservice_unreachable"),
}


def run(command: list[str], folder: Path, stack: Stack) -> subprocess.CompletedProcess[str]:
    """With our commands on the path, as a person would."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env=stack.environment | {"PATH": path, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_commands_of_a_page_succeed(page: Path, stack: Stack, tmp_path: Path):
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    done = run(["bash", "-c", script(page, stack.url)], tmp_path, stack)

    assert done.returncode == 0, done.stdout + done.stderr
    written = [path for path in tmp_path.iterdir() if path.name != "docs"]
    assert written
    assert all(path.stat().st_size for path in written)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=lambda page: page.name)
def test_the_programs_of_a_page_succeed(page: Path, stack: Stack, tmp_path: Path):
    (tmp_path / "docs").symlink_to(ROOT / "docs")

    for program in programs(page, stack.url):
        done = run([sys.executable, "-c", program], tmp_path, stack)

        assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_says(name: str, stack: Stack, tmp_path: Path):
    arguments, said = EXAMPLES[name]
    program = str(ROOT / "docs" / "examples" / name)

    done = run([sys.executable, program, *arguments], tmp_path, stack)

    assert done.returncode == 0, done.stderr
    assert said in done.stdout


def test_every_example_is_run():
    assert {path.name for path in (ROOT / "docs" / "examples").glob("*.py")} == set(EXAMPLES)
