"""The files at the root: what they name exists."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from shared.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
ASSIGNMENT = re.compile(r"^#?([A-Z_]+)=(.*)$", re.MULTILINE)
VERBS = set(re.findall(r"^([a-z-]+):.*##", MAKEFILE, re.MULTILINE))


@pytest.mark.parametrize("key", [key for key, _ in ASSIGNMENT.findall(EXAMPLE)])
def test_every_key_of_the_example_is_a_setting(key: str):
    assert key.lower() in Settings.model_fields


def test_the_example_is_all_comments():
    live = [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")]

    assert live == []


def test_the_values_of_the_example_are_valid():
    values = {key.lower(): value for key, value in ASSIGNMENT.findall(EXAMPLE)}

    assert Settings(**values).profile == values["profile"]


def test_make_alone_prints_the_verbs():
    done = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True)

    assert set(re.findall(r"make ([a-z-]+)", done.stdout)) >= VERBS


def test_contributing_explains_every_verb_but_help():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")

    assert set(re.findall(r"^\| `make ([a-z-]+)`", text, re.MULTILINE)) == VERBS - {"help"}


def test_pre_commit_calls_verbs():
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]

    assert {hook["entry"].removeprefix("make ") for hook in hooks} <= VERBS


@pytest.mark.parametrize("script", ["start.sh", ".ci/run"])
def test_scripts_are_executable_and_parse(script: str):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["bash", "-n", script], cwd=ROOT, check=True)


def test_every_package_is_in_the_build_and_in_the_image():
    packages = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}
    pyproject = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = pyproject["tool"]["setuptools"]["packages"]["find"]["include"]
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()

    assert {name.removesuffix("*") for name in included} >= packages
    assert {line[1:] for line in ignored if line.startswith("!")} >= packages


def test_the_licence_is_apache_2():
    text = (ROOT / "LICENSE").read_text(encoding="utf-8")

    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


@pytest.mark.parametrize("part", ["espeak-ng", "PyAV", "libsndfile", "libsoxr", "Valkey"])
def test_the_notice_names_what_is_not_permissive(part: str):
    assert part in (ROOT / "NOTICE").read_text(encoding="utf-8")
