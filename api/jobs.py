"""`/v1/jobs`: submit, look, cancel, again."""

from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_200_OK, HTTP_202_ACCEPTED

from api import bodies
from api.admission import Sender, admit, known
from api.deps import Context, Here
from shared.errors import (
    AlreadyEnded,
    Conflict,
    SpeechError,
    UnknownFile,
    UnknownJob,
    UnknownOutput,
)
from shared.jobs import JobRecord, JobView, links, moment
from shared.queue import Idempotency
from shared.requests import CONTRACTS, contract
from shared.requests.declared import Declared
from shared.states import JobState
from shared.stores.recipe import Recipe
from shared.views import JobPage

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Priority = Annotated[
    Literal["interactive", "batch"] | None,
    Query(description="Which queue; tasks are interactive and pipelines batch unless said here."),
]
IdempotencyKey = Annotated[str | None, Header(max_length=200)]
_SCANNED = 5_000
"""Jobs looked at for one filtered page."""


def _submission_route(declared: type[Declared]) -> None:
    """The route that a contract stands for."""

    async def submit(
        request: Request,
        response: Response,
        here: Here,
        priority: Priority = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JobView:
        client = request.state.client
        async with bodies.read(request, declared.uploads(), bodies.REQUEST) as body:
            fields: Any = {} if body.files and body.fields is None else body.fields
            sent = [declared.name, fields, await bodies.sums(body.files)] if idempotency_key else []
            sender = Sender(client, priority, _idempotency(idempotency_key, *sent))
            if record := await run_in_threadpool(known, here, sender):
                return await run_in_threadpool(_told, here, record, request, response, new=False)
            if body.files:
                await run_in_threadpool(here.resolution.check, declared, fields, [*body.files])
            files = await bodies.examined(here, declared, body.files)
        resolve = partial(here.resolution.resolve, declared, fields, files)
        admitted = partial(admit, here, declared, resolve, sender, files)
        return await run_in_threadpool(_submit, here, admitted, sender, request, response)

    router.add_api_route(
        f"/{declared.name}",
        submit,
        methods=["POST"],
        status_code=HTTP_202_ACCEPTED,
        summary=declared.title,
        description=declared.summary,
        operation_id=f"submit_{declared.name}",
        response_model=JobView,
        openapi_extra=bodies.schema(declared),
        responses={200: {"model": JobView, "description": "The job of the first such request."}},
    )


def _idempotency(key: str | None, *sent: Any) -> Idempotency | None:
    return Idempotency.of(key, *sent) if key else None


def _submit(
    here: Context,
    admitted: Callable[[], tuple[JobRecord, bool]],
    sender: Sender,
    request: Request,
    response: Response,
) -> JobView:
    try:
        record, new = admitted()
    except SpeechError:
        # What stands in its way may be the job of its twin, who was faster.
        record, new = known(here, sender), False
        if record is None:
            raise
    return _told(here, record, request, response, new)


def _told(
    here: Context, record: JobRecord, request: Request, response: Response, new: bool
) -> JobView:
    if not new:
        response.status_code = HTTP_200_OK
    root = request.scope.get("root_path", "")
    response.headers["Location"] = root + links(record.id)["self"]
    return here.queue.describe(record)


for _declared in CONTRACTS.values():
    _submission_route(_declared)


@router.post("/{task}", status_code=HTTP_202_ACCEPTED, include_in_schema=False)
def submit_unknown(task: str) -> JobView:
    """A task that is not declared. Raises UnknownTask."""
    raise LookupError(contract(task))


@router.get("")
def list_jobs(
    here: Here,
    state: JobState | None = None,
    task: Annotated[str | None, Query(max_length=60)] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(max_length=60)] = None,
) -> JobPage:
    """Jobs that are remembered, the newest first."""
    if before:
        here.queue.get(before)
    items: list[JobView] = []
    last: str | None = None
    for scanned, record in enumerate(here.queue.recent(limit, before)):
        if len(items) == limit or scanned == _SCANNED:
            return JobPage(items=items, next=last)
        last = record.id
        if state in (None, record.state) and task in (None, record.task):
            items.append(here.queue.describe(record))
    return JobPage(items=items, next=None)


@router.get("/{id}")
def show_job(id: str, here: Here) -> JobView:
    """A job; one that the queue has forgotten is told from its output."""
    try:
        return here.queue.look(id)
    except UnknownJob:
        return remembered(recipe_of(here, id))


@router.delete("/{id}", status_code=HTTP_202_ACCEPTED)
def cancel_job(id: str, here: Here) -> JobView:
    """Stop a job: at once while it waits, at the next frame while it runs."""
    try:
        return here.queue.describe(here.queue.cancel(id))
    except UnknownJob:
        recipe_of(here, id)
        raise AlreadyEnded("The job has already ended as succeeded.", param="id") from None


@router.post("/{id}/again", status_code=HTTP_202_ACCEPTED)
async def repeat_job(
    id: str,
    request: Request,
    response: Response,
    here: Here,
    priority: Priority = None,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Make the same audio once more: the same request with the same seed, as a new job.

    A voice that the first one has put into the library stays as it is.
    """
    idempotency = _idempotency(idempotency_key, "again", id)
    sender = Sender(request.state.client, priority, idempotency, again_of=id)
    if record := await run_in_threadpool(known, here, sender):
        return await run_in_threadpool(_told, here, record, request, response, new=False)
    asked = await run_in_threadpool(_asked, here, id)
    left = await run_in_threadpool(_left, here, asked, id)
    files = await bodies.examined(here, type(asked), left)
    resolve = partial(here.resolution.admit, asked, files)
    admitted = partial(admit, here, type(asked), resolve, sender, files)
    return await run_in_threadpool(_submit, here, admitted, sender, request, response)


def _asked(here: Context, job_id: str) -> Declared:
    """The request of a job with its seed, but for the voices that it has made."""
    task, body, seed = _ingredients(here, job_id)
    declared = contract(task)
    if declared.texts() and body == declared.redact(body):
        raise Conflict("The text of this job was not kept.", hint="STORE_TEXT is off here.")
    return declared.parse({**body, "seed": seed, **dict.fromkeys(declared.new_voices())})


def _ingredients(here: Context, job_id: str) -> tuple[str, dict[str, Any], int]:
    try:
        record = here.queue.get(job_id)
        return record.task, record.request, record.seed
    except UnknownJob:
        recipe = recipe_of(here, job_id)
        return recipe.task, recipe.request, recipe.seed


def _left(here: Context, request: Declared, job_id: str) -> dict[str, BinaryIO]:
    """What has been purged meanwhile of its files, and the job kept, by field."""
    gone = {
        upload_id: field
        for field, kind in request.uploads().items()
        if (upload_id := getattr(request, field)) and not here.uploads.holds(kind, upload_id)
    }
    try:
        kept = recipe_of(here, job_id).files if gone else {}
    except UnknownJob:
        return {}  # nothing was kept; whoever looks for the upload says that it is gone
    return {
        gone[fact.sha256]: BytesIO(here.outputs.read(job_id, name, 0, fact.bytes))
        for name, fact in kept.items()
        if fact.sha256 in gone
    }


def recipe_of(here: Context, job_id: str) -> Recipe:
    """What an ended job left. Raises UnknownJob."""
    try:
        return here.index.recipe(job_id)
    except (UnknownOutput, UnknownFile) as error:
        raise UnknownJob("There is no job of that id.", param="id") from error


def remembered(recipe: Recipe) -> JobView:
    """A job as its recipe tells it."""
    return JobView(
        id=recipe.id,
        task=recipe.task,
        state=JobState.SUCCEEDED,
        progress=1.0,
        stage=JobState.SUCCEEDED.value,
        audio_seconds=recipe.duration_seconds,
        eta_seconds=0.0,
        created_at=moment(recipe.created_at),
        started_at=moment(recipe.started_at),
        finished_at=moment(recipe.finished_at),
        attempts=recipe.attempts,
        engine=recipe.engine,
        seed=recipe.seed,
        request=recipe.request,
        result=recipe.result(),
        warnings=recipe.warnings,
        links=links(recipe.id),
    )
