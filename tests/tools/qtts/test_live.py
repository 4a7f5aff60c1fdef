"""`qtts live`, behind a pipe."""

import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
import soundfile

from shared.settings import ROOT
from tests.stack import Stack

LIVE = (sys.executable, "-m", "tools.qtts", "live")
PATIENCE = 30.0


@contextmanager
def running(stack: Stack, *arguments: str) -> Generator[subprocess.Popen[str]]:
    # A child inherits that Ctrl-C is ignored, as it is in a shell's background, but no handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [*LIVE, *arguments],
        cwd=ROOT,
        env=stack.environment,
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        yield process


def say(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdin
    process.stdin.write(text)
    process.stdin.flush()


def await_job(stack: Stack, text: str) -> None:
    """Come back when a sentence is spoken, or was."""
    client = stack.client()
    until = time.monotonic() + PATIENCE
    while text not in [job.request.get("text") for job in client.jobs(limit=5).items]:
        assert time.monotonic() < until
        time.sleep(0.02)


def test_a_sentence_is_spoken_while_the_next_is_written(stack: Stack, tmp_path: Path):
    path = tmp_path / "x.flac"
    with running(stack, "-o", str(path), "--language", "en", "--voice", "nova") as process:
        say(process, "The lamp waited for nobody. And th")
        await_job(stack, "The lamp waited for nobody.")
        said = process.communicate("en it turned.", timeout=PATIENCE)[1]
    assert process.returncode == 0, said
    assert "PREVIEW" in said
    assert soundfile.info(path).duration > 2
    assert stack.client().jobs(limit=1).items[0].request["speaker"] == "vivian"


@pytest.mark.parametrize(
    ("arguments", "text", "said"),
    [
        (["-o", "x.doc"], "Hello.", "(unknown_format)"),
        (["-o", "x.wav", "--voice", "nobody"], "Hello.", "(unknown_voice)"),
        (["-o", "x.wav"], "...", "(nothing_to_say)"),
    ],
)
def test_a_mistake_is_one_error_and_leaves_no_file(
    stack: Stack, tmp_path: Path, arguments: list[str], text: str, said: str
):
    output = tmp_path / arguments[1]
    with running(stack, "-o", str(output), *arguments[2:]) as process:
        told = process.communicate(text, timeout=PATIENCE)[1]
    assert process.returncode == 1
    assert told.startswith("error: ")
    assert said in told
    assert not list(tmp_path.iterdir())


def test_ctrl_c_stops_it_although_the_text_goes_on(stack: Stack, tmp_path: Path):
    with running(stack, "-o", str(tmp_path / "x.wav"), "--language", "en") as process:
        say(process, "Somebody will press two keys now. And th")
        await_job(stack, "Somebody will press two keys now.")
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    assert not list(tmp_path.iterdir())
