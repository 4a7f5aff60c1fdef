"""The performer of `narration`: the lines of its plan, one after the other."""

from collections.abc import Generator

from shared.requests.narration import Narration
from worker.performing import Piece, Studio, performs
from worker.reading import read_plan


@performs(Narration)
def narration(request: Narration, studio: Studio) -> Generator[Piece]:
    """Speak the plan, then make the audiobook."""
    yield from read_plan(request, studio)
