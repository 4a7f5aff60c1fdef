"""Exponential noise for the draws, addressed by seed, frame, codebook and rank.

A code is drawn by an exponential race: with E ~ Exp(1) for every candidate, independently, the
candidate of the largest p / E is distributed as p, since E / p is the time of the first event at
rate p and the earliest of all is i with probability p_i. `torch.multinomial` draws one sample in
the same way. The noise belongs to ranks (the likeliest candidate is rank 0), so that most draws
need few numbers.

The numbers of a row come from its seed alone, through a counter-based generator on the CPU
(Philox 4x64; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). Device,
batch, place in the batch and the moment of making do not reach them.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

CODEBOOKS = 16
NARROW = 64
"""Candidates of a narrow draw: enough for the top 50 of the released checkpoints."""
WIDE = 2049
"""Candidates of a wide draw: every code, and the end of speech."""
FRAMES = 16
"""Frames made by one call."""
RING = 2 * FRAMES
"""Frames on the device: the block that is read and the one after it."""


def block(seed: int, index: int, wide: bool = False) -> NDArray[np.float32]:
    """The noise of frames `index * FRAMES` and following: [FRAMES, CODEBOOKS, NARROW or WIDE].

    A seed is 0 to 2**63 - 1. The first NARROW ranks are the same in both widths.
    """
    near = _exponentials(seed, index, 0, NARROW)
    return np.concatenate((near, _extension(seed, index)), axis=-1) if wide else near


def _extension(seed: int, index: int) -> NDArray[np.float32]:
    return _exponentials(seed, index, 1, WIDE - NARROW)


def _exponentials(seed: int, index: int, part: int, width: int) -> NDArray[np.float32]:
    """Finite and above zero: -log of the middles of 2**32 equal steps from 0 to 1.

    The generator's bits are fixed by its definition, whereas numpy's own distributions may change
    with its version; the logarithm is taken in double precision, where processors differ by less
    than what rounding to single precision drops.
    """
    # The generator counts in the low words of its counter; the high ones are the address.
    counter = np.array([0, 0, index, part], dtype=np.uint64)
    generator = np.random.Philox(key=np.array([seed, 0], dtype=np.uint64), counter=counter)
    shape = (FRAMES, CODEBOOKS, width)
    bits = generator.random_raw(FRAMES * CODEBOOKS * width // 2).astype("<u8", copy=False)
    steps = bits.view("<u4").astype(np.float64)
    steps += 0.5
    steps *= 2.0**-32
    return np.negative(np.log(steps, out=steps)).astype(np.float32).reshape(shape)


@dataclass
class _Row:
    seed: int
    wide: bool
    newest: int = -1
    """The last block on its way to the device."""


class Noise:
    """The noise of `rows` rows around the frames that they are at, in static device memory.

    Every call works on the current stream. Frames that read the ring must run on the same one:
    its order keeps a block from being overwritten while an earlier frame still reads it.
    """

    def __init__(self, rows: int, device: torch.device | str = "cpu") -> None:
        # Ones: a row that is not in use must not divide by zero.
        self._near = torch.ones(rows, RING, CODEBOOKS, NARROW, device=device)
        self._far: Tensor | None = None
        self._order = torch.arange(rows, device=device)
        self._rows: dict[int, _Row] = {}

    def widen(self) -> None:
        """Have memory for wide draws (4 MB a row): before the first wide graph is captured."""
        if self._far is None:
            rows, width = len(self._order), WIDE - NARROW
            self._far = self._near.new_ones(rows, RING, CODEBOOKS, width)

    def begin(self, row: int, seed: int, wide: bool = False) -> None:
        """Start a row at frame 0; `wide` if its own draws reach beyond the NARROW likeliest."""
        if wide:
            self.widen()
        self._rows[row] = _Row(seed, wide)
        self.advance(row, 0)

    def advance(self, row: int, frame: int) -> None:
        """Call before each frame of a row is launched: sends its next block in good time.

        Rows that began together take turns over the frames of a block.
        """
        entry = self._rows[row]
        due = (frame - row % FRAMES) // FRAMES + 1
        while entry.newest < due:
            entry.newest += 1
            self._send(row, entry)

    def move(self, source: int, target: int) -> None:
        """Continue the row at `source` at `target`."""
        self._rows[target] = self._rows.pop(source)
        self._near[target].copy_(self._near[source])
        if self._far is not None and self._rows[target].wide:
            self._far[target].copy_(self._far[source])

    def take(self, frame: Tensor, wide: bool = False) -> Tensor:
        """Noise [B, CODEBOOKS, NARROW or WIDE] of the first B rows, at frames `frame` [B] (int64).

        For use inside a graph. A wide one holds noise of its own for rows begun as wide only;
        `sampling.draw` uses no more of the others.
        """
        order, slot = self._order[: len(frame)], frame % RING
        near = self._near[order, slot]
        if not wide:
            return near
        if self._far is None:
            raise RuntimeError("Noise.widen() comes before the first wide draw.")
        return torch.cat((near, self._far[order, slot]), dim=-1)

    def _send(self, row: int, entry: _Row) -> None:
        _copy(block(entry.seed, entry.newest), self._near[row], entry.newest)
        if self._far is not None and entry.wide:
            _copy(_extension(entry.seed, entry.newest), self._far[row], entry.newest)


def _copy(numbers: NDArray[np.float32], ring: Tensor, index: int) -> None:
    start = index * FRAMES % RING
    source = torch.from_numpy(numbers)
    if ring.is_cuda:
        # Pinned memory is cached by torch, and given out again only when the copy is done.
        source = source.pin_memory()
    ring[start : start + FRAMES].copy_(source, non_blocking=True)
