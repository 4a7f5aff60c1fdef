"""What the worker's card and process are at; a driver that hangs harms no job."""

import importlib
import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import psutil

from shared.readings import GpuReading, ProcessReading
from worker import card

EVERY = 2.0
"""Seconds between two readings of the card; one takes less than a millisecond."""
FRESH = 10.0
"""Seconds that a reading is shown: older ones mean that the driver hangs."""
SAME = 1.0
"""Seconds in which the process is not read again: its share of a core is one of the time between
two readings, and several ask."""
RETRY = 60.0
"""Seconds until a card that could not be read is looked for again."""

log = logging.getLogger(__name__)


class Monitor:
    """Reads the card in a thread of its own, from `start` on; on the CPU there is none to read."""

    def __init__(
        self,
        setting: str,
        name: str,
        library: Callable[[], Any] = lambda: importlib.import_module("pynvml"),
        environment: Mapping[str, str] = os.environ,
        *,
        every: float = EVERY,
        fresh: float = FRESH,
        retry: float = RETRY,
    ) -> None:
        """`setting` is `Settings.device`, `name` what the engine runs on: a card, or `cpu`."""
        self._setting = setting
        self._name = name
        self._library = library
        self._environment = environment
        self._every, self._fresh, self._retry = every, fresh, retry
        self._process = psutil.Process()
        self._process.cpu_percent()  # the first call begins to count
        self._own: ProcessReading | None = None
        self._own_at = 0.0
        self._reading: GpuReading | None = None
        self._read_at = time.monotonic()
        self._silent = False
        self._stopped = threading.Event()

    def start(self) -> None:
        if self._name != "cpu":
            threading.Thread(target=self._run, name="monitor", daemon=True).start()

    def stop(self) -> None:
        """Read no more; a reading that hangs is left to end with the process."""
        self._stopped.set()

    def gpu(self) -> GpuReading | None:
        """The last reading; None where there is no card that answers."""
        age = time.monotonic() - self._read_at
        if self._reading is None or age <= self._fresh:
            return self._reading
        self._say(f"the driver has not answered for {age:.0f} s")
        return None

    def process(self) -> ProcessReading:
        now = time.monotonic()
        if self._own is None or now - self._own_at > SAME:
            self._own_at = now
            self._own = ProcessReading(
                memory_bytes=self._process.memory_info().rss,
                memory_total_bytes=psutil.virtual_memory().total,
                cpu_percent=self._process.cpu_percent(),
            )
        return self._own

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._watch()
            except Exception as error:  # drivers fail in many ways, none of which concerns a job
                self._reading = None
                self._say(str(error) or type(error).__name__)
                self._stopped.wait(self._retry)

    def _watch(self) -> None:
        """Read until stopped. Raises ImportError, LookupError and NVMLError."""
        nvml = self._library()
        with card.session(nvml):
            index = int(self._setting.partition(":")[2] or 0)
            found = card.find(nvml, index, self._name, self._environment)
            while not self._stopped.is_set():
                self._reading = card.read(nvml, found)
                self._read_at = time.monotonic()
                self._silent = False
                self._stopped.wait(self._every)

    def _say(self, why: str) -> None:
        """Once, until the card has answered again."""
        if not self._silent:
            self._silent = True
            log.warning("The GPU cannot be read for now, which harms no job: %s.", why)
