"""What FFmpeg does with a file that somebody sent stays in a process of its own."""

import io
import subprocess
import sys
import tempfile
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
import psutil
import pytest

from shared.audio import apart, child, clip
from shared.errors import StoreUnavailable, UnreadableAudio
from shared.settings import ROOT
from tests.full_disk import full_disk
from tests.shared.audio.sending import encoded, tone, with_false_counts

TOO_MUCH = "more memory or time"
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits a process so")
PROGRAM = [sys.executable, "-m", child.__name__]
HEADER, _, _ = encoded("wav", "pcm_u8", tone(0.1, 8_000)[None], 8_000).partition(b"data")
HALF_AN_HOUR = HEADER + b"data\xff\xff\xff\xff" + b"\x80" * 8_000 * 1_800
"""Of silence: a second of work."""
PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
"""
"""Run by a small process, because a child starts with the peak of whoever starts it."""


@pytest.fixture(autouse=True)
def _nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    yield
    assert list(tmp_path.iterdir()) == []
    assert children() == []


def children() -> list[psutil.Process]:
    found = psutil.Process().children()
    return [one for one in found if child.__name__ in one.cmdline()]


@contextmanager
def running(command: list[str], data: bytes) -> Generator[subprocess.Popen[bytes]]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.seek(0)
        with subprocess.Popen(command, cwd=ROOT, stdin=file, stdout=subprocess.PIPE) as process:
            yield process


@contextmanager
def decoding() -> Generator[psutil.Process]:
    """The child that decodes for a caller, who has the file refused when it is killed."""
    with ThreadPoolExecutor() as pool:
        ours = pool.submit(apart.decode, io.BytesIO(HALF_AN_HOUR), 3_600, "reference")
        while not (found := children()):
            assert not ours.done()
        try:
            yield found[0]
        finally:
            found[0].kill()
        with pytest.raises(UnreadableAudio, match=TOO_MUCH) as caught:
            ours.result()
    assert caught.value.param == "reference"


def test_a_child_hears_what_we_would_hear():
    left = tone(2.0, 44_100)
    data = encoded("flac", "flac", np.stack([left, left[::-1]]), 44_100)
    heard, expected = (asdict(one.decode(io.BytesIO(data), 60)) for one in (apart, clip))
    assert np.array_equal(heard.pop("samples"), expected.pop("samples"))
    assert heard == expected


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"a text" * 99, "unreadable_audio"), (HALF_AN_HOUR, "audio_too_long")],
    ids=["text", "too long"],
)
def test_a_refusal_is_the_same(data: bytes, code: str):
    with pytest.raises(child.REFUSALS) as expected:
        clip.decode(io.BytesIO(data), 60, "reference")
    with pytest.raises(expected.type) as caught:
        apart.decode(io.BytesIO(data), 60, "reference")
    assert caught.value.code == code
    assert caught.value.body() == expected.value.body()


def test_false_counts_in_a_header_are_refused():
    with pytest.raises(UnreadableAudio):
        apart.decode(io.BytesIO(with_false_counts(tone(1.0), 40_000_000)), 60)


@LINUX
def test_false_counts_in_a_header_take_no_more_memory_than_a_child_may():
    data = with_false_counts(tone(1.0), 40_000_000)
    with running([sys.executable, "-c", PEAK, *PROGRAM, "60"], data) as process:
        peak, _ = process.communicate()
    assert int(peak) < child.memory(60)


@LINUX
def test_a_child_at_the_end_of_its_memory_says_so():
    limited = ["sh", "-c", f'ulimit -v {280 << 10}; exec "$@"', "sh", *PROGRAM, "3600"]
    with running(limited, HALF_AN_HOUR) as process:
        assert process.wait() == child.EXHAUSTED


@LINUX
def test_a_child_has_limits_and_no_key_of_ours(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("API_KEYS", "secret")
    with decoding() as process:
        while process.rlimit(psutil.RLIMIT_AS)[1] == psutil.RLIM_INFINITY:
            assert process.is_running()
        limits = {psutil.RLIMIT_AS: child.memory(3_600), psutil.RLIMIT_FSIZE: 0}
        limits |= {psutil.RLIMIT_CPU: child.cpu_seconds(3_600), psutil.RLIMIT_CORE: 0}
        assert {kind: process.rlimit(kind) for kind in limits} == {
            kind: (most, most) for kind, most in limits.items()
        }
        assert "API_KEYS" not in process.environ()


def test_a_child_that_is_killed_refuses_the_file():
    with decoding() as process:
        process.kill()


def test_a_fault_of_ours_is_not_held_against_the_sender(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    folder = tmp_path_factory.mktemp("broken")
    (folder / "soxr.py").write_text("raise ImportError('soxr is broken')")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(RuntimeError, match="soxr is broken"):
        apart.decode(io.BytesIO(HALF_AN_HOUR), 60)


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(
    ("name", "error", "said"),
    [
        ("SIGSEGV", UnreadableAudio, "broke down on it"),
        ("SIGABRT", UnreadableAudio, "broke down on it"),
        ("SIGKILL", UnreadableAudio, TOO_MUCH),
        ("SIGTERM", RuntimeError, "ended with -15"),
    ],
)
def test_how_a_child_died_is_told(
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    error: type[Exception],
    said: str,
):
    folder = tmp_path_factory.mktemp("dying")
    (folder / "soxr.py").write_text(f"import os, signal; os.kill(os.getpid(), signal.{name})")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(error, match=said):
        apart.decode(io.BytesIO(HALF_AN_HOUR), 60)


def test_a_child_that_complains_at_length_is_heard_to_the_end(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
):
    """A pipe that nobody empties holds 64 KB, and stops whoever writes more."""
    folder = tmp_path_factory.mktemp("complaining")
    complain = "import sys; sys.stderr.write('oh dear ' * (64 << 10)); raise ImportError('the end')"
    (folder / "soxr.py").write_text(complain)
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(RuntimeError, match="the end") as caught:
        apart.decode(io.BytesIO(HALF_AN_HOUR), 60)
    assert len(str(caught.value)) < 8 << 10


@LINUX
def test_no_room_for_a_copy_is_no_fault_of_the_file():
    with full_disk(1 << 20), pytest.raises(StoreUnavailable) as caught:
        apart.decode(io.BytesIO(HALF_AN_HOUR), 60)
    assert "free space" in (caught.value.next_step or "")


def test_a_child_that_lasts_too_long_refuses_the_file(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(apart, "_PATIENCE", 0.0001)
    with pytest.raises(UnreadableAudio, match=TOO_MUCH):
        apart.decode(io.BytesIO(HALF_AN_HOUR), 3_600)


@LINUX
def test_a_child_ends_when_nobody_listens_any_more():
    with running([*PROGRAM, "3600"], HALF_AN_HOUR) as process:
        assert process.stdout
        process.stdout.close()
        assert process.wait() == child.ALONE
