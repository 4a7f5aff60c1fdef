"""Listening to a method from outside: when it is called, with what, and how long it takes."""

import functools
import time
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

Settle = Callable[[], None]
"""Waits until the device has done what it was told."""
Around = Callable[[], AbstractContextManager[Any]]
"""A block that every call runs in."""


@dataclass(frozen=True)
class Call:
    """A call that has returned."""

    seconds: float
    arguments: tuple[Any, ...]
    named: dict[str, Any]
    result: Any


def nothing() -> None:
    """Nothing is waited for."""


@contextmanager
def tapped(
    owner: Any,
    name: str,
    hear: Callable[[Call], None],
    settle: Settle = nothing,
    around: Around = nullcontext,
) -> Generator[None]:
    """Within it, `hear` is told of every call of a method of an object or a class."""
    own = name in vars(owner)
    original = vars(owner)[name] if own else getattr(owner, name)

    @functools.wraps(original)
    def timed(*arguments: Any, **named: Any) -> Any:
        settle()
        began = time.perf_counter()
        with around():
            result = original(*arguments, **named)
        settle()
        hear(Call(time.perf_counter() - began, arguments, named, result))
        return result

    setattr(owner, name, timed)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, original)
        else:
            delattr(owner, name)
