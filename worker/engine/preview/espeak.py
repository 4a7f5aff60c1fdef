"""espeak-ng from the outside: where its library lies, and a child process for every call.

The library never enters this process: it is not thread-safe, repeats itself only from a fresh
process, and is GPL-3. What crosses the pipe is in `child`.
"""

import json
import platform
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager, suppress
from ctypes.util import find_library
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Any

from shared.errors import EngineFailed, EngineUnavailable

PROGRAM = Path(__file__).with_name("child.py")
WHEEL = "espeakng_loader"
WHEEL_NAMES = {"Windows": "espeak-ng.dll", "Darwin": "libespeak-ng.dylib"}


@dataclass(frozen=True)
class Library:
    """A shared library of espeak-ng, and its voice data (None: where it was built to look)."""

    path: str
    data: str | None


@dataclass(frozen=True)
class Facts:
    """What a library says about itself."""

    version: str
    rate: int
    """Hz."""


@dataclass(frozen=True)
class Part:
    """A part of an answer."""

    told: dict[str, Any]
    sound: bytes
    """s16, mono; empty where nothing was asked to be spoken."""


@cache
def locate() -> Library:
    """The library of the `espeakng-loader` wheel, else the system's. Raises EngineUnavailable."""
    library = _in_wheel() or _in_system()
    if library is None:
        raise EngineUnavailable(
            "The preview engine found no espeak-ng library.",
            hint="Install one: `pip install espeakng-loader`, or the system package `espeak-ng`.",
        )
    return library


@cache
def facts(library: Library) -> Facts:
    """Ask a child once. Raises EngineUnavailable where the library does not start."""
    try:
        (answer,) = converse(library, {})
        return Facts(**answer.told)
    except EngineFailed as error:
        raise EngineUnavailable(
            f"The preview engine cannot start {library.path}: {error.message}",
            hint="Install it anew, or `pip install --force-reinstall espeakng-loader`.",
        ) from error


def converse(library: Library, request: dict[str, Any]) -> Generator[Part, None, None]:
    """Start a child, send it `request`, and hand on its answer part by part as it comes.

    The child is gone when the iterator ends or is closed. Raises EngineFailed.
    """
    with tempfile.TemporaryFile() as complaints, _child(complaints) as child:
        assert child.stdin
        assert child.stdout
        _send(child.stdin, {"library": library.path, "data": library.data, **request})
        while (line := child.stdout.readline()).endswith(b"\n"):
            told = json.loads(line)
            yield Part(told, child.stdout.read(told.pop("bytes")))
        if status := child.wait():
            raise EngineFailed(f"espeak-ng ended with status {status}: {_last_line(complaints)}")


def _in_wheel() -> Library | None:
    """The wheel is found but not imported: no code of it runs in here."""
    spec = find_spec(WHEEL)
    for folder in map(Path, (spec and spec.submodule_search_locations) or ()):
        path = folder / WHEEL_NAMES.get(platform.system(), "libespeak-ng.so")
        if path.is_file():
            return Library(str(path), str(folder / "espeak-ng-data"))
    return None


def _in_system() -> Library | None:
    path = find_library("espeak-ng") or find_library("libespeak-ng")
    return Library(path, None) if path else None


@contextmanager
def _child(complaints: IO[bytes]) -> Generator[subprocess.Popen[bytes], None, None]:
    """A child that never outlives the block: not its end, not an exception, not our death.

    It has a session (on Windows: no console) of its own, so that Ctrl-C reaches only us, who may
    want to finish the job. Its stdin stays open: the child ends when that closes.
    """
    with subprocess.Popen(
        [sys.executable, "-I", "-S", str(PROGRAM)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=complaints,
        start_new_session=True,
        creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
    ) as child:
        try:
            yield child
        finally:
            child.kill()


def _send(stdin: IO[bytes], request: dict[str, Any]) -> None:
    try:
        stdin.write(json.dumps(request).encode() + b"\n")
        stdin.flush()
    except BrokenPipeError:
        # It died before it read; its exit status tells. Closing discards what is buffered.
        with suppress(BrokenPipeError):
            stdin.close()


def _last_line(complaints: IO[bytes]) -> str:
    complaints.seek(0)
    lines = complaints.read().decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
