"""`POST /v1/jobs/batch`: many jobs in one request, admitted together or not at all."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Literal, TypeVar

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.concurrency import run_in_threadpool
from starlette.status import HTTP_200_OK, HTTP_202_ACCEPTED

from api import admission, bodies, webhooks
from api.admission import Prepared, Sender
from api.deps import Context, Here
from api.jobs import IdempotencyKey, idempotency_of
from api.webhooks import Asked
from shared import keys
from shared.batches import BatchRecord, BatchView, Item
from shared.errors import Conflict, InvalidRequest, SpeechError
from shared.requests import contract
from shared.requests.declared import explain
from shared.submission import Batch, Submission
from shared.voices import naming
from shared.webhooks.webhook import Webhook

router = APIRouter(tags=["jobs"])

Found = TypeVar("Found")

_OURS = 500
"""From this status on it is not the item that is at fault, and the next would not fare better."""


class SentItem(BaseModel):
    """One request of a batch."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    task: str = Field(default="custom_voice", max_length=60)
    """A name from `/v1/tasks`."""
    request: dict[str, Any]
    """The body that `POST /v1/jobs/{task}` takes; files are named by the ids of uploads."""
    id: str | None = Field(default=None, min_length=1, max_length=100)
    """What you call it; the job's `label`."""
    priority: Literal["interactive", "batch"] | None = None
    """Which queue; a batch gives way unless it says otherwise."""


class SentBatch(BaseModel):
    """Requests that belong together."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)

    items: list[SentItem] = Field(min_length=1)
    """As many as a client may have jobs: MAX_CLIENT_JOBS or the quota of its key, and MAX_QUEUE."""
    defaults: dict[str, Any] = Field(default_factory=dict[str, Any])
    """Fields of every request that does not say otherwise."""
    partial: bool = False
    """Admit what can be, and answer the others with their errors."""
    webhook: Webhook | None = None
    """Who is told of the end of each job, and of the end of all (`batch.finished`)."""


_EXAMPLE = {
    "defaults": {"speaker": "ryan", "language": "english"},
    "items": [
        {"id": "greeting", "request": {"text": "Good evening."}},
        {"id": "farewell", "request": {"text": "Good night.", "speaker": "vivian"}},
    ],
}
_BODY = {"requestBody": bodies.described(SentBatch.model_json_schema(), {})}


@router.post(
    "/v1/jobs/batch",
    status_code=HTTP_202_ACCEPTED,
    openapi_extra=_BODY,
    responses={200: {"model": BatchView, "description": "The batch of the first such request."}},
)
async def submit_batch(
    request: Request,
    response: Response,
    here: Here,
    webhook: Asked,
    idempotency_key: IdempotencyKey = None,
) -> BatchView:
    """Submit many jobs at once: all are admitted, or none.

    With `partial`, what can be admitted is, and each of the others is answered with its error.
    """
    async with bodies.read(request) as body:
        sent = _parsed(body.fields)
    if sent.webhook:
        webhook = await webhooks.checked(here, sent.webhook.model_dump())
    _require_room(here, sent, request.state.client)
    spoken = sent.model_dump(mode="json") | {"webhook": webhook and webhook.model_dump()}
    sender = Sender(
        request.state.client,
        idempotency=idempotency_of(idempotency_key, "batch", spoken),
        webhook=webhook,
    )
    record, new = await run_in_threadpool(_admitted, here, sent, sender)
    if not new:
        response.status_code = HTTP_200_OK
    response.headers["Location"] = f"{request.scope.get('root_path', '')}/v1/batches/{record.id}"
    return await run_in_threadpool(here.queue.describe_batch, record)


@router.get("/v1/batches/{id}")
def show_batch(id: str, here: Here) -> BatchView:
    """A batch: which jobs it has, and how those ended that have."""
    return here.queue.describe_batch(here.queue.batch(id))


def _parsed(fields: Any) -> SentBatch:
    """Raises InvalidRequest."""
    try:
        return SentBatch.model_validate(fields)
    except ValidationError as error:
        raise explain(dict(error.errors(include_url=False)[0])) from error


def _require_room(here: Context, sent: SentBatch, client: str) -> None:
    """Raises InvalidRequest for what could never be admitted as a whole."""
    most = min(here.queue.most(client), here.settings.max_queue)
    if len(sent.items) > most:
        raise InvalidRequest(
            f"items: A batch may have {most} items here.",
            param="items",
            hint="Send several; MAX_CLIENT_JOBS, MAX_QUEUE and the quota of a key set the limit.",
        )


def _admitted(here: Context, sent: SentBatch, sender: Sender) -> tuple[BatchRecord, bool]:
    """The batch, and whether it is a new one; of what is refused no file is kept."""
    if record := _known(here, sender):
        return record, False
    try:
        return _enter(here, sent, sender)
    except SpeechError:
        # What stands in its way may be its twin, which was faster.
        if record := _known(here, sender):
            return record, False
        raise


def _known(here: Context, sender: Sender) -> BatchRecord | None:
    return sender.idempotency and here.queue.known_batch(sender.client, sender.idempotency)


def _enter(here: Context, sent: SentBatch, sender: Sender) -> tuple[BatchRecord, bool]:
    """Look at every item before any is admitted.

    Unless a part will do, raises what the first bad item does; and what the queue says.
    """
    places = range(len(sent.items))
    prepared = [_tried(sent, place, partial(_prepared, here, sent, place)) for place in places]
    with here.library.settled(), ExitStack() as keeping:
        items: list[Submission | Item] = []
        voices: set[str] = set()
        for place, ready in enumerate(prepared):
            if isinstance(ready, Item):
                items.append(ready)
                continue
            asking = _asking(sent.items[place], ready, sender)
            items.append(_tried(sent, place, partial(_resolved, here, ready, asking, voices)))
            if isinstance(found := items[-1], Submission):
                keeping.enter_context(here.resolution.keeping(found.request, ready.files))
        _require_some(items)
        batch = Batch(sender.client, items, sent.partial, sender.idempotency, sender.webhook)
        return here.queue.submit_all(batch)


def _tried(sent: SentBatch, place: int, work: Callable[[], Found]) -> Found | Item:
    """What comes of an item, or its error where a part of the batch will do.

    Raises that error otherwise, and always one that is no fault of the item.
    """
    try:
        return work()
    except SpeechError as error:
        if error.status >= _OURS:
            raise
        error.param = f"items.{place}" + (f".request.{error.param}" if error.param else "")
        if sent.partial:
            return Item(index=place, id=sent.items[place].id, error=error.body()["error"])
        error.message = f"Item {place}: {error.message}"
        raise


def _prepared(here: Context, sent: SentBatch, place: int) -> Prepared:
    item = sent.items[place]
    return admission.prepare(here, contract(item.task), {**sent.defaults, **item.request})


def _asking(item: SentItem, ready: Prepared, sender: Sender) -> Sender:
    """Nobody waits for an item, so it gives way, unless it says otherwise."""
    lane = keys.CODEC if ready.declared.on_codec_alone else keys.BATCH
    return replace(sender, priority=item.priority or lane, idempotency=None, label=item.id or "")


def _resolved(here: Context, ready: Prepared, asking: Sender, voices: set[str]) -> Submission:
    """An item as it is queued; `voices` are the names, folded, of those that others make.

    Raises what `admission.resolved` does, and Conflict where two would make voices of one name.
    """
    found = admission.resolved(here, ready, asking)
    for field in found.request.new_voices():
        if name := getattr(found.request, field):
            if naming.folded(name) in voices:
                raise Conflict(f"Another item makes a voice {name!r}.", param=field)
            voices.add(naming.folded(name))
    return found


def _require_some(items: Sequence[Submission | Item]) -> None:
    """Raises InvalidRequest where nothing can be admitted."""
    errors = [item.error for item in items if isinstance(item, Item) and item.error]
    if len(errors) == len(items):
        said = errors[0]["message"]
        raise InvalidRequest(f"No item can be met. The first: {said}", param="items")
