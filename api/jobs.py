"""`/v1/jobs`: submit, look, cancel, again, retry, pause, resume."""

from collections.abc import Callable, Generator
from contextlib import AbstractAsyncContextManager, contextmanager, suppress
from dataclasses import asdict
from functools import partial
from io import BytesIO
from typing import Annotated, Any, BinaryIO, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_200_OK, HTTP_202_ACCEPTED

from api import bodies, planning
from api.admission import Sender, admit, enter, known
from api.deps import Context, Here
from api.webhooks import Asked
from shared.errors import (
    AlreadyEnded,
    Conflict,
    NotPausable,
    RecordDamaged,
    SpeechError,
    UnknownFile,
    UnknownJob,
    UnknownOutput,
)
from shared.jobs import JobRecord, JobView, has_lines, links, moment, resumable
from shared.plans.exchange import PlanView
from shared.requests import CONTRACTS, contract
from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline
from shared.resolution import Files
from shared.states import JobState
from shared.stores.recipe import Recipe
from shared.submission import Idempotency
from shared.views import Backlog, JobPage
from shared.webhooks.webhook import Webhook

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

Priority = Annotated[
    Literal["interactive", "batch"] | None,
    Query(description="Which queue; tasks are interactive and pipelines batch unless said here."),
]
Planning = Annotated[
    bool,
    Query(description="Answer with the plan, and speak nothing: it can be changed, and sent."),
]
IdempotencyKey = Annotated[str | None, Header(max_length=200)]
Active = Annotated[
    bool | None,
    Query(description="True: only jobs that have not ended; false: only those that have."),
]
_SCANNED = 5_000
"""Jobs looked at for one filtered page."""
_BLOCK = 50
"""Of them, those that are fetched at once, however few are wanted."""
_STAGES = [JobState.RUNNING, JobState.QUEUED, JobState.PAUSED]
"""Of the jobs that have not ended, which come first."""


def _submission_route(declared: type[Declared]) -> None:
    """The route that a contract stands for."""

    async def submit(
        request: Request,
        response: Response,
        here: Here,
        webhook: Asked,
        priority: Priority = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JobView:
        return await _sent(here, declared, request, response, webhook, priority, idempotency_key)

    _add_route(declared, submit, JobView, "The job of the first such request.")


def _planning_route(declared: type[Pipeline]) -> None:
    """The same for a pipeline, which may be asked for its plan alone."""

    async def submit(
        request: Request,
        response: Response,
        here: Here,
        webhook: Asked,
        plan: Planning = False,
        priority: Priority = None,
        idempotency_key: IdempotencyKey = None,
    ) -> JobView | Response:
        if plan:
            return await _planned(here, declared, request)
        return await _sent(here, declared, request, response, webhook, priority, idempotency_key)

    told = "With `plan` the plan, otherwise the job of the first such request."
    _add_route(declared, submit, PlanView | JobView, told)


def _add_route(declared: type[Declared], submit: Callable[..., Any], said: Any, told: str) -> None:
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
        responses={200: {"model": said, "description": told}},
    )


async def _sent(
    here: Context,
    declared: type[Declared],
    request: Request,
    response: Response,
    webhook: Webhook | None,
    priority: str | None,
    idempotency_key: str | None,
) -> JobView:
    async with _body(request, declared) as body:
        names = bodies.document_names(declared, body)
        sent = [declared.name, _fields(body)]
        if idempotency_key:
            sent += [await bodies.sums(body.files), *filter(None, [names]), *_said(webhook)]
        idempotency = idempotency_of(idempotency_key, *sent)
        sender = Sender(request.state.client, priority, idempotency, webhook=webhook)
        if record := await run_in_threadpool(known, here, sender):
            return await run_in_threadpool(told, here, record, request, response, new=False)
        files = await _files(here, declared, body)
    admitted = partial(enter, here, declared, _fields(body), sender, files)
    return await run_in_threadpool(submitted, here, admitted, sender, request, response)


async def _planned(here: Context, declared: type[Pipeline], request: Request) -> Response:
    async with _body(request, declared) as body:
        files = await _files(here, declared, body)
    plan = await run_in_threadpool(planning.answered, here, declared, _fields(body), files)
    return Response(plan, media_type="application/json")


def _body(request: Request, declared: type[Declared]) -> AbstractAsyncContextManager[bodies.Body]:
    longest = bodies.LONGEST_TEXT if declared.kind == "pipeline" else bodies.LONGEST_PART
    return bodies.read(request, declared.uploads(), bodies.REQUEST, longest=longest)


def _fields(body: bodies.Body) -> Any:
    return {} if body.files and body.fields is None else body.fields


async def _files(here: Context, declared: type[Declared], body: bodies.Body) -> Files:
    """The files that came, checked; not before the rest of the request is."""
    if body.files:
        await run_in_threadpool(here.resolution.check, declared, _fields(body), [*body.files])
    names = bodies.document_names(declared, body)
    return await bodies.examined(here, declared, body.files, names)


def _said(webhook: Webhook | None) -> list[Any]:
    """What of a webhook makes another request."""
    return [webhook.model_dump()] if webhook else []


def idempotency_of(key: str | None, *sent: Any) -> Idempotency | None:
    """The key of a request with what was sent; None where there is none."""
    return Idempotency.of(key, *sent) if key else None


def submitted(
    here: Context,
    admitted: Callable[[], tuple[JobRecord, bool]],
    sender: Sender,
    request: Request,
    response: Response,
) -> JobView:
    """Admit a job, or tell of the one that was admitted of an equal request meanwhile."""
    try:
        record, new = admitted()
    except SpeechError:
        # What stands in its way may be the job of its twin, who was faster.
        record, new = known(here, sender), False
        if record is None:
            raise
    return told(here, record, request, response, new)


def told(
    here: Context, record: JobRecord, request: Request, response: Response, new: bool
) -> JobView:
    """Answer with a job: 202 for a new one, 200 for one that is there already."""
    if not new:
        response.status_code = HTTP_200_OK
    root = request.scope.get("root_path", "")
    response.headers["Location"] = root + links(record.id, record.task)["self"]
    return here.queue.describe(record)


for _declared in CONTRACTS.values():
    if issubclass(_declared, Pipeline):
        _planning_route(_declared)
    else:
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
    batch: Annotated[str | None, Query(max_length=60)] = None,
    active: Active = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    before: Annotated[str | None, Query(max_length=60)] = None,
) -> JobPage:
    """Jobs that are remembered, the newest first; with `active=true` those that have not ended, in
    the order of their turns. `backlog` counts all of these, whatever is asked for."""
    load = Backlog(**asdict(here.queue.lineup.load()))
    if before:
        here.queue.get(before)

    def wanted(record: JobRecord) -> bool:
        ended = active is None or record.state.terminal is not active
        within = batch in (None, record.batch)
        return ended and within and state in (None, record.state) and task in (None, record.task)

    if active:
        jobs, after = _in_turn(here, wanted, limit, before)
        return JobPage(items=jobs, next=after, backlog=load)
    items: list[JobView] = []
    last: str | None = None
    for scanned, record in enumerate(here.queue.recent(max(limit, _BLOCK), before)):
        if len(items) == limit or scanned == _SCANNED:
            return JobPage(items=items, next=last, backlog=load)
        last = record.id
        if wanted(record):
            items.append(here.queue.describe(record))
    return JobPage(items=items, next=None, backlog=load)


def _in_turn(
    here: Context, wanted: Callable[[JobRecord], bool], limit: int, before: str | None
) -> tuple[list[JobView], str | None]:
    """A page of the jobs that have not ended: those that run, those that wait in the order of
    their turns, those that rest; and the last of the page, if there are more.

    If `before` has ended meanwhile, what came after it comes first now.
    """
    found = [here.queue.describe(record) for record in here.queue.active() if wanted(record)]
    found.sort(key=_turn)
    ids = [job.id for job in found]
    first = ids.index(before) + 1 if before in ids else 0
    page = found[first : first + limit]
    return page, page[-1].id if first + limit < len(found) else None


def _turn(job: JobView) -> tuple[int, int, str]:
    return _STAGES.index(job.state), job.position or 0, job.id


@router.get("/{id}")
def show_job(id: str, here: Here) -> JobView:
    """A job; one that the queue has forgotten is told from its output."""
    try:
        job = here.queue.look(id)
    except UnknownJob:
        return remembered(recipe_of(here, id))
    return _as_assembled(here, job)


def _as_assembled(here: Context, job: JobView) -> JobView:
    """With the result as it is: other takes may have been chosen since the job ended."""
    if job.state is JobState.SUCCEEDED and has_lines(job.task):
        with suppress(UnknownJob, RecordDamaged):  # what is gone or spoilt tells nothing
            return job.model_copy(update={"result": recipe_of(here, job.id).result()})
    return job


@contextmanager
def _or_remembered(here: Context, job_id: str) -> Generator[None]:
    """A job that the queue has forgotten, and that has left an output, has ended."""
    try:
        yield
    except UnknownJob:
        recipe_of(here, job_id)
        raise AlreadyEnded("The job has already ended as succeeded.", param="id") from None


@router.delete("/{id}", status_code=HTTP_202_ACCEPTED)
def cancel_job(id: str, here: Here) -> JobView:
    """Stop a job: at once while it waits, at the next frame while it runs."""
    with _or_remembered(here, id):
        return here.queue.describe(here.queue.cancel(id))


@router.post("/{id}/again", status_code=HTTP_202_ACCEPTED)
async def repeat_job(
    id: str,
    request: Request,
    response: Response,
    here: Here,
    webhook: Asked,
    priority: Priority = None,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Make the same audio once more: the same request with the same seed, as a new job.

    A voice that the first one has put into the library stays as it is. A pipeline speaks every
    line anew.
    """
    idempotency = idempotency_of(idempotency_key, "again", id, *_said(webhook))
    sender = Sender(request.state.client, priority, idempotency, again_of=id, webhook=webhook)
    anew = partial(_asked, here, id, continues=None, fresh=True)
    return await _repeat(here, id, anew, sender, request, response)


@router.post("/{id}/retry", status_code=HTTP_202_ACCEPTED)
async def retry_job(
    id: str,
    request: Request,
    response: Response,
    here: Here,
    webhook: Asked,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Try a job that failed or was cancelled once more, with the same seed, as a new job.

    A pipeline takes over every line that was spoken; a task is spoken anew, a take of a line for
    the same line.
    """
    ended = await run_in_threadpool(_ended_early, here, id)
    sender = Sender(
        request.state.client,
        ended.queue,
        idempotency_of(idempotency_key, "retry", id, *_said(webhook)),
        again_of="" if has_lines(ended.task) else id,
        line=ended.line,
        speed=ended.speed,
        webhook=webhook,
    )
    once_more = partial(_asked, here, id, made=False, continues=_spoken_in(ended), fresh=False)
    return await _repeat(here, id, once_more, sender, request, response)


def _ended_early(here: Context, job_id: str) -> JobRecord:
    """The record of a job that can be tried again. Raises UnknownJob, AlreadyEnded or Conflict."""
    try:
        record = here.queue.get(job_id)
    except UnknownJob:
        recipe_of(here, job_id)
        raise _nothing_left() from None
    if record.state is JobState.SUCCEEDED:
        raise _nothing_left()
    if not record.state.terminal:
        raise Conflict("The job has not ended.", param="id", hint="Wait for its end, or cancel it.")
    return record


def _spoken_in(ended: JobRecord) -> str | None:
    """Where the lines are that a job goes on from: one that never began has none of its own."""
    return ended.id if ended.attempt else ended.request.get("continues")


async def _repeat(
    here: Context,
    job_id: str,
    ask: Callable[[], Declared],
    sender: Sender,
    request: Request,
    response: Response,
) -> JobView:
    """A new job that asks for what an earlier one did, with the files of that one."""
    if record := await run_in_threadpool(known, here, sender):
        return await run_in_threadpool(told, here, record, request, response, new=False)
    asked = await run_in_threadpool(ask)
    left = await run_in_threadpool(_left, here, asked, job_id)
    files = await bodies.examined(here, type(asked), left)
    resolve = partial(here.resolution.admit, asked, files)
    admitted = partial(admit, here, type(asked), resolve, sender, files)
    return await run_in_threadpool(submitted, here, admitted, sender, request, response)


def _asked(here: Context, job_id: str, *, made: bool = True, **of_pipeline: Any) -> Declared:
    """The request of a job with its seed, but for the voices that it has `made`.

    `of_pipeline` says which fields of a pipeline are others.
    """
    task, body, seed = _ingredients(here, job_id)
    declared = contract(task)
    if declared.lacks_words(body):
        raise Conflict("The text of this job was not kept.", hint="STORE_TEXT is off here.")
    other = of_pipeline if has_lines(task) else {}
    kept = dict.fromkeys(declared.new_voices()) if made else {}
    return declared.parse({**body, "seed": seed, **kept, **other})


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
        links=links(recipe.id, recipe.task),
    )


# --- pause and go on ---


@router.post("/{id}/pause", status_code=HTTP_202_ACCEPTED)
def pause_job(id: str, here: Here) -> JobView:
    """Let a pipeline rest: at once while it waits, after its present line while it runs.

    It keeps its place among the jobs of its client until it is resumed or cancelled.
    """
    with _or_remembered(here, id):
        return here.queue.describe(here.queue.pause(id))


@router.post("/{id}/resume", status_code=HTTP_202_ACCEPTED)
async def resume_job(
    id: str,
    request: Request,
    response: Response,
    here: Here,
    webhook: Asked,
    idempotency_key: IdempotencyKey = None,
) -> JobView:
    """Let a paused job go on at its next line; one that waits or runs is left as it is.

    What has ended stays so: of a pipeline that failed or was cancelled a new job is made, which
    takes over every line that was spoken.
    """
    ended = await run_in_threadpool(_resumed_or_ended, here, id)
    if isinstance(ended, JobView):
        return ended
    idempotency = idempotency_of(idempotency_key, "resume", id, *_said(webhook))
    sender = Sender(request.state.client, ended.queue, idempotency, webhook=webhook)
    on = partial(_asked, here, id, continues=_spoken_in(ended), fresh=False)
    return await _repeat(here, id, on, sender, request, response)


def _resumed_or_ended(here: Context, job_id: str) -> JobView | JobRecord:
    """A job that goes on, or the record of one that has ended and can be gone on with.

    Raises UnknownJob, AlreadyEnded or NotPausable.
    """
    try:
        return here.queue.describe(here.queue.resume(job_id))
    except UnknownJob:
        recipe_of(here, job_id)
        raise _nothing_left() from None
    except AlreadyEnded:
        record = here.queue.get(job_id)
    if resumable(record):
        return record
    if record.state is JobState.SUCCEEDED:
        raise _nothing_left()
    raise NotPausable(
        f"{record.task} is spoken in one go.",
        param="id",
        hint="POST to the job's `again` to make it once more.",
    )


def _nothing_left() -> AlreadyEnded:
    return AlreadyEnded(
        "The job has already ended as succeeded.",
        param="id",
        hint="POST to the job's `again` to make it once more.",
    )
