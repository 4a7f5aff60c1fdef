"""One NVIDIA card, as the driver's library NVML tells of it; `nvml` is its module `pynvml`."""

import os
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from itertools import takewhile
from typing import Any, TypeVar

from shared.readings import GpuReading

Told = TypeVar("Told")


@contextmanager
def session(nvml: Any) -> Generator[None]:
    """The library, ready for questions. Raises NVMLError where there is no driver."""
    nvml.nvmlInit()
    try:
        yield
    finally:
        with suppress(nvml.NVMLError):  # it is as good as shut down where the driver is gone
            nvml.nvmlShutdown()


def find(nvml: Any, index: int, name: str, environment: Mapping[str, str]) -> Any:
    """The card that CUDA in this process calls number `index`, and by `name`.

    Raises LookupError where the driver knows no such card.
    """
    cards = [nvml.nvmlDeviceGetHandleByIndex(place) for place in range(nvml.nvmlDeviceGetCount())]
    visible = _visible(nvml, cards, environment.get("CUDA_VISIBLE_DEVICES"))
    if index >= len(visible):
        raise LookupError(f"the driver lists no card for the CUDA device {index}")
    numbered = visible[index]
    # Unless CUDA_DEVICE_ORDER says otherwise, CUDA's first card is the fastest, and NVML's the
    # first on the bus: where cards differ, the name decides.
    named = (card for card in (numbered, *cards) if nvml.nvmlDeviceGetName(card) == name)
    return next(named, numbered)


def read(nvml: Any, card: Any) -> GpuReading:
    """What the card is at. Raises NVMLError when it answers no more."""

    def told(ask: Callable[[], Told]) -> Told | None:
        try:
            return ask()
        except (
            nvml.NVMLError_NotSupported,
            nvml.NVMLError_NoPermission,
            nvml.NVMLError_FunctionNotFound,
        ):
            return None

    memory = told(lambda: nvml.nvmlDeviceGetMemoryInfo(card))
    return GpuReading(
        name=nvml.nvmlDeviceGetName(card),
        utilization=told(lambda: nvml.nvmlDeviceGetUtilizationRates(card).gpu / 100),
        memory_bytes=memory and memory.used,
        memory_total_bytes=memory and memory.total,
        memory_own_bytes=told(lambda: _own_memory(nvml, card)),
        temperature=told(lambda: nvml.nvmlDeviceGetTemperature(card, nvml.NVML_TEMPERATURE_GPU)),
        power=told(lambda: nvml.nvmlDeviceGetPowerUsage(card) / 1000),
        power_limit=told(lambda: nvml.nvmlDeviceGetEnforcedPowerLimit(card) / 1000),
        clock=told(lambda: nvml.nvmlDeviceGetClockInfo(card, nvml.NVML_CLOCK_SM)),
        memory_clock=told(lambda: nvml.nvmlDeviceGetClockInfo(card, nvml.NVML_CLOCK_MEM)),
    )


def _visible(nvml: Any, cards: list[Any], named: str | None) -> list[Any]:
    """The cards that CUDA sees; as CUDA does, it ignores all after a name that it does not know."""
    if named is None:
        return cards
    found = (_named(nvml, cards, name.strip()) for name in named.split(","))
    return list(takewhile(lambda card: card is not None, found))


def _named(nvml: Any, cards: list[Any], name: str) -> Any:
    """The card of an entry of CUDA_VISIBLE_DEVICES: a number, or a UUID or its beginning."""
    if name.isdecimal():
        return cards[int(name)] if int(name) < len(cards) else None
    if name.startswith("MIG-"):
        return nvml.nvmlDeviceGetHandleByUUID(name)
    uuids = ((card, nvml.nvmlDeviceGetUUID(card)) for card in cards)
    return next((card for card, uuid in uuids if name and uuid.startswith(name)), None)


def _own_memory(nvml: Any, card: Any) -> int | None:
    """What this process holds; containers see other process ids, Windows no amounts."""
    running = nvml.nvmlDeviceGetComputeRunningProcesses(card)
    return next((it.usedGpuMemory for it in running if it.pid == os.getpid()), None)
