"""From the codes of a chunk to sound on the host, while the frames after it are made."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from shared.audio.codes import CODEBOOKS, CODES, FRAME_SAMPLES
from shared.audio.pcm import Samples
from worker.engine.protocol import Watch
from worker.engine.qwen3.codec.decoder import Decoder
from worker.engine.qwen3.codec.state import State
from worker.engine.qwen3.graphs import Graphs
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.running import RAMP, ROWS, batches, rounded
from worker.engine.qwen3.source import Chunk

_PATIENCE = 0.0005
"""Seconds between two looks at the device: a frame of the fastest takes ten times as long."""


@dataclass
class Harvest:
    """A chunk on its way to the host; all but `count` may be read once `wait` has returned."""

    count: int
    """Frames of each row."""
    _tensors: tuple[Tensor, ...]
    _ready: Callable[[], bool]

    def wait(self, watch: Watch) -> None:
        """Until the device has made it, asking whether it is still wanted.

        Raises what `watch` raises, and what torch raises for a device that failed.
        """
        watch()
        while not self._ready():
            time.sleep(_PATIENCE)
            watch()

    @property
    def codes(self) -> NDArray[np.int64]:
        """[rows, count, 16]"""
        return self._tensors[0].numpy()

    @property
    def audio(self) -> Samples:
        """[rows, count * 1920]"""
        return self._tensors[1].numpy()

    @property
    def ended(self) -> NDArray[np.int64]:
        """The frame at which each row ended, far away where it has not."""
        return self._tensors[2].numpy()

    @property
    def finite(self) -> NDArray[np.bool_]:
        """False for rows that met a value that is not finite."""
        return self._tensors[3].numpy()


class Harvester:
    """A codec for each slot; on CUDA they work on a stream of their own, beside the talker's."""

    def __init__(self, decoder: Decoder, device: torch.device, graphs: Graphs, chunk: int) -> None:
        """`chunk` is the most frames of one harvest."""
        self._decoder = decoder
        self._device = device
        self._graphs = graphs
        self._chunk = chunk
        self._stream = torch.cuda.Stream(device) if device.type == "cuda" else None
        self._make(1)

    def require(self, rows: int) -> None:
        """Have a codec for each of so many slots."""
        if self._state.rows < rows:
            self._remake(rows)

    def prepare(self, rows: int, progress: Callable[[str], None]) -> None:
        """Meet every shape once, so that no listener waits for it."""
        self.require(rows)
        for size in batches(rows):
            progress(f"capturing the codec of {size} {'rows' if size > 1 else 'row'}")
            with torch.cuda.stream(self._stream):
                for count in RAMP:
                    self._graphs.run(("codec", size, count), partial(self._decode, size, count))

    def admit(self, slot: int, row: Row) -> None:
        """Let the codec of a slot begin as a row does, or go on where it stands."""
        with torch.cuda.stream(self._stream):
            self._state.reset([slot])
            if row.warmed is not None:
                self._state.load_row(slot, row.warmed)
            elif row.reference is not None:
                self._replay(slot, row.reference)
            self._replay(slot, row.codes)

    def move(self, source: int, target: int) -> None:
        with torch.cuda.stream(self._stream):
            self._state.copy_row(source, target)

    def launch(self, chunk: Chunk) -> Harvest:
        """Decode a chunk of the first slots."""
        made = (chunk.codes, chunk.ended, chunk.finite)
        if self._stream is None:
            return self._decoded(*made)
        begun = torch.cuda.current_stream(self._device).record_event()
        with torch.cuda.stream(self._stream):
            self._stream.wait_event(begun)
            for tensor in made:
                tensor.record_stream(self._stream)
            return self._decoded(*made)

    def describe(self) -> str:
        """`captured`, or `eager` and why."""
        return self._graphs.describe()

    def forget(self) -> None:
        """Give the codecs' memory back."""
        self._remake(1)

    def _remake(self, rows: int) -> None:
        if self._stream is not None:
            # What is under way still writes into the memory that is given back.
            self._stream.synchronize()
        self._graphs.forget()
        self._make(rows)

    def _make(self, rows: int) -> None:
        """Everything on the codec's own stream, whose order keeps it apart."""
        with torch.cuda.stream(self._stream):
            self._state = self._decoder.state(rows)
            shape = (rows, CODEBOOKS, self._chunk)
            self._codes = torch.zeros(shape, dtype=torch.long, device=self._device)
            samples = (rows, self._chunk * FRAME_SAMPLES)
            self._audio = torch.zeros(samples, dtype=torch.float32, device=self._device)

    def _decoded(self, codes: Tensor, ended: Tensor, finite: Tensor) -> Harvest:
        rows, count = codes.shape[:2]
        # A row that has ended may hold ids that are no codes; nobody hears them.
        self._codes[:rows, :, :count] = codes.clamp(max=CODES - 1).transpose(1, 2)
        # Rows that nobody speaks in are decoded too where that saves a graph; they begin anew.
        width = min(rounded(rows, ROWS), self._state.rows) if self._graphs.static else rows
        self._graphs.run(("codec", width, count), lambda: self._decode(width, count))
        audio = self._audio[:rows, : count * FRAME_SAMPLES]
        finite = finite & torch.isfinite(audio.sum(1))
        if self._stream is None:
            return Harvest(count, (codes, audio.clone(), ended, finite), lambda: True)
        there = tuple(_fetched(tensor) for tensor in (codes, audio, ended, finite))
        return Harvest(count, there, self._stream.record_event().query)

    def _decode(self, rows: int, count: int) -> None:
        state = self._state.prefix(rows)
        sound = self._decoder.decode(self._codes[:rows, :, :count], state)
        self._audio[:rows, : count * FRAME_SAMPLES] = sound

    def _replay(self, slot: int, codes: NDArray[np.int64]) -> None:
        if len(codes):
            heard = torch.from_numpy(codes).to(self._device).t()[None]
            self._decoder.decode(heard, self._row(slot))

    def _row(self, slot: int) -> State:
        """One row of the state, sharing its memory."""
        state = self._state
        rows = slice(slot, slot + 1)
        return State(tuple(past[rows] for past in state.pasts), state.heard[rows])


def _fetched(tensor: Tensor) -> Tensor:
    """A copy in pinned memory, on its way; a plain one would stop the host until it is there."""
    there = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True)
    return there.copy_(tensor, non_blocking=True)
