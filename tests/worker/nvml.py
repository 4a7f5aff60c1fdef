"""A driver's library to test with: it stands where the module `pynvml` would."""

import os
import threading
from dataclasses import dataclass, field
from types import SimpleNamespace


class NVMLError(Exception):
    """What every function of the library may raise."""


class NVMLError_NotSupported(NVMLError):
    """The card does not tell."""


class NVMLError_NoPermission(NVMLError):
    """Not to us."""


class NVMLError_FunctionNotFound(NVMLError):
    """The driver is too old."""


@dataclass
class Card:
    """One card of the machine."""

    uuid: str
    name: str = "NVIDIA H200"
    silent: frozenset[str] = frozenset()
    """Functions that it does not support."""


@dataclass
class Nvml:
    """The module; a test sets what it shall do."""

    cards: list[Card]
    fault: NVMLError | None = None
    """Raised by every question to a card."""
    hang: threading.Event | None = None
    """Questions to a card wait for it."""
    sessions: list[str] = field(default_factory=list)
    processes: list[SimpleNamespace] = field(
        default_factory=lambda: [
            SimpleNamespace(pid=1, usedGpuMemory=1000),
            SimpleNamespace(pid=os.getpid(), usedGpuMemory=2000),
        ]
    )

    NVMLError = NVMLError
    NVMLError_NotSupported = NVMLError_NotSupported
    NVMLError_NoPermission = NVMLError_NoPermission
    NVMLError_FunctionNotFound = NVMLError_FunctionNotFound
    NVML_TEMPERATURE_GPU = 0
    NVML_CLOCK_SM = 1
    NVML_CLOCK_MEM = 2

    def nvmlInit(self):
        self.sessions.append("begun")

    def nvmlShutdown(self):
        self.sessions.append("ended")

    def nvmlDeviceGetCount(self):
        return len(self.cards)

    def nvmlDeviceGetHandleByIndex(self, index):
        return self.cards[index]

    def nvmlDeviceGetHandleByUUID(self, uuid):
        return next(card for card in self.cards if card.uuid == uuid)

    def nvmlDeviceGetUUID(self, card):
        return card.uuid

    def nvmlDeviceGetName(self, card):
        return card.name

    def nvmlDeviceGetUtilizationRates(self, card):
        return self._told(card, "utilization", SimpleNamespace(gpu=87, memory=40))

    def nvmlDeviceGetMemoryInfo(self, card):
        return self._told(card, "memory", SimpleNamespace(used=3000, total=8000, free=5000))

    def nvmlDeviceGetComputeRunningProcesses(self, card):
        return self._told(card, "processes", self.processes)

    def nvmlDeviceGetTemperature(self, card, _sensor):
        return self._told(card, "temperature", 64)

    def nvmlDeviceGetPowerUsage(self, card):
        return self._told(card, "power", 78_500)

    def nvmlDeviceGetEnforcedPowerLimit(self, card):
        return self._told(card, "limit", 80_000)

    def nvmlDeviceGetClockInfo(self, card, kind):
        return self._told(
            card, "clock", {self.NVML_CLOCK_SM: 1770, self.NVML_CLOCK_MEM: 6001}[kind]
        )

    def _told(self, card, what, value):
        if self.hang:
            self.hang.wait()
        if self.fault:
            raise self.fault
        if what in card.silent:
            raise NVMLError_NotSupported
        return value
