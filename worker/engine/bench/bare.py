"""Stand-ins for what only listening needs: a machine that speaks for an hour may lack it."""

import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

LISTENING = {"librosa": ("filters",)}
"""Modules with those of their parts that the package imports names from."""


def lend() -> None:
    """Put stand-ins in place of the modules that are missing; whoever calls one meets None."""
    for name, parts in LISTENING.items():
        if name not in sys.modules and find_spec(name) is None:
            for place in (name, *(f"{name}.{part}" for part in parts)):
                sys.modules[place] = _StandIn(place)


class _StandIn(ModuleType):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        # transformers asks for the spec of optional packages and refuses a module without one.
        self.__spec__ = ModuleSpec(name, loader=None, is_package=True)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None
