"""The performer of `script`: the lines of its plan, one after the other."""

from collections.abc import Generator

from shared.requests.script import Script
from worker.performing import Piece, Studio, performs
from worker.reading import read_plan


@performs(Script)
def script(request: Script, studio: Studio) -> Generator[Piece]:
    """Speak the plan, then make the mix and its tracks."""
    yield from read_plan(request, studio)
