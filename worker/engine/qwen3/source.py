"""Where the frames of a batch come from: the model, or codes that it drew before."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from shared.audio.codes import CODEBOOKS
from worker.engine.faults import not_finite
from worker.engine.protocol import Watch
from worker.engine.qwen3.codes import Batch
from worker.engine.qwen3.frame import Draws
from worker.engine.qwen3.language_model import LanguageModel
from worker.engine.qwen3.row import Row
from worker.engine.qwen3.running import RAMP, Runner
from worker.engine.qwen3.slots import NEVER, Slots


@dataclass(frozen=True)
class Chunk:
    """Frames of several rows, on the device; nothing writes to these tensors any more."""

    codes: Tensor
    """[rows, frames, 16]; those of a row that has ended may be anything."""
    ended: Tensor
    """The frame at which each row ended, far away where it has not: [rows]."""
    finite: Tensor
    """False for rows that met a value that is not finite: [rows]."""


class Source(Protocol):
    """Makes the frames of the rows in slots 0, 1, 2 and so on."""

    def require(self, rows: int) -> None:
        """Have slots for so many rows; no row is admitted yet."""
        ...

    def admit(self, slot: int, row: Row) -> None:
        """Let a row begin in a slot, or go on from the codes that it has."""
        ...

    def make(self, rows: Sequence[Row], count: int, watch: Watch) -> Chunk:
        """The next frames of the rows, which stand in the first slots. Calls `watch` for each."""
        ...

    def move(self, source: int, target: int) -> None:
        """Let what is spoken in one slot go on in another."""
        ...

    def harden(self) -> None:
        """Go on in a format that cannot overflow. Raises EngineFailed if this one cannot."""
        ...

    def forget(self) -> None:
        """Give the slots and their memory back."""
        ...

    def close(self) -> None:
        """The batch is over."""
        ...


class Generation:
    """Frames that the model draws."""

    def __init__(
        self,
        model: LanguageModel,
        runner: Runner,
        rows: Sequence[Row],
        overshoot: int,
        rescue: Callable[[LanguageModel], LanguageModel],
    ) -> None:
        """`rows` are all that will come, each of them up to `overshoot` frames too far; `rescue`
        gives a model's weights in formats that overflow later, or not at all."""
        self._model = model
        self._runner = runner
        self._positions = max(row.capacity for row in rows) + overshoot
        self._trailing = max(len(row.prompt.trailing) for row in rows)
        self._rescue = rescue
        self._hardened = False
        self._made: dict[Row, int] = {}
        self._slots: Slots | None = None

    def require(self, rows: int) -> None:
        self._slots = self._runner.slots(
            self._model,
            rows=rows,
            positions=self._positions,
            trailing=self._trailing,
            chunk=RAMP[-1],
        )

    def admit(self, slot: int, row: Row) -> None:
        inputs, trailing = self._model.inputs(row.prompt, row.x_vector, row.codes)
        self._present.admit(slot, inputs, trailing, row.utterance.sampling, row.seed, row.codes)
        self._made[row] = row.frames

    def make(self, rows: Sequence[Row], count: int, watch: Watch) -> Chunk:
        slots = self._present
        draws = Draws.of(row.utterance.sampling for row in rows)
        longest = max(row.prompt.length + self._made[row] for row in rows)
        slots.cursor.zero_()
        for frame in range(count):
            watch()
            for slot, row in enumerate(rows):
                slots.noise.advance(slot, self._made[row] + frame)
            self._runner.advance(slots, len(rows), longest + frame + 1, draws)
        for row in rows:
            self._made[row] += count
        return taken(slots, len(rows), count)

    def move(self, source: int, target: int) -> None:
        self._present.move(source, target)

    def harden(self) -> None:
        if self._model.exact_throughout:
            raise not_finite()
        self._model = self._rescue(self._model)
        self._hardened = True

    @property
    def _present(self) -> Slots:
        if self._slots is None:
            raise RuntimeError("Source.require() comes first.")
        return self._slots

    def forget(self) -> None:
        # The memory is wanted back at once: nothing may hold on to the slots.
        self._slots = None
        self._runner.forget()

    def close(self) -> None:
        """Slots of a model that was there for this batch alone hold on to its weights."""
        if self._hardened:
            self._runner.forget()


class Recall:
    """Frames that are known; told chunk by chunk as they once came, they make the same sound.

    In other chunks the codec would round differently, by less than can be heard and more than an
    attempt that goes on where another was heard may differ.
    """

    def __init__(self, known: Batch, device: torch.device) -> None:
        """`known` is what was drawn for the same batch."""
        self._known = known
        self._device = device
        self._made: dict[Row, int] = {}

    def require(self, rows: int) -> None:
        """Nothing is computed."""

    def admit(self, slot: int, row: Row) -> None:
        self._made[row] = row.frames

    def make(self, rows: Sequence[Row], count: int, watch: Watch) -> Chunk:
        watch()
        codes = np.zeros((len(rows), count, CODEBOOKS), np.int64)
        for slot, row in enumerate(rows):
            told = self._known[row.index].codes[self._made[row] :][:count]
            codes[slot, : len(told)] = told
            self._made[row] += count
        ended = torch.tensor([self._end(row) for row in rows], device=self._device)
        finite = torch.ones(len(rows), dtype=torch.bool, device=self._device)
        return Chunk(torch.from_numpy(codes).to(self._device), ended, finite)

    def _end(self, row: Row) -> int:
        known = self._known[row.index]
        return len(known.codes) if known.ended else NEVER

    def move(self, source: int, target: int) -> None:
        """Rows know where they are."""

    def harden(self) -> None:
        """Codes are whole numbers."""
        raise not_finite()

    def forget(self) -> None:
        """There is nothing to give back."""

    def close(self) -> None:
        """There is nothing to close."""


def taken(slots: Slots, rows: int, count: int) -> Chunk:
    """A copy of what the slots hold of the chunk: the next one is written over it."""
    return Chunk(
        slots.codes[:rows, :count].clone(),
        slots.ended[:rows].clone(),
        slots.finite[:rows].clone(),
    )
