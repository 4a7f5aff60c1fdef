"""The performer of `subtitles`: the lines of its plan, one after the other."""

from collections.abc import Generator

from shared.requests.subtitles import Subtitles
from worker.performing import Piece, Studio, performs
from worker.reading import read_plan


@performs(Subtitles)
def subtitles(request: Subtitles, studio: Studio) -> Generator[Piece]:
    """Speak the plan, then make the mix that fits the film."""
    yield from read_plan(request, studio)
