"""Times matrix products in each number format on this device, and keeps what was measured."""

import itertools
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import torch
from pydantic import TypeAdapter
from torch import Tensor

from shared import processor
from worker.engine.faults import explained, release
from worker.engine.kept import Kept
from worker.engine.precision import Card
from worker.engine.qwen3.linear import COMPUTE, Linear, pack
from worker.engine.timings import ROWS, Format, Timings

FILE = "measurements.json"
HIDDEN, FEED_FORWARD = 1024, 3072
"""Sides of the matrices: those of the code predictor and of the 0.6B talker."""
_TRAFFIC = 192 * 2**20
"""Bytes of matrices taken in turn: more than a cache holds, as the weights of a frame are."""
_LEAST, _MOST = 5, 50
"""Runs that a median is taken of."""
_PATIENCE = 0.03
"""Seconds after which no further run is begun."""
QUIET = 0.7
"""Share of the CPU time of its threads that a measurement must have had to be kept."""
_Timings = TypeAdapter(dict[str, Timings])


def measured(
    device: torch.device, card: Card | None, run_dir: Path, *, anew: bool = False
) -> Timings:
    """What was measured on this device with these versions; measured now if it was not yet.

    Takes about a second; longer where others compute meanwhile, and then again at the next start.
    Raises EngineFailed where the device has no memory for it.
    """
    key, kept = _key(device, card), keeping(run_dir)
    known = kept.read().get(key)
    if known and not anew and _complete(known, card):
        return known
    timings = measure(device, card)
    if not timings.disturbed:
        kept.add(key, timings)
    return timings


def keeping(run_dir: Path) -> Kept[Timings]:
    """Where timings are kept, by device and versions."""
    return Kept(run_dir / FILE, _Timings)


def measure(device: torch.device, card: Card | None) -> Timings:
    """Time every format that matters on the device, whatever was measured before."""
    clock = Clock(device)
    with explained(device), torch.inference_mode():
        times: dict[Format, dict[int, float]] = {name: _time(name, clock) for name in formats(card)}
    release(device)
    return Timings(microseconds=times, disturbed=clock.disturbed)


def formats(card: Card | None) -> tuple[Format, ...]:
    """The formats to choose between on a card, or on a CPU."""
    if card is None:
        return ("fp32", "bf16", "int8")
    return ("fp32", "fp16", "bf16") if card.native_bf16 else ("fp32", "fp16")


# --- one format ------------------------------------------------------------------------------


class Clock:
    """Times products on a device, and how much of the CPU it had for that."""

    def __init__(self, device: torch.device) -> None:
        self.device = device
        self._computing = 0.0
        self._passed = 0.0

    @property
    def disturbed(self) -> bool:
        """Whether others computed at the same time: waiting for them would count as our own."""
        wanted = self._passed * torch.get_num_threads()
        return self._computing < QUIET * wanted

    def time(self, products: list[Linear], inputs: list[Tensor]) -> float:
        """Median seconds of one product, the matrices taken in turn."""
        if self.device.type == "cuda":
            return _replayed(lambda: _multiply(products, inputs)) / len(products)
        computing, passed = time.process_time(), time.perf_counter()
        seconds = _in_turn(products, inputs)
        self._computing += time.process_time() - computing
        self._passed += time.perf_counter() - passed
        return seconds


def _time(name: Format, clock: Clock) -> dict[int, float]:
    """The microseconds that one product takes, by its rows."""
    products = _products(name, clock.device)
    times: dict[int, float] = {}
    for rows in ROWS:
        inputs = [
            torch.ones(rows, side, dtype=COMPUTE[name], device=clock.device)
            for side in (HIDDEN, FEED_FORWARD)
        ]
        times[rows] = clock.time(products, inputs) * 1e6
    return times


def _products(name: Format, device: torch.device) -> list[Linear]:
    """As the engine packs them, widening and narrowing in turn."""
    noise = torch.Generator().manual_seed(0)
    wide = torch.randn(FEED_FORWARD, HIDDEN, generator=noise).to(device) / HIDDEN**0.5
    size = 1 if name == "int8" else COMPUTE[name].itemsize
    pairs = _TRAFFIC // (2 * wide.numel() * size)
    shapes = (wide, wide.t().contiguous())
    return [pack(matrix.clone(), name) for _ in range(pairs) for matrix in shapes]


def _multiply(products: Sequence[Linear], inputs: list[Tensor]) -> None:
    for number, product in enumerate(products):
        product(inputs[number % 2])


def _in_turn(products: list[Linear], inputs: list[Tensor]) -> float:
    pairs = itertools.cycle(list(zip(products[::2], products[1::2], strict=True)))
    ends, times = time.perf_counter() + _PATIENCE, list[float]()
    while len(times) < _LEAST or time.perf_counter() < ends:
        pair, began = next(pairs), time.perf_counter()
        _multiply(pair, inputs)
        times.append((time.perf_counter() - began) / 2)
    return statistics.median(times)


def _replayed(run: Callable[[], None]) -> float:
    """Seconds of a run replayed as a CUDA graph, as frames are: launches would take longer."""
    graph = _captured(run)
    graph.replay()
    times = list[float]()
    while len(times) < _LEAST or (sum(times) < _PATIENCE and len(times) < _MOST):
        began, ended = (torch.cuda.Event(enable_timing=True) for _ in range(2))
        began.record()
        graph.replay()
        ended.record()
        ended.synchronize()
        times.append(began.elapsed_time(ended) / 1e3)
    return statistics.median(times)


def _captured(run: Callable[[], None]) -> torch.cuda.CUDAGraph:
    aside = torch.cuda.Stream()
    aside.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(aside):
        run()
    torch.cuda.current_stream().wait_stream(aside)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        run()
    return graph


# --- the file --------------------------------------------------------------------------------


def _key(device: torch.device, card: Card | None) -> str:
    """Everything whose change makes a measurement stale."""
    if card is None:
        return f"{processor.name()}, {torch.get_num_threads()} threads, torch {torch.__version__}"
    return f"{card.name}, driver {_driver()}, torch {torch.__version__}"


def _driver() -> str:
    """The version of the card's driver, as far as it can be asked."""
    try:
        import pynvml
    except ImportError:
        return "unknown"
    try:
        pynvml.nvmlInit()
        return str(pynvml.nvmlSystemGetDriverVersion())
    except pynvml.NVMLError:
        return "unknown"


def _complete(timings: Timings, card: Card | None) -> bool:
    return all(set(ROWS) <= set(timings.microseconds.get(name, {})) for name in formats(card))
