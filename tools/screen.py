"""What the start-up shows: lines of every process, in the terminal and in files."""

import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import IO

from rich.console import Console, RenderableType
from rich.text import Text

LARGE_LOG = 5_000_000
"""Bytes above which a log file of an earlier run makes room."""
WIDTH = 9
COLOURS = ("cyan", "green", "magenta", "yellow", "blue", "bright_cyan", "bright_green")


class Screen:
    """Passes lines on, each with the name of the process that said it."""

    def __init__(self, logs: Path, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False)
        self._logs = logs
        self._files: dict[str, IO[str]] = {}
        self._lock = threading.Lock()
        logs.mkdir(parents=True, exist_ok=True)

    def line(self, name: str, text: str, shown: bool = True) -> None:
        """A line of a process; the file gets it in any case."""
        with self._lock:
            self._file(name).write(text + "\n")
            if not shown:
                return
            colour = COLOURS[list(self._files).index(name) % len(COLOURS)]
            head = Text(f"{name:>{WIDTH}} │ ", style=colour)
            self._print(head + Text.from_ansi(text), soft_wrap=True)

    def say(self, *parts: RenderableType) -> None:
        """Words of our own, or a table."""
        with self._lock:
            for part in parts:
                self._print(part, soft_wrap=isinstance(part, str))

    def close(self) -> None:
        """Close the files."""
        with self._lock:
            for file in self._files.values():
                file.close()

    def _print(self, what: RenderableType, *, soft_wrap: bool) -> None:
        # A reader that went away (`make run | head`) must not end the service.
        with suppress(BrokenPipeError):
            self._console.print(what, soft_wrap=soft_wrap)

    def _file(self, name: str) -> IO[str]:
        if name not in self._files:
            path = self._logs / f"{name}.log"
            rotate(path)
            self._files[name] = path.open("a", encoding="utf-8", buffering=1)
        return self._files[name]


def rotate(path: Path, large: int = LARGE_LOG) -> None:
    """Put a log that has grown large aside; the one before it goes."""
    if path.is_file() and path.stat().st_size > large:
        os.replace(path, path.with_suffix(".log.1"))
