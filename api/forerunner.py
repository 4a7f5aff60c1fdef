"""The output that a pipeline takes lines over from: the one that has most of those it wants."""

from typing import Literal

from pydantic import BaseModel, ValidationError

from api.deps import Context
from shared.errors import UnknownFile, UnknownJob, UnknownOutput
from shared.plans import exchange
from shared.plans.table import LINES
from shared.requests.pipeline import Pipeline
from shared.stores.listing import Query

_LOOKED_AT = 20
"""Outputs of the same pipeline, the latest first: an edited document was sent not long ago."""
_WHOLE = 1 << 28
"""More bytes than a table has."""


class _Row(BaseModel):
    """What is asked of a line; a table has much more, which would take long to read."""

    key: str
    state: Literal["spoken", "failed"]


class _Table(BaseModel):
    lines: list[_Row]


def with_forerunner(here: Context, request: Pipeline, plan: bytes) -> Pipeline:
    """The request with the output that it continues, unless it says which, or wants none.

    What is taken over is decided by the worker, line by line. Raises UnknownOutput for one that is
    named and not there.
    """
    if request.continues:
        _require_there(here, request.continues)
    if request.continues or request.fresh:
        return request
    made = exchange.loads(plan)
    wanted = {line.key(request.sampling, request.size) for line in made.lines}
    best, most = "", 0
    for output in here.index.search(Query(task=request.name, limit=_LOOKED_AT)).items:
        shared = len(wanted & _keys(here, output.id))
        if shared > most:  # the latest of equals
            best, most = output.id, shared
        if most == len(wanted):
            break
    return request.model_copy(update={"continues": best}) if best else request


def _require_there(here: Context, run: str) -> None:
    """It is an output, or a job that has become none yet. Raises UnknownOutput."""
    if here.outputs.finished(run):
        return
    try:
        here.queue.get(run)
    except UnknownJob as error:
        raise UnknownOutput("There is no job or output of that id.", param="continues") from error


def _keys(here: Context, output: str) -> set[str]:
    """What the output has of each line; nothing of one that was deleted, or cannot be read."""
    try:
        table = _Table.model_validate_json(here.outputs.read(output, LINES, 0, _WHOLE))
    except (UnknownFile, UnknownOutput, ValidationError):
        return set()
    return {row.key for row in table.lines if row.state == "spoken"}
