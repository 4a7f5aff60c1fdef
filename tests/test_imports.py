"""What the light processes load: never torch, never the worker."""

import json
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {"torch", "transformers", "qwen_tts"}
FORBIDDEN = {
    "shared": HEAVY | {"api", "ui", "worker", "tools"},
    "api": HEAVY | {"ui", "worker", "tools"},
    "ui": HEAVY | {"api", "worker", "tools"},
}
IMPORT_ALL = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
print(json.dumps(sorted(sys.modules)))
"""


def modules(package: str) -> list[str]:
    """Every module of a package but `__main__`, which would start it."""
    found = pkgutil.walk_packages([str(ROOT / package)], f"{package}.")
    return [package, *(module.name for module in found if not module.name.endswith(".__main__"))]


def loaded_by(names: list[str]) -> set[str]:
    """What a fresh interpreter has loaded after importing `names`."""
    command = [sys.executable, "-c", IMPORT_ALL, json.dumps(names)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


@pytest.mark.parametrize("package", FORBIDDEN)
def test_importing_all_of_a_light_package_loads_nothing_heavy(package: str):
    assert not loaded_by(modules(package)) & FORBIDDEN[package]


def test_importing_all_of_tools_loads_nothing_heavy():
    assert not loaded_by(modules("tools")) & HEAVY


def test_a_heavy_import_would_be_noticed():
    assert "torch" in loaded_by(["torch"])
