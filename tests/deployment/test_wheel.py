"""What pip installs is enough for a program that imports the client."""

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from shared.settings import ROOT

BUILD = "from setuptools import build_meta; build_meta.build_wheel('..')"
PARTS = ("pyproject.toml", "README.md", "LICENSE", "NOTICE", "configs", "shared")
CLIENT = "import shared.client, sys; print(shared.client.Client.from_environment().__class__)"


def run(program: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_client_is_imported_from_what_was_installed(tmp_path: Path):
    source, site = tmp_path / "source", tmp_path / "site"
    source.mkdir()
    for part in PARTS:
        copy = shutil.copytree if (ROOT / part).is_dir() else shutil.copy
        copy(ROOT / part, source / part)
    run(BUILD, source)
    (wheel,) = tmp_path.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(site)

    assert "Client" in run(f"import sys; sys.path.insert(0, '.'); {CLIENT}", site)
    assert (site / "shared" / "py.typed").exists()
    kept = {path.relative_to(ROOT) for path in (ROOT / "configs").rglob("*.yaml")}
    assert {path for path in kept if not (site / path).exists()} == set()
