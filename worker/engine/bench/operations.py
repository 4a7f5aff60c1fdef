"""How much work is launched for a frame: operations of ATen, and kernels of a GPU."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, NamedTuple

import torch
from torch.profiler import ProfilerActivity, profile
from torch.utils._python_dispatch import TorchDispatchMode

from worker.engine.bench.report import Operations
from worker.engine.bench.take import Order, Speaker

_COPIES = ("Memcpy", "Memset")
_VIEWS = frozenset({"aten::_unsafe_view"})
"""Operations that are views although their schemas do not say so."""


def count(speaker: Speaker, cuda: bool) -> Operations:
    """Of one row; what two calls of different length have in common is left out."""
    shorter, longer = (_spoken(speaker, chunks) for chunks in (2, 3))
    frames = longer.frames - shorter.frames
    operations = longer.language_model.operations - shorter.language_model.operations
    codec = shorter.codec
    return Operations(
        language_model=operations / frames if operations else None,
        codec_call=codec.operations / codec.calls if codec.calls else None,
        kernels=_kernels(speaker) if cuda else None,
    )


class Counter:
    """Counts operations that compute or copy, as they reach the device's kernels."""

    def __init__(self) -> None:
        self.calls = 0
        self.operations = 0

    @contextmanager
    def on(self) -> Generator[None]:
        self.calls += 1
        with _Mode(self):
            yield


class _Spoken(NamedTuple):
    frames: int
    language_model: Counter
    codec: Counter


def _spoken(speaker: Speaker, chunks: int) -> _Spoken:
    language_model, codec = Counter(), Counter()
    take = speaker.speak(
        Order(1, chunks, around_language_model=language_model.on, around_codec=codec.on)
    )
    return _Spoken(take.frames, language_model, codec)


class _Mode(TorchDispatchMode):
    def __init__(self, counter: Counter) -> None:
        super().__init__()
        self._counter = counter

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        # Composite operations reach this place whole in inference mode, and in parts outside it.
        with self:
            parts = func.decompose(*args, **named)
        if parts is not NotImplemented:
            return parts
        self._counter.operations += not _is_view(func)
        return func(*args, **named)


def _is_view(operation: Any) -> bool:
    if operation._schema.name in _VIEWS:
        return True
    returned = operation._schema.returns
    return any(it.alias_info is not None and not it.alias_info.is_write for it in returned)


def _kernels(speaker: Speaker) -> float:
    """Kernels of a frame, whoever launched them: graphs are told apart into theirs."""
    (fewer, before), (more, after) = (_profiled(speaker, chunks) for chunks in (4, 8))
    return (more - fewer) / (after - before)


def _profiled(speaker: Speaker, chunks: int) -> tuple[int, int]:
    with profile(activities=[ProfilerActivity.CUDA]) as profiler:
        take = speaker.speak(Order(1, chunks))
        torch.cuda.synchronize()
    events: Any = profiler.events()
    kernels = [
        event
        for event in events
        if event.device_type.name == "CUDA" and not event.name.startswith(_COPIES)
    ]
    return len(kernels), take.frames
