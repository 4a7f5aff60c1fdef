"""Work of fixed shape, launched kernel by kernel or replayed by the GPU as one graph.

A frame is some two thousand small kernels, each of which costs the host more to launch than the
card to run. Captured once for a shape, they are launched together.
"""

import logging
from collections.abc import Callable, Hashable
from typing import Protocol

import torch

from shared.errors import EnginePoisoned
from worker.engine.faults import explain

log = logging.getLogger(__name__)

Work = Callable[[], None]
"""Reads and writes static tensors, and waits for nothing."""


class Graphs(Protocol):
    """Runs work of shapes that come back again and again."""

    static: bool
    """Whether shapes are worth rounding up, so that fewer of them are met."""

    def run(self, key: Hashable, work: Work) -> None:
        """Do the work; equal keys stand for equal work on the same tensors."""
        ...

    def forget(self) -> None:
        """The tensors are about to be given back."""
        ...

    def describe(self) -> str:
        """`captured`, or `eager` and why."""
        ...


class Eager:
    """Launches everything when it is asked for: the CPU, and where graphs are off."""

    static = False

    def __init__(self, reason: str) -> None:
        self._reason = reason

    def run(self, key: Hashable, work: Work) -> None:
        work()

    def forget(self) -> None:
        """There is nothing to forget."""

    def describe(self) -> str:
        return f"eager: {self._reason}"


class Captured:
    """CUDA graphs, captured when a shape is met first; where that fails, eager from then on."""

    static = True

    def __init__(self, device: torch.device) -> None:
        self._device = device
        self._graphs: dict[Hashable, torch.cuda.CUDAGraph] = {}
        self._pool = torch.cuda.graph_pool_handle()
        # cuBLAS keeps its scratch memory by the stream of the capture: graphs that run beside each
        # other, or are dropped apart from each other, must not share one (pytorch/pytorch#193402).
        self._stream = torch.cuda.Stream(device)
        self._failure = ""

    def run(self, key: Hashable, work: Work) -> None:
        graph = self._graphs.get(key)
        if graph is not None:
            graph.replay()
            return
        # Done eagerly the first time: capturing does nothing itself, and needs libraries warm.
        work()
        if not self._failure:
            self._capture(key, work)

    def forget(self) -> None:
        if self._graphs:
            # A graph that is still running must not lose its memory.
            torch.cuda.synchronize(self._device)
        self._graphs.clear()
        self._pool = torch.cuda.graph_pool_handle()
        self._stream = torch.cuda.Stream(self._device)

    def describe(self) -> str:
        return f"eager: {self._failure}" if self._failure else "captured"

    def _capture(self, key: Hashable, work: Work) -> None:
        graph = torch.cuda.CUDAGraph()
        torch.cuda.current_stream(self._device).synchronize()
        try:
            # Only this thread is watched: another stream may be copying sound at the same time.
            with torch.cuda.graph(
                graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
            ):
                work()
        except RuntimeError as error:
            if isinstance(explain(error), EnginePoisoned) and not _of_capture(error):
                raise
            self.forget()
            self._failure = f"capturing failed ({str(error).splitlines()[0]})"
            log.warning("CUDA graphs are not used: %s.", self._failure)
            return
        self._graphs[key] = graph


def _of_capture(error: RuntimeError) -> bool:
    """Whether an error comes from what may not be captured, and leaves the device sound."""
    return "captur" in str(error).lower()
