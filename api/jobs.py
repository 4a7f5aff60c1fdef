"""`/v1/jobs`: submit, look, cancel, again."""

from io import BytesIO
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_200_OK, HTTP_202_ACCEPTED

from api import bodies
from api.deps import Context, Here
from shared import keys, receiving
from shared.errors import (
    AlreadyEnded,
    Conflict,
    UnknownFile,
    UnknownJob,
    UnknownOutput,
    UnknownUpload,
)
from shared.jobs import JobView, links, moment
from shared.queue import Submission
from shared.requests import CONTRACTS, contract
from shared.requests.declared import Declared, UploadKind
from shared.resolution import Resolved
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
        async with bodies.read(request, declared.uploads(), bodies.REQUEST) as body:
            files = await bodies.examined(here, declared, body.files)
        fields: Any = {} if files and body.fields is None else body.fields

        def admit() -> JobView:
            resolved = here.resolution.resolve(declared, fields, files)
            submission = submission_of(
                resolved, request.state.client, priority, idempotency_key=idempotency_key
            )
            return _submit(here, submission, request, response)

        return await run_in_threadpool(admit)

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


def submission_of(
    resolved: Resolved,
    client: str,
    priority: str | None,
    *,
    idempotency_key: str | None = None,
    again_of: str = "",
) -> Submission:
    """What the queue is given of a request that can be met."""
    return Submission(
        request=resolved.request,
        client=client,
        queue=priority or queue_of(type(resolved.request)),
        idempotency_key=idempotency_key,
        again_of=again_of,
        estimate=resolved.estimate,
        warnings=resolved.warnings,
    )


def queue_of(declared: type[Declared]) -> str:
    """Somebody waits for a task; a pipeline gives way; what generates nothing is beside both."""
    if declared.on_codec_alone:
        return keys.CODEC
    return keys.INTERACTIVE if declared.kind == "task" else keys.BATCH


def _submit(here: Context, submission: Submission, request: Request, response: Response) -> JobView:
    record, created = here.queue.submit(submission)
    if not created:
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
def repeat_job(
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
    task, body, seed = _ingredients(here, id)
    declared = contract(task)
    if declared.texts() and body == declared.redact(body):
        raise Conflict("The text of this job was not kept.", hint="STORE_TEXT is off here.")
    asked = declared.parse({**body, "seed": seed, **dict.fromkeys(declared.new_voices())})
    _put_back_uploads(here, asked, id)
    submission = submission_of(
        here.resolution.admit(asked),
        request.state.client,
        priority,
        idempotency_key=idempotency_key,
        again_of=id,
    )
    return _submit(here, submission, request, response)


def _ingredients(here: Context, job_id: str) -> tuple[str, dict[str, Any], int]:
    try:
        record = here.queue.get(job_id)
        return record.task, record.request, record.seed
    except UnknownJob:
        recipe = recipe_of(here, job_id)
        return recipe.task, recipe.request, recipe.seed


def _put_back_uploads(here: Context, request: Declared, job_id: str) -> None:
    """Take what has been purged meanwhile from the files that the job kept of it."""
    for field, kind in request.uploads().items():
        if upload_id := getattr(request, field):
            try:
                here.uploads.get(kind, upload_id)
            except UnknownUpload:
                _put_back(here, job_id, kind, upload_id)


def _put_back(here: Context, job_id: str, kind: UploadKind, upload_id: str) -> None:
    try:
        files = recipe_of(here, job_id).files
    except UnknownJob:
        return  # nothing was kept; whoever looks for the upload says that it is gone
    for name, fact in files.items():
        if fact.sha256 == upload_id:
            data = here.outputs.read(job_id, name, 0, fact.bytes)
            receiving.receive(kind, BytesIO(data), here.settings, here.uploads)


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
