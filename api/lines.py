"""`/v1/outputs/{id}/lines`: what a pipeline has spoken, line by line, and further takes of it."""

import asyncio
from concurrent.futures import Future
from functools import partial
from io import BytesIO
from typing import Annotated, BinaryIO

from fastapi import APIRouter, Depends, Query, Request, Response, status
from starlette.concurrency import run_in_threadpool

from api import bodies
from api.admission import Sender, admit, known
from api.deps import Context, Here
from api.jobs import IdempotencyKey, idempotency_of, submitted, told
from api.sheets import Sheet
from api.sieve import Sieve
from shared.jobs import JobRecord, JobView
from shared.plans import retake
from shared.plans.directory import Directory
from shared.plans.retake import Designed, Retake
from shared.plans.table import LineRow
from shared.requests import contract
from shared.requests.role import Role
from shared.requests.voice_clone import VoiceClone
from shared.resolution import Files
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
    wanted: Annotated[Sieve, Depends()],
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = 200,
) -> LinePage:
    """Lines in order from the one after `after`, with the takes of each; filters narrow them, and
    `counts` tells how many lines of each kind the whole output has."""
    sheet = here.sheets.of(id)
    rows, found, more = wanted.page(sheet, after, limit)
    return _page(here, id, sheet, rows, found=found, more=more)


@router.get("/{number}", summary="Look at one line")
def look(id: str, number: int, here: Here) -> LineView:
    """A line with its takes."""
    sheet = here.sheets.of(id)
    return _line(id, sheet, sheet.find(number)[1])


@router.post(
    "/{number}/takes",
    status_code=status.HTTP_202_ACCEPTED,
    summary="Speak a line again",
    responses={200: {"model": JobView, "description": "The job of the first such request."}},
)
async def speak_again(
    id: str,
    number: int,
    wanted: Retake,
    request: Request,
    response: Response,
    here: Here,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """One take more of a line, as a job of its own; it is heard once it is chosen."""
    sent = ["take", id, number, wanted.model_dump(mode="json", exclude_unset=True)]
    idempotency = idempotency_of(idempotency_key, *sent)
    sender = Sender(
        request.state.client,
        "interactive",
        idempotency,
        line=f"{id}/{number}",
        speed=wanted.speed,
    )
    if record := await run_in_threadpool(known, here, sender):
        return await run_in_threadpool(told, here, record, request, response, new=False)
    role = await run_in_threadpool(_role, here, id, number, wanted)
    files = await bodies.examined(
        here, VoiceClone, await run_in_threadpool(_designed, here, id, role)
    )
    admitted = partial(_admitted, here, id, number, wanted, role, sender, files)
    return await run_in_threadpool(submitted, here, admitted, sender, request, response)


@router.patch("/{number}", summary="Choose the take of a line that is heard")
async def choose(id: str, number: int, choice: Choice, here: Here) -> LinePage:
    """The recording follows, without the engine: `assembly` says when it is done."""
    if begun := await run_in_threadpool(_chosen, here, id, number, choice.take):
        await _at_once(begun)
    return await run_in_threadpool(_shown, here, id, number)


def _role(here: Context, run: str, number: int, wanted: Retake) -> Role:
    """Who speaks the take. Raises UnknownOutput, UnknownLine, Conflict and UnknownVoice."""
    line, _ = here.sheets.of(run).find(number)
    return retake.role_for(wanted, line, Directory.of(here.library))


def _designed(here: Context, run: str, role: Role) -> dict[str, BinaryIO]:
    """The take of a designed voice, by field: a task may clone it as any recording."""
    name = here.sheets.of(run).table.voices.get(role.description or "")
    return {"reference": BytesIO(here.outputs.read(run, name, 0, _WHOLE))} if name else {}


def _admitted(
    here: Context,
    run: str,
    number: int,
    wanted: Retake,
    role: Role,
    sender: Sender,
    files: Files,
) -> tuple[JobRecord, bool]:
    sheet = here.sheets.of(run)
    line, row = sheet.find(number)
    pending = {job.seed for job in here.queue.retaking(run) if job.line == number}
    seed = retake.seed_for(wanted, line, pending | {take.seed for take in row.takes})
    made = takes.request_of(here.index.recipe(run))
    voice = files.get("reference")
    designed = Designed(voice.id, sheet.plan.language) if voice else None
    task, body = retake.task_for(wanted, role, seed, line, made, designed)
    resolve = partial(here.resolution.resolve, contract(task), body, files)
    return admit(here, contract(task), resolve, sender, files)


def _chosen(here: Context, run: str, number: int, take: int) -> Future[None] | None:
    """Let another take be heard; the assembly that follows, if one must."""
    here.sheets.of(run).find(number)
    table = takes.choose(here.outputs, run, number, take)
    return None if table.revision == table.assembled else here.assembling.begin(run)


async def _at_once(assembly: Future[None]) -> None:
    """Wait for a short assembly; of a long one, and of what went wrong, its state tells."""
    ending = asyncio.wrap_future(assembly)
    ending.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
    await asyncio.wait([ending], timeout=_AT_ONCE)


def _shown(here: Context, run: str, number: int) -> LinePage:
    """A page of one line."""
    sheet = here.sheets.of(run)
    return _page(here, run, sheet, [sheet.find(number)[1]], found=1, more=False)


def _page(
    here: Context, run: str, sheet: Sheet, rows: list[LineRow], *, found: int, more: bool
) -> LinePage:
    state, error = here.assembling.state(run, sheet.stale)
    return LinePage(
        output=run,
        task=sheet.plan.task,
        lines=len(sheet.table.lines),
        found=found,
        counts=sheet.counts,
        speakers=sheet.speakers,
        items=[_line(run, sheet, row) for row in rows],
        next=rows[-1].number if more else None,
        assembly=AssemblyView(state=state, error=error),
        pending={job.job: job.line for job in here.queue.retaking(run)},
    )


def _line(run: str, sheet: Sheet, row: LineRow) -> LineView:
    line = sheet.plan.by_number[row.number]
    return LineView(
        number=line.number,
        text=row.take.text if row.take else line.text,
        said=row.take.said if row.take else line.said,
        speaker=line.speaker,
        role=row.take.role if row.take else line.role,
        language=line.language,
        chapter=line.chapter,
        slot=line.slot,
        fit=sheet.fits.get(row.number),
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
