"""What the decoder remembers of each row between two calls: the past of every layer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

import torch
from torch import Tensor


class Layout:
    """The pasts that the layers of one decoder ask for while it is built."""

    def __init__(self) -> None:
        self._pasts: list[tuple[int, int]] = []

    def add(self, steps: int, channels: int) -> int:
        """The place of a past of so many time steps."""
        self._pasts.append((steps, channels))
        return len(self._pasts) - 1

    def state(self, rows: int, dtype: torch.dtype, device: torch.device | str) -> "State":
        """The state of rows that have heard nothing yet."""
        pasts = tuple(torch.zeros(rows, *past, dtype=dtype, device=device) for past in self._pasts)
        return State(pasts, torch.zeros(rows, dtype=torch.long, device=device))


@dataclass(frozen=True)
class State:
    """Static tensors, one row of each for every row of a batch; all are changed in place."""

    pasts: tuple[Tensor, ...]
    """Per layer: the inputs that it looks back on, [rows, steps, channels]; zero, none yet."""
    heard: Tensor
    """Frames that each row has decoded, [rows]."""

    @property
    def rows(self) -> int:
        return self.heard.shape[0]

    @property
    def nbytes(self) -> int:
        return sum(tensor.nbytes for tensor in self._tensors)

    @property
    def _tensors(self) -> tuple[Tensor, ...]:
        return (*self.pasts, self.heard)

    def prefix(self, rows: int) -> "State":
        """The first rows, sharing memory."""
        return State(tuple(past[:rows] for past in self.pasts), self.heard[:rows])

    def reset(self, rows: Sequence[int]) -> None:
        """Let rows begin anew."""
        # Row by row: an index made on the host would first wait for all that the device has to do.
        for tensor, row in product(self._tensors, rows):
            tensor[row].zero_()

    def copy_row(self, source: int, target: int) -> None:
        for tensor in self._tensors:
            tensor[target].copy_(tensor[source])

    def save_row(self, row: int) -> "State":
        """A copy of one row, as a state of that row alone."""
        return State(
            tuple(past[row : row + 1].clone() for past in self.pasts),
            self.heard[row : row + 1].clone(),
        )

    def load_row(self, row: int, saved: "State") -> None:
        """Let a row go on where a saved one stopped."""
        for tensor, kept in zip(self._tensors, saved._tensors, strict=True):
            tensor[row].copy_(kept[0])

    def named(self) -> dict[str, Tensor]:
        """Its tensors by name, in main memory, to be kept in a file."""
        pasts = {f"past.{place}": past.cpu() for place, past in enumerate(self.pasts)}
        return {**pasts, "heard": self.heard.cpu()}

    @staticmethod
    def of(named: Mapping[str, Tensor]) -> "State":
        """The state that `named` gave. Raises KeyError."""
        pasts = tuple(named[f"past.{place}"] for place in range(len(named) - 1))
        return State(pasts, named["heard"])


@dataclass(frozen=True)
class Advance:
    """One step of a state through time: what the layers hear, and what they keep of it."""

    state: State
    frames: int
    lengths: Tensor | None
    """Frames that each row takes, [rows], on the device; all of them where it is None."""

    def extend(self, place: int, fresh: Tensor) -> Tensor:
        """A layer's past followed by its fresh input, [rows, past + time, channels]."""
        window, space = self.open(place, fresh.shape[1])
        space.copy_(fresh)
        self.keep(place, window)
        return window

    def open(self, place: int, time: int) -> tuple[Tensor, Tensor]:
        """A layer's past with space behind it, and that space, which the caller fills."""
        past = self.state.pasts[place]
        rows, steps, channels = past.shape
        window = past.new_empty(rows, steps + time, channels)
        window[:, :steps] = past
        return window, window[:, steps:]

    def keep(self, place: int, window: Tensor) -> None:
        """Remember the end of what each row has really heard."""
        past = self.state.pasts[place]
        past.copy_(self._end(window, past.shape[1]))

    def finish(self) -> None:
        """Count the frames, after the last layer."""
        self.state.heard.add_(self.frames if self.lengths is None else self.lengths)

    def _end(self, window: Tensor, steps: int) -> Tensor:
        time = window.shape[1] - steps
        if self.lengths is None:
            return window[:, time:]
        start = self.lengths * (time // self.frames)
        index = start[:, None] + torch.arange(steps, device=window.device)
        return window.gather(1, index[..., None].expand(-1, -1, window.shape[2]))
