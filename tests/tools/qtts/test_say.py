"""`qtts say`, against the running service."""

import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from shared.settings import ROOT
from tests.stack import Stack
from tests.tools.qtts.conftest import Type

SAY = (sys.executable, "-m", "tools.qtts", "say")
PLAYER = """#!/bin/sh
cat > "$PLAYED"
echo "$@" > "$PLAYED.arguments"
"""


def latest(stack: Stack):
    return stack.client().jobs(limit=1).items[0]


@pytest.mark.parametrize("ending", ["wav", "flac", "mp3", "opus"])
def test_speech_is_written_in_the_format_that_the_ending_names(
    type_in: Type, tmp_path: Path, ending: str
):
    path = tmp_path / f"hello.{ending}"
    done = type_in("say", "Hello there.", "-o", str(path))
    assert done.exit_code == 0, done.output
    assert soundfile.info(path).duration > 0.3


def test_the_file_is_the_one_that_the_service_keeps(type_in: Type, tmp_path: Path, stack: Stack):
    path = tmp_path / "hello.wav"
    type_in("say", "Hello there.", "-o", str(path))
    assert path.read_bytes() == stack.client().audio(latest(stack).id)


def test_who_spoke_is_said_and_that_it_is_a_preview(type_in: Type, tmp_path: Path):
    done = type_in("say", "Hello there.", "-o", str(tmp_path / "hello.wav"))
    assert "Spoken by preview" in done.stderr
    assert "PREVIEW, not Qwen3-TTS" in done.stderr
    assert not done.stdout


def test_options_become_fields_of_the_request(type_in: Type, tmp_path: Path, stack: Stack):
    options = ["--speaker", "Vivian", "--language", "de", "--instruct", "slowly", "--seed", "7"]
    type_in("say", "Guten Tag.", "-o", str(tmp_path / "hello.wav"), *options)
    request = latest(stack).request
    assert (request["speaker"], request["language"]) == ("vivian", "german")
    assert (request["instruct"], request["seed"]) == ("slowly", 7)


def test_a_dash_reads_the_text_from_standard_input(type_in: Type, tmp_path: Path, stack: Stack):
    type_in("say", "-", "-o", str(tmp_path / "hello.wav"), input="From the pipe.")
    assert latest(stack).request["text"] == "From the pipe."


def test_without_a_file_the_samples_go_to_a_player(
    type_in: Type, tmp_path: Path, stack: Stack, monkeypatch: pytest.MonkeyPatch
):
    player = tmp_path / "bin" / "aplay"
    player.parent.mkdir()
    player.write_text(PLAYER)
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{player.parent}:/usr/bin:/bin")
    monkeypatch.setenv("PLAYED", str(tmp_path / "played"))
    done = type_in("say", "Hello; there.")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "played").read_bytes() == stack.client().audio(latest(stack).id, "pcm")
    assert "-r 24000" in (tmp_path / "played.arguments").read_text()


def test_without_a_player_it_says_how_to_write_a_file(
    type_in: Type, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", str(tmp_path))
    done = type_in("say", "Hello.")
    assert done.exit_code == 1
    assert "No program to play sound" in done.stderr
    assert "-o hello.wav" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["", "-o", "x.wav"], "(nothing_to_say)"),
        (["Hello.", "--speaker", "nobody", "-o", "x.wav"], "(unknown_speaker)"),
        (["Hello.", "-o", "x.doc"], "(unknown_format)"),
        (["Hello.", "-o", "nowhere/x.wav"], "There is no folder"),
    ],
)
def test_a_mistake_is_one_error_and_leaves_no_file(
    type_in: Type,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    said: str,
):
    monkeypatch.chdir(tmp_path)
    done = type_in("say", *arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert said in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_service_that_does_not_run_is_said_with_the_way_to_start_it(
    type_in: Type, tmp_path: Path
):
    done = type_in("--url", "http://127.0.0.1:9", "say", "Hello.", "-o", str(tmp_path / "x.wav"))
    assert done.exit_code == 1
    assert "does not answer" in done.stderr
    assert "make run" in done.stderr


@pytest.mark.slow
def test_ctrl_c_cancels_the_job(make_stack: Callable[..., Stack], tmp_path: Path):
    stack = make_stack(PREVIEW_PACE="1")
    client = stack.client()
    text = "A sentence that takes a while to speak. " * 20
    # A child inherits that Ctrl-C is ignored, as it is in a shell's background, but no handler.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with subprocess.Popen(
        [*SAY, text, "-o", str(tmp_path / "x.wav")],
        cwd=ROOT,
        env=stack.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not (jobs := client.jobs(state="running").items):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "Cancelled." in said
    assert client.wait(jobs[0].id).state == "cancelled"
    assert not (tmp_path / "x.wav").exists()


@pytest.mark.slow
def test_an_api_that_comes_back_is_heard_on(make_stack: Callable[..., Stack], tmp_path: Path):
    stack = make_stack(PREVIEW_PACE="1")
    client = stack.client()
    with subprocess.Popen(
        [*SAY, "One, two, three. Four, five, six.", "-o", str(tmp_path / "x.wav")],
        cwd=ROOT,
        env=stack.environment,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        while not client.jobs(state="running").items:
            assert process.poll() is None
        stack.kill_api(0)
        stack.start_api(0)
        _, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert soundfile.info(tmp_path / "x.wav").duration > 1
