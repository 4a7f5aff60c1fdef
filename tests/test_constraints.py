"""`pyproject.toml` and `constraints.txt` agree: what is declared is pinned, once, and fits."""

import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def pins() -> list[Requirement]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def declared() -> Iterator[str]:
    yield from PROJECT["dependencies"]
    for extra in PROJECT["optional-dependencies"].values():
        yield from extra


def pinned_versions() -> dict[str, str]:
    return {canonicalize_name(pin.name): next(iter(pin.specifier)).version for pin in pins()}


@pytest.mark.parametrize("line", [*declared(), "qwen-tts"])
def test_every_dependency_has_a_pin_that_satisfies_it(line: str):
    dependency = Requirement(line)

    version = pinned_versions()[canonicalize_name(dependency.name)]

    assert dependency.specifier.contains(version)


def test_nothing_is_pinned_twice():
    names = Counter(canonicalize_name(pin.name) for pin in pins())

    assert [name for name, times in names.items() if times > 1] == []


def test_every_line_pins_one_exact_version_of_any_build():
    inexact = [
        str(pin)
        for pin in pins()
        if [clause.operator for clause in pin.specifier] != ["=="]
        or "+" in str(pin.specifier)
        or pin.url
        or pin.extras
    ]

    assert inexact == []
