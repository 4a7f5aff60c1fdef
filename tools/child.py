"""One process of the service, kept alive: started, heard, started again when it dies."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Literal

import psutil

from shared.settings import ROOT
from tools.leash import leashed

CONFIGURATION = 2
"""Exit status of a process whose settings cannot be met: another start would end the same way."""
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 20.0
"""Seconds between a death and the next birth; doubled with each early death in between."""
OLD_AGE = 20.0
"""Seconds after which a death counts as the first one again."""
SOON = 1.0
"""Seconds that an end may take without a word."""
LAST_CHANCE = 3.0
"""Seconds between the second request to end and the end by force."""

State = Literal["waiting", "running", "shared", "ended", "given up"]
Hear = Callable[[str, str, bool], None]
"""Takes the name of a part, a line of what it says, and whether people want to read it."""


def _nothing() -> None: ...


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Part:
    """A process that the service is made of."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its environment has beyond ours."""
    address: str = ""
    patience: float = 5.0
    """Seconds that it has to end in order."""
    before: Callable[[], None] = _nothing
    """Done before each start."""
    provided: Callable[[], bool] = _never
    """True while somebody else runs it, so that we need not."""
    quiet: bool = False
    """What it says is for the log file, until it dies."""


class Child:
    """The process of a part, through all its lives. Used from the main thread alone."""

    def __init__(self, part: Part, hear: Hear) -> None:
        self.part = part
        self.state: State = "waiting"
        self.deaths = 0
        """Early ones in a row."""
        self._hear = hear
        self._process: subprocess.Popen[str] | None = None
        self._ears: threading.Thread | None = None
        self._last_words = ""
        self._born = 0.0
        self._due = 0.0

    @property
    def pid(self) -> int | None:
        """Its process id while it runs."""
        return self._process.pid if self._process and self.state == "running" else None

    def look(self) -> None:
        """Notice a death; start it when the time has come."""
        if self.state == "running":
            self._notice_death()
        elif self.state in ("waiting", "shared") and time.monotonic() >= self._due:
            self._start()

    def ask_to_end(self) -> None:
        """Let it finish what it is at and end; asked again, it should hurry."""
        if self._alive():
            assert self._process
            with suppress(ProcessLookupError):
                self._process.send_signal(_END)

    def end(self) -> None:
        """Come back when it is gone: asked once, asked again, then by force."""
        if not (self._ends_within(self.part.patience) or self._ends_within(LAST_CHANCE)):
            self._say("does not end: ended by force")
            self.kill()
            self._gone_within(LAST_CHANCE)
        self.state = "ended"
        if self._ears:
            self._ears.join(1)

    def _ends_within(self, seconds: float) -> bool:
        self.ask_to_end()
        soon = min(SOON, seconds)
        if self._gone_within(soon):
            return True
        self._say(f"finishes what it is at: {seconds:.0f} s for that, or Ctrl-C again")
        return self._gone_within(seconds - soon)

    def kill(self) -> None:
        """End it at once, with all that it has started."""
        if not self._alive():
            return
        assert self._process
        with suppress(psutil.NoSuchProcess):
            process = psutil.Process(self._process.pid)
            for victim in [*process.children(recursive=True), process]:
                with suppress(psutil.NoSuchProcess):
                    victim.kill()

    def _alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _gone_within(self, seconds: float) -> bool:
        if self._process is None:
            return True
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return False
        return True

    def _start(self) -> None:
        if self.part.provided():
            self.state, self._due = "shared", time.monotonic() + 1
            return
        self.part.before()
        self._process = subprocess.Popen(
            leashed(self.part.command),
            cwd=ROOT,
            env={**os.environ, "PYTHONUNBUFFERED": "1", **self.part.environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
            # Ctrl-C in the terminal reaches us alone, who end the parts in order.
            start_new_session=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        self.state, self._born = "running", time.monotonic()
        self._ears = threading.Thread(target=self._listen, args=[self._process.stdout], daemon=True)
        self._ears.start()

    def _listen(self, output: IO[str]) -> None:
        with output:
            for line in output:
                self._last_words = line.rstrip()
                self._hear(self.part.name, self._last_words, not self.part.quiet)

    def _say(self, text: str) -> None:
        self._hear(self.part.name, text, True)

    def _notice_death(self) -> None:
        assert self._process
        status = self._process.poll()
        if status is None:
            return
        if self.part.quiet:
            self._say(self._last_words)
        if status == CONFIGURATION:
            self.state = "given up"
            self._say("ended over its settings: it is not started again")
            return
        pause = self._pause()
        self.state, self._due = "waiting", time.monotonic() + pause
        self._say(f"{describe(status)}: it starts again in {pause:.1f} s")

    def _pause(self) -> float:
        """Seconds until the next birth, more after each early death."""
        old = time.monotonic() - self._born > OLD_AGE
        self.deaths = 1 if old else self.deaths + 1
        return min(FIRST_PAUSE * 2 ** min(self.deaths - 1, 10), LONGEST_PAUSE)


def describe(status: int) -> str:
    """How a process ended, from its exit status."""
    if status >= 0:
        return f"ended with exit status {status}"
    try:
        return f"was ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"was ended by signal {-status}"


_END: int = signal.SIGTERM if sys.platform != "win32" else signal.CTRL_BREAK_EVENT
