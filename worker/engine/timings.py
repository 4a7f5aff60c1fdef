"""How long matrix products take on a device, by number format and number of rows."""

from typing import Literal, get_args

from pydantic import BaseModel, ConfigDict, PositiveFloat

Format = Literal["fp32", "fp16", "bf16", "int8"]
"""Formats of weights, the most exact first; `int8` is theirs alone, with a scale for each row."""

ROWS = (1, 2, 4, 8, 16, 32)
"""Batches that are timed."""
TOLERABLE = 2.0
"""How much longer than one row a batch may take: beyond it, one listener waits for the others."""


class Timings(BaseModel):
    """Medians for the product of some rows and a matrix of 1024 x 3072 that no cache holds."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    microseconds: dict[Format, dict[int, PositiveFloat]]
    disturbed: bool = False
    """Whether others computed meanwhile: then nothing is decided by these times."""

    @property
    def formats(self) -> list[Format]:
        """Those that were timed, the most exact first."""
        return [name for name in get_args(Format) if name in self.microseconds]

    def speedup(self, name: Format, over: Format = "fp32", rows: int = 1) -> float | None:
        """How many times as fast as another format; None where not both were timed undisturbed."""
        if self.disturbed:
            return None
        mine, other = (self.microseconds.get(it, {}).get(rows) for it in (name, over))
        return other / mine if mine and other else None

    def fastest_batch(self, name: Format) -> int:
        """The most rows that take hardly longer than one; 1 where none were timed undisturbed."""
        times = {} if self.disturbed else self.microseconds.get(name, {})
        fit = [rows for rows, time in times.items() if time <= TOLERABLE * times[min(times)]]
        return max(fit, default=1)
