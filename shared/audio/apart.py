"""Decoding in a process of its own, for files that somebody sent: what breaks there is not ours.

The child has none of the keys in our environment, may write no file, and has limits of memory and
time; see `child`. It may still read what we may. On Windows only the time-out holds.
"""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from tempfile import TemporaryFile
from typing import IO, Any, BinaryIO

import numpy as np

from shared import spool
from shared.audio import child
from shared.audio.clip import Clip
from shared.audio.pcm import SAMPLE_RATE
from shared.errors import InvalidRequest, UnreadableAudio
from shared.settings import ROOT

_TURN = threading.Lock()
"""One child at a time in a process, so that all of them together take what one may."""
_PATIENCE = 2.0
"""Seconds that a child may last for each that it may compute: the machine has other work."""
_LONGEST_LINE = 16 << 10
_BLOCK = 1 << 20
_LONGEST_COMPLAINT = 4 << 10
_FAULTS = (1, -signal.SIGTERM)
"""Exit status of a Python program that met an exception which it did not expect, or was ended by
somebody else: neither is the fault of a file."""
_EXHAUSTED = (
    child.EXHAUSTED,
    child.ALONE,
    *(-signal.Signals[name] for name in ("SIGKILL", "SIGXCPU") if hasattr(signal, name)),
)
"""Exit status of a child that took more than it may; those of the system come by signal."""
_KEPT = ("PATH", "LD_LIBRARY_PATH", "PYTHONPATH", "SYSTEMROOT")
"""Variables without which Python or a library of it may not be found."""
_SINGLE = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "1"}
"""Each thread would take address space, and none is of use."""


def decode(source: BinaryIO, longest: float, param: str = "audio") -> Clip:
    """As `clip.decode`, in a child: the same sound and the same errors.

    Raises UnreadableAudio too for what takes more memory or time than a recording may, and for what
    breaks the decoder; StoreUnavailable where there is no room for a copy.
    """
    try:
        with _TURN, _copied(source) as file, _started(file, longest) as process:
            return _heard(process, longest)
    except InvalidRequest as error:
        error.param = param
        raise


@contextmanager
def _copied(source: BinaryIO) -> Generator[IO[bytes]]:
    """The same bytes in a file without a name, which a child can be given, whatever `source` is."""
    with TemporaryFile() as file:
        source.seek(0)
        with spool.explained():
            shutil.copyfileobj(source, file)
            file.flush()
        file.seek(0)
        yield file


@contextmanager
def _started(file: IO[bytes], longest: float) -> Generator[subprocess.Popen[bytes]]:
    """A child that never outlives the block: not its end, not an exception, not our death."""
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    with subprocess.Popen(
        [sys.executable, "-B", "-m", child.__name__, str(longest)],
        cwd=ROOT,
        env={**kept, **_SINGLE},
        stdin=file,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _heard(process: subprocess.Popen[bytes], longest: float) -> Clip:
    with (
        _ended_after(process, _PATIENCE * child.cpu_seconds(longest)) as late,
        _listening(process) as complaint,
    ):
        answer = _read(process, _LONGEST_LINE + 4 * round(longest * SAMPLE_RATE))
        status = process.wait()
    if late.is_set() or status in _EXHAUSTED:
        raise UnreadableAudio("The file takes more memory or time than a recording may.")
    if status in _FAULTS:
        said = complaint.decode(errors="replace")
        raise RuntimeError(f"The program that decodes recordings ended with {status}: {said}")
    if status:
        raise UnreadableAudio("The file is damaged: the program that decodes it broke down on it.")
    end = answer.index(b"\n") + 1
    facts = json.loads(answer[:end])
    if "error" in facts:
        raise _refusal(**facts["error"])
    return Clip(np.frombuffer(answer[end:], np.float32), **facts)


@contextmanager
def _listening(process: subprocess.Popen[bytes]) -> Generator[bytearray]:
    """The end of what a process complains of, complete after the block, which must see its end.

    All of it is taken, so that the process never waits; it may write no file, and our log may be
    one.
    """
    assert process.stderr
    pipe, end = process.stderr, bytearray()

    def listen() -> None:
        while block := pipe.read(_LONGEST_COMPLAINT):
            end[:] = (end + block)[-_LONGEST_COMPLAINT:]

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    yield end
    listener.join()


def _refusal(code: str, message: str, hint: str | None, **_: Any) -> InvalidRequest:
    kind = next(kind for kind in child.REFUSALS if kind.code == code)
    return kind(message, hint=hint)


@contextmanager
def _ended_after(process: subprocess.Popen[bytes], seconds: float) -> Generator[threading.Event]:
    """Kill a process that lasts longer than the block may, and say so."""
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.start()
    try:
        yield late
    finally:
        timer.cancel()


def _read(process: subprocess.Popen[bytes], most: int) -> bytearray:
    """What a process writes; one that writes more than `most` bytes loses its listener."""
    assert process.stdout
    answer = bytearray()
    with process.stdout as pipe:
        while len(answer) <= most and (block := pipe.read(_BLOCK)):
            answer += block
    return answer
