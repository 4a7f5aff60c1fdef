"""The contracts: every module here declares one feature of the service."""

import importlib
import pkgutil
from typing import Any

from shared.errors import UnknownTask
from shared.requests.declared import Declared

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")

CONTRACTS: dict[str, type[Declared]] = dict(Declared.registry)
"""Task and pipeline contracts by name."""


def redacted(name: str, request: dict[str, Any]) -> dict[str, Any]:
    """A request without its texts; without anything if nobody knows which of it are texts."""
    return CONTRACTS[name].redact(request) if name in CONTRACTS else {}


def contract(name: str) -> type[Declared]:
    """The contract called `name`. Raises UnknownTask."""
    if name not in CONTRACTS:
        raise UnknownTask(f"There is no task {name!r}. Known are: {', '.join(CONTRACTS)}.")
    return CONTRACTS[name]
