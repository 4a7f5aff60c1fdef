"""The performer of `npc_pack`: the lines of its plan, one after the other."""

from collections.abc import Generator

from shared.requests.npc_pack import NpcPack
from worker.performing import Piece, Studio, performs
from worker.reading import read_plan


@performs(NpcPack)
def npc_pack(request: NpcPack, studio: Studio) -> Generator[Piece]:
    """Speak the plan, then make the pack."""
    yield from read_plan(request, studio)
