"""What is sent to the queue, and the record that becomes of it."""

import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import uuid_utils
from pydantic import JsonValue

from shared import keys, logs, tracing
from shared.batches import Item
from shared.checkpoints import catalogue
from shared.jobs import JobRecord
from shared.requests.declared import MAX_SEED, Declared
from shared.settings import Settings
from shared.states import JobState
from shared.webhooks import webhook
from shared.webhooks.webhook import Webhook


@dataclass(frozen=True)
class Idempotency:
    """The key that a client gives a request, so that sending it again is no second request."""

    key: str
    digest: str
    """Of what was sent with it."""

    @classmethod
    def of(cls, key: str, *sent: JsonValue) -> Self:
        """The key with the request as it came, before anything was looked up for it."""
        text = json.dumps(sent, sort_keys=True)
        return cls(key, hashlib.sha256(text.encode()).hexdigest())


@dataclass(frozen=True)
class Submission:
    """A request on its way into the queue."""

    request: Declared
    client: str
    """Who asks: the key's name or the address; limits count by it."""
    queue: str
    estimate: float
    """Seconds of audio."""
    idempotency: Idempotency | None = None
    again_of: str = ""
    line: str = ""
    """The line of an output that it makes a take of, as `{output}/{number}`."""
    speed: float | None = None
    """Of that take in the recording; None: as the line was planned."""
    warnings: tuple[str, ...] = ()
    """What whoever asked should know before anything is spoken."""
    webhook: Webhook | None = None
    """Who is told of its end."""
    label: str = ""
    """What whoever sent a batch calls it."""


@dataclass(frozen=True)
class Batch:
    """Requests on their way into the queue together."""

    client: str
    items: Sequence[Submission | Item]
    """What is to be admitted, and what cannot be, with its error; in the order that was sent."""
    partial: bool = False
    """Whether some may be admitted where there is no room for all."""
    idempotency: Idempotency | None = None
    webhook: Webhook | None = None
    """Who is told when all have ended."""


def entries(batch: Batch, batch_id: str, settings: Settings) -> tuple[list[Item], list[JobRecord]]:
    """What is answered of each item of a batch, and the records of those that can be admitted."""
    items: list[Item] = []
    jobs: list[JobRecord] = []
    for index, sent in enumerate(batch.items):
        if isinstance(sent, Item):
            items.append(sent)
            continue
        jobs.append(record(sent, settings, batch_id))
        items.append(Item(index=index, id=sent.label or None, job=jobs[-1].id))
    return items, jobs


def record(submission: Submission, settings: Settings, batch_id: str = "") -> JobRecord:
    """The record of a job that waits; a seed is drawn where none was asked for."""
    request = submission.request
    seed = request.seed if request.seed is not None else random.SystemRandom().randint(0, MAX_SEED)
    now = time.time()
    return JobRecord.model_validate(
        {
            "id": str(uuid_utils.uuid7()),
            "task": request.name,
            "queue": submission.queue,
            "client": submission.client,
            "request": json.dumps(request.model_dump(mode="json")),
            "seed": seed,
            "estimate": submission.estimate,
            "warnings": json.dumps(submission.warnings),
            "created_at": now,
            "again_of": submission.again_of,
            "line": submission.line,
            "speed": submission.speed,
            "needs": _needs(request, settings),
            "request_id": logs.known("request_id"),
            "traceparent": tracing.carried(),
            "batch": batch_id,
            "label": submission.label,
            "state": JobState.QUEUED,
            "attempt": 0,
            **webhook.fields(submission.webhook, "job"),
        }
    )


def _needs(request: Declared, settings: Settings) -> str:
    """What it wants loaded, as the worker will understand it; empty where anything will do."""
    if request.checkpoint is None:
        return ""
    size = getattr(request, "size", None) or settings.model_size
    return catalogue.need(request.checkpoint, size)


def remembered_at(client: str, idempotency: Idempotency | None) -> str:
    """Where Redis remembers what came of a key; that of none is never there."""
    name = hashlib.sha256(idempotency.key.encode()).hexdigest() if idempotency else ""
    return keys.idempotency(client, name)
