"""Keeps the parts of the service alive until it is told to stop, then ends them in order."""

import signal
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from types import FrameType

from tools.child import CONFIGURATION, Child, Part
from tools.screen import Screen

TICK = 0.05
"""Seconds between two looks at the children."""
SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Each means stop, where the system knows it: Ctrl-C, kill, a closed terminal."""


class Supervisor:
    """Starts parts in their order and ends them the other way round; runs in the main thread."""

    def __init__(self, parts: Sequence[Part], screen: Screen) -> None:
        self.children = [Child(part, screen.line) for part in parts]
        self._screen = screen
        self._stop = threading.Event()

    def run(self, look: Callable[[], None]) -> int:
        """Work until told to stop, calling `look` now and then; the exit status.

        It is 2 where a part cannot run with its settings.
        """
        with self._heeding_signals():
            try:
                return self._watch(look)
            finally:
                self._end_all()

    def _watch(self, look: Callable[[], None]) -> int:
        while not self._stop.is_set():
            for child in self.children:
                child.look()
            if any(child.state == "given up" for child in self.children):
                return CONFIGURATION
            look()
            self._stop.wait(TICK)
        return 0

    def _end_all(self) -> None:
        self._stop.set()
        began = time.monotonic()
        for child in reversed(self.children):
            child.end()
        self._screen.say(f"Everything has ended, in {time.monotonic() - began:.1f} s.")

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if self._stop.is_set():
            for child in self.children:
                child.kill()
        self._stop.set()

    @contextmanager
    def _heeding_signals(self) -> Generator[None]:
        known = [getattr(signal, name) for name in SIGNALS if hasattr(signal, name)]
        before = {number: signal.signal(number, self._on_signal) for number in known}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
