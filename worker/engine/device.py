"""The device that the settings name, and the card behind it."""

import torch

from shared.errors import EngineUnavailable
from worker.engine.precision import Card


def resolve(setting: str) -> torch.device:
    """`auto` is the first CUDA device, else the CPU. Raises EngineUnavailable."""
    if setting == "auto":
        return torch.device("cuda:0" if torch.cuda.is_available() else "cpu")
    if setting == "cpu":
        return torch.device("cpu")
    return _cuda(setting)


def _cuda(setting: str) -> torch.device:
    kind, _, index = setting.partition(":")
    if kind != "cuda" or not (index or "0").isdecimal():
        raise EngineUnavailable(
            f"There is no device {setting!r}.", hint="Set DEVICE to auto, cpu, cuda or cuda:N."
        )
    if int(index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(
            f"DEVICE is {setting!r}, but torch sees {torch.cuda.device_count()} CUDA devices.",
            hint="Set DEVICE=cpu, or see what `qtts doctor` says about the driver.",
        )
    return torch.device("cuda", int(index or 0))


def card(device: torch.device) -> Card | None:
    """What is known of a CUDA device; None for the CPU."""
    if device.type != "cuda":
        return None
    properties = torch.cuda.get_device_properties(device)
    return Card(properties.name, (properties.major, properties.minor), properties.total_memory)


def use_threads(count: int) -> None:
    """Compute with so many CPU threads; 0 leaves it to torch."""
    if count:
        torch.set_num_threads(count)
