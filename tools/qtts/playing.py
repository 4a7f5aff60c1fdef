"""Playing sound through a program of this machine; samples go in by its standard input."""

import os
import shutil
import subprocess
import tempfile
import wave
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

from shared.audio.pcm import SAMPLE_RATE

Sink = Callable[[bytes], object]
_WINDOWS = "(New-Object Media.SoundPlayer $env:QTTS_SOUND).PlaySync()"


@dataclass(frozen=True)
class Player:
    """A program that plays."""

    program: str
    arguments: tuple[str, ...]
    streams: bool = True
    """False: it plays a finished file, named last."""


_RATE = str(SAMPLE_RATE)
_FFPLAY = ("-nodisp", "-autoexit", "-loglevel", "error")
PLAYERS = (
    Player("ffplay", (*_FFPLAY, "-f", "s16le", "-sample_rate", _RATE, "-i", "-")),
    Player("paplay", ("--raw", "--format=s16le", f"--rate={_RATE}", "--channels=1")),
    Player("aplay", ("-q", "-t", "raw", "-f", "S16_LE", "-r", _RATE, "-c", "1", "-")),
    Player("play", ("-q", "-t", "raw", "-e", "signed", "-b", "16", "-r", _RATE, "-c", "1", "-")),
    Player("afplay", (), streams=False),
    Player("powershell", ("-NoProfile", "-Command", _WINDOWS), streams=False),
)


def find() -> Player | None:
    """The first player that is installed."""
    return next((player for player in PLAYERS if shutil.which(player.program)), None)


@contextmanager
def playing(player: Player) -> Generator[Sink]:
    """A sink for 16-bit samples; comes back when all of them were heard."""
    open_sink = _piped if player.streams else _collected
    with open_sink(player) as sink:
        yield sink


@contextmanager
def _piped(player: Player) -> Generator[Sink]:
    with subprocess.Popen(
        [_path(player), *player.arguments], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    ) as process:
        assert process.stdin
        try:
            yield partial(_feed, process.stdin)
        except BaseException:
            process.kill()
            raise
        with suppress(BrokenPipeError):
            process.stdin.close()


def _feed(stdin: IO[bytes], samples: bytes) -> None:
    # A player that somebody closed has heard enough.
    with suppress(BrokenPipeError):
        stdin.write(samples)
        stdin.flush()


@contextmanager
def _collected(player: Player) -> Generator[Sink]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "speech.wav"
        with wave.open(str(path), "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(SAMPLE_RATE)
            yield file.writeframes
        named = () if "$env:QTTS_SOUND" in player.arguments[-1:] else (str(path),)
        subprocess.run(
            [_path(player), *player.arguments, *named],
            env={**os.environ, "QTTS_SOUND": str(path)},
            check=False,
        )


def _path(player: Player) -> str:
    return shutil.which(player.program) or player.program
