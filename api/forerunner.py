"""The output that a pipeline takes lines over from: the one that has most of those it wants."""

from api.deps import Context
from shared.errors import Conflict, RecordDamaged, UnknownOutput
from shared.plans import exchange
from shared.requests.pipeline import Pipeline
from shared.stores import takes
from shared.stores.listing import Query

_LOOKED_AT = 20
"""Outputs of the same pipeline, the latest first: an edited document was sent not long ago."""


def with_forerunner(here: Context, request: Pipeline, plan: bytes) -> Pipeline:
    """The request with the output that it continues, unless it says which, or wants none.

    What is taken over is decided by the worker, line by line.
    """
    if request.continues or request.fresh:
        return request
    made = exchange.loads(plan)
    wanted = {line.key(request.sampling, request.size) for line in made.lines}
    found = here.index.search(Query(task=request.name, limit=_LOOKED_AT)).items
    shared = {output.id: len(wanted & _keys(here, output.id)) for output in found}
    best = max(shared, key=lambda run: shared[run], default="")  # the latest of equals
    return request.model_copy(update={"continues": best}) if best and shared[best] else request


def _keys(here: Context, run: str) -> set[str]:
    """What the output has of each line; nothing of one that was deleted, or cannot be read."""
    try:
        table = takes.table_of(here.outputs, run)
    except (Conflict, RecordDamaged, UnknownOutput):
        return set()
    return {row.key for row in table.lines if row.state == "spoken"}
