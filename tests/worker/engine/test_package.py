"""Importing the package is quiet; where it is not installed, the error is clear."""

import subprocess
import sys

import pytest


def python(program: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )


def test_it_prints_nothing_and_takes_its_placeholders_away():
    done = python(
        "import worker.engine.stock, sys\n"
        "left = [name for name in ('torchaudio', 'sox', 'onnxruntime') if name in sys.modules]\n"
        "assert not left, left"
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("name", ["torch", "transformers", "qwen_tts"])
def test_without_a_package_the_engine_is_unavailable(name: str):
    done = python(
        f"import sys; sys.modules[{name!r}] = None\n"
        "from shared.errors import EngineUnavailable\n"
        "try:\n"
        "    import worker.engine.stock\n"
        "except EngineUnavailable as error:\n"
        "    print(error.message, error.next_step)\n"
    )
    assert done.returncode == 0, done.stderr
    assert name in done.stdout
    assert "qtts doctor" in done.stdout
