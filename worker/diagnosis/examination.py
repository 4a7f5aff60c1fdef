"""The examination of a worker's own machine, in a thread that no job and no start waits for."""

import logging
import threading
from collections.abc import Callable
from dataclasses import asdict

from shared.settings import Settings
from shared.status import Finding
from worker.diagnosis import card, checkpoints, machine, nvidia, speaking
from worker.engine.choice import Choice

EVERY = 600.0
"""Seconds between two looks: disks and memory fill up by themselves."""

log = logging.getLogger(__name__)


def examine(settings: Settings, choice: Choice) -> list[Finding]:
    """All that concerns a worker which speaks with this engine; within seconds, and no load."""
    told = asdict(choice.description) | {
        "reason": choice.reason,
        "trouble": choice.trouble(settings),
    }
    return [
        *machine.look(settings),
        *card.look(nvidia.ask(), settings),
        *checkpoints.look(settings),
        speaking.judge(told, settings)[1],
    ]


class Examination:
    """Looks at the start, whenever something has changed, and now and then."""

    def __init__(self, settings: Settings, choice: Choice, *, every: float = EVERY) -> None:
        self.findings: list[Finding] = []
        """Of the last look; empty before the first has ended."""
        self._settings = settings
        self._choice = choice
        self._every = every
        self._due = threading.Event()
        self._due.set()
        self._stopped = False
        self._tell: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, name="examination", daemon=True)

    def start(self, tell: Callable[[], None]) -> None:
        """Look for the first time; `tell` is called after each look, in this thread."""
        self._tell = tell
        self._thread.start()

    def stop(self) -> None:
        """Look no more; a driver that does not answer is left to end with the process."""
        self._stopped = True
        self._due.set()

    def renew(self) -> None:
        """Look again soon."""
        self._due.set()

    def _run(self) -> None:
        while not self._stopped:
            self._due.wait(self._every)
            self._due.clear()
            if self._stopped:
                return
            try:
                self.findings = examine(self._settings, self._choice)
            except Exception:  # whatever a machine is like, the worker goes on without a diagnosis
                log.exception("The machine could not be examined.")
            if self._tell:
                self._tell()
