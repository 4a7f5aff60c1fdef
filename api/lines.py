"""`/v1/outputs/{id}/lines`: what a pipeline has spoken, line by line, and further takes of it."""

from concurrent.futures import TimeoutError as NotYet
from contextlib import suppress
from functools import partial
from io import BytesIO
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response, status

from api.admission import Sender, admit
from api.deps import Context, Here
from shared import receiving
from shared.jobs import JobView, links
from shared.plans import retake
from shared.plans.directory import Directory
from shared.plans.plan import Line, Plan
from shared.plans.retake import Designed, Retake
from shared.plans.table import LineRow, LineTable
from shared.requests import contract
from shared.requests.pipeline import Pipeline
from shared.requests.role import Role
from shared.stores import takes
from shared.views import AssemblyView, Choice, LinePage, LineView, TakeView

router = APIRouter(prefix="/v1/outputs/{id}/lines", tags=["lines"])

_AT_ONCE = 3.0
"""Seconds for which a choice waits for the recording, which is enough for a short one."""
_WHOLE = 1 << 30


@router.get("", summary="Look at the lines of an output")
def find(
    id: str,
    here: Here,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> LinePage:
    """Lines in order from the one after `after`, with the takes of each."""
    plan, table = _opened(here, id)
    rows = [row for row in table.lines if row.number > after]
    return _page(here, id, plan, table, rows[:limit], more=len(rows) > limit)


@router.get("/{number}", summary="Look at one line")
def look(id: str, number: int, here: Here) -> LineView:
    """A line with its takes."""
    plan, table = _opened(here, id)
    return _line(id, plan.by_number[number], table.row(number))


@router.post("/{number}/takes", status_code=status.HTTP_202_ACCEPTED, summary="Speak a line again")
def speak_again(
    id: str, number: int, wanted: Retake, request: Request, response: Response, here: Here
) -> JobView:
    """One take more of a line, as a job of its own; it is heard once it is chosen."""
    plan, table = _opened(here, id)
    row, line = table.row(number), plan.by_number[number]
    made = _pipeline(here, id)
    role = retake.role_for(wanted, line, Directory.of(here.library))
    seed = retake.seed_for(wanted, line, len(row.takes))
    designed = _designed(here, id, plan, table, role)
    task, body = retake.task_for(wanted, role, seed, line, made, designed)
    resolve = partial(here.resolution.resolve, contract(task), body)
    sender = Sender(request.state.client, "interactive", line=f"{id}/{number}")
    record, _ = admit(here, contract(task), resolve, sender)
    root = request.scope.get("root_path", "")
    response.headers["Location"] = root + links(record.id, record.task)["self"]
    return here.queue.describe(record)


@router.patch("/{number}", summary="Choose the take of a line that is heard")
def choose(id: str, number: int, choice: Choice, here: Here) -> LinePage:
    """The recording follows, without the engine: `assembly` says when it is done."""
    _opened(here, id)
    table = takes.choose(here.outputs, id, number, choice.take)
    if table.revision != table.assembled:
        with suppress(NotYet):  # whoever looks later is told of a long one
            here.assembling.begin(id).exception(_AT_ONCE)
    plan, table = _opened(here, id)
    return _page(here, id, plan, table, [table.row(number)], more=False)


def _opened(here: Context, run: str) -> tuple[Plan, LineTable]:
    here.index.get(run)
    return takes.plan_of(here.outputs, run), takes.table_of(here.outputs, run)


def _pipeline(here: Context, run: str) -> Pipeline:
    recipe = here.index.recipe(run)
    found = contract(recipe.task).parse(recipe.request)
    if not isinstance(found, Pipeline):
        raise takes.without_lines()
    return found


def _designed(
    here: Context, run: str, plan: Plan, table: LineTable, role: Role
) -> Designed | None:
    """A designed voice as an upload: a task may clone it as any other."""
    if role.description is None or role.description not in table.voices:
        return None
    data = here.outputs.read(run, table.voices[role.description], 0, _WHOLE)
    upload = receiving.receive("reference", BytesIO(data), here.settings, here.uploads)
    return Designed(upload.id, plan.language)


def _page(
    here: Context, run: str, plan: Plan, table: LineTable, rows: list[LineRow], *, more: bool
) -> LinePage:
    state, error = here.assembling.state(run, table.revision != table.assembled)
    return LinePage(
        output=run,
        task=plan.task,
        lines=len(table.lines),
        items=[_line(run, plan.by_number[row.number], row) for row in rows],
        next=rows[-1].number if more else None,
        assembly=AssemblyView(state=state, error=error),
        pending=_pending(here, run),
    )


def _pending(here: Context, run: str) -> dict[str, int]:
    """Jobs that make a take of a line of this output at present, with its number."""
    wanted = [record for record in here.queue.active() if record.line.startswith(f"{run}/")]
    return {record.id: int(record.line.partition("/")[2]) for record in wanted}


def _line(run: str, line: Line, row: LineRow) -> LineView:
    return LineView(
        number=line.number,
        text=row.take.text if row.take else line.text,
        said=row.take.said if row.take else line.said,
        speaker=line.speaker,
        role=row.take.role if row.take else line.role,
        language=line.language,
        chapter=line.chapter,
        slot=line.slot,
        id=line.where.id,
        state=row.state,
        why=row.why,
        start=row.start,
        end=row.end,
        chosen=row.chosen,
        taken_over=row.taken_over,
        takes=[
            TakeView(
                **take.model_dump(exclude={"sounding", "heard"}),
                audio=f"/v1/outputs/{run}/files/{take.file}",
            )
            for take in row.takes
        ],
    )
