"""Finding espeak-ng, and what happens when it is not there or not well."""

import re
import subprocess
import sys
from ctypes.util import find_library
from pathlib import Path
from typing import Any

import pytest

from shared.errors import EngineFailed, EngineUnavailable
from worker.engine.preview import espeak

ROOT = Path(__file__).parents[4]
REQUEST: dict[str, Any] = {"text": "Hello.", "voice": "en-us", "parameters": {}}


def test_the_library_says_its_version_and_rate():
    facts = espeak.facts(espeak.locate())
    assert facts.version.startswith("1.")
    assert facts.rate == 22_050


def test_the_wheel_comes_first():
    assert espeak.WHEEL in espeak.locate().path


def test_a_damaged_library_is_unavailable_and_says_which(tmp_path: Path):
    damaged = tmp_path / "libespeak-ng.so"
    damaged.write_bytes(b"not a library")
    with pytest.raises(EngineUnavailable, match=re.escape(str(damaged))):
        espeak.facts(espeak.Library(str(damaged), None))


def test_missing_voice_data_is_unavailable_and_says_where(tmp_path: Path):
    library = espeak.Library(espeak.locate().path, str(tmp_path / "nowhere"))
    with pytest.raises(EngineUnavailable, match="nowhere"):
        espeak.facts(library)


def test_an_unknown_voice_fails_and_is_named():
    with pytest.raises(EngineFailed, match="no voice xx-nowhere"):
        list(espeak.converse(espeak.locate(), {**REQUEST, "voice": "xx-nowhere"}))


def test_without_the_wheel_it_is_the_systems_or_a_clear_hint():
    # -S leaves out installed packages, and with them the wheel.
    script = f"""
import sys
sys.path.insert(0, {str(ROOT)!r})
from shared.errors import EngineUnavailable
from worker.engine.preview.espeak import locate
try:
    print(locate())
except EngineUnavailable as error:
    print(error.message, error.next_step)
"""
    answer = subprocess.run(
        [sys.executable, "-S", "-c", script], capture_output=True, text=True, check=True
    ).stdout
    system = find_library("espeak-ng")
    assert (f"path='{system}', data=None" if system else "pip install espeakng-loader") in answer
