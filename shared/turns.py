"""Whose turn it is in a queue: the rule of `lua/take.lua`, for those who estimate.

The job at the head goes first, unless it needs a checkpoint that is not loaded and one of the next
`WINDOW` needs one that is: that one saves a swap by going before it. Why nobody starves:

- The patience of a head runs from the moment it is first overtaken; when it is at its end, the head
  goes, whatever is loaded. So each job before another can hold it up for that long, and one more
  job that was begun meanwhile, and nobody who comes later can do so again. Patience that ran from
  the submission would be used up in any long queue, which is where swaps hurt most.
- A job that needs nothing never overtakes: after the swap it runs as well. At the head it goes.
- The queues keep their order: a batch job overtakes no interactive one.
"""

from collections.abc import Collection
from dataclasses import dataclass

WINDOW = 64
"""Jobs of a queue that are looked at; a queue holds hundreds, and the script blocks Redis."""


@dataclass
class Waiting:
    """A job in a queue."""

    id: str
    needs: str
    overtaken_at: float | None = None
    """Unix seconds."""


def take(lane: list[Waiting], loaded: Collection[str], now: float, patience: float) -> Waiting:
    """Remove the next job of a queue that is not empty; who is overtaken remembers since when."""
    return lane.pop(_choice(lane, loaded, now, patience))


def _choice(lane: list[Waiting], loaded: Collection[str], now: float, patience: float) -> int:
    head = lane[0]
    if patience <= 0 or not loaded or not _can_wait(head, loaded, now, patience):
        return 0
    fitting = (place for place, job in enumerate(lane[:WINDOW]) if job.needs in loaded)
    found = next(fitting, 0)
    if found and head.overtaken_at is None:
        head.overtaken_at = now
    return found


def _can_wait(head: Waiting, loaded: Collection[str], now: float, patience: float) -> bool:
    if not head.needs or head.needs in loaded:
        return False
    return head.overtaken_at is None or now - head.overtaken_at < patience
