"""What a process of the benchmark is told to do, and what it tells."""

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from worker.engine.bench.report import Agreed, Contender, Endurance, Operations, Speed


class Job(BaseModel):
    """One process: an engine of its own, with threads and memory that nobody shares."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    task: Literal["speed", "agreement", "endurance"]
    contender: Contender
    folder: Path
    """The checkpoint."""
    out: Path
    """Where to tell; written anew after each step, so that a death loses little."""
    device: str
    threads: int
    chunks: int
    batches: tuple[int, ...] = (1,)
    """In the order in which they are measured; the first always is."""
    seconds: float = 0.0
    """After which no further batch is begun."""
    count: bool = False
    """Whether operations are counted as well."""
    generations: tuple[int, ...] = ()
    """After how many of them memory is looked at."""


class Told(BaseModel):
    """What is known so far."""

    load_seconds: float | None = None
    speeds: list[Speed] = []
    operations: Operations | None = None
    codes: dict[int, list[list[list[int]]]] = {}
    """Greedy ones by batch: [rows][frames][16]."""
    skipped: list[int] = []
    agreement: list[Agreed] = []
    endurance: Endurance | None = None
    failure: str = ""

    def tell(self, out: Path) -> None:
        """Leave it where the other process looks for it."""
        out.write_text(self.model_dump_json(), encoding="utf-8")
