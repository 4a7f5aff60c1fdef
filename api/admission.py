"""From a request that can be met to a job in the queue."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

from api import limits, planning
from api.deps import Context
from api.forerunner import with_forerunner
from shared import keys
from shared.errors import Conflict
from shared.jobs import JobRecord
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.requests.pipeline import Pipeline
from shared.resolution import Files, Resolved
from shared.submission import Idempotency, Submission
from shared.voices import naming
from shared.webhooks.webhook import Webhook


@dataclass(frozen=True)
class Sender:
    """Who sends a request, and what beside it."""

    client: str
    priority: str | None = None
    idempotency: Idempotency | None = None
    again_of: str = ""
    line: str = ""
    """The line of an output that is spoken again, as `{output}/{number}`."""
    speed: float | None = None
    """Of that take in the recording; None: as the line was planned."""
    webhook: Webhook | None = None
    """Who is told of its end."""
    label: str = ""
    """What whoever sends a batch calls it."""


@dataclass(frozen=True)
class Prepared:
    """A request that needs the library yet."""

    declared: type[Declared]
    resolve: Callable[[], Resolved]
    files: Files


def enter(
    here: Context, declared: type[Declared], body: Any, sender: Sender, files: Files | None = None
) -> tuple[JobRecord, bool]:
    """As `admit`, of what was sent just now: a pipeline gets its plan first.

    That takes seconds, so nobody who wants to change a voice waits for it.
    """
    prepared = prepare(here, declared, body, files)
    return admit(here, declared, prepared.resolve, sender, prepared.files)


def prepare(
    here: Context, declared: type[Declared], body: Any, files: Files | None = None
) -> Prepared:
    """What was sent just now, with its plan if it is a pipeline. Raises what planning raises."""
    files = files or {}
    if not issubclass(declared, Pipeline):
        return Prepared(declared, partial(here.resolution.resolve, declared, body, files), files)
    request, files = planning.planned(here, declared, body, files)
    request, files = planning.carried(request, files)
    plan = here.resolution.content(request, "plan", files)
    request = with_forerunner(here, request, plan)
    return Prepared(declared, partial(here.resolution.admit, request, files), files)


def admit(
    here: Context,
    declared: type[Declared],
    resolve: Callable[[], Resolved],
    sender: Sender,
    files: Files | None = None,
) -> tuple[JobRecord, bool]:
    """The job, and whether it is a new one; of a request that is refused no file is kept.

    Raises what `resolve` raises, Conflict, and what the queue says of one job more.
    """
    with here.library.settled() if _names_voices(declared) else nullcontext():
        prepared = Prepared(declared, resolve, files or {})
        submission = resolved(here, prepared, sender)
        with here.resolution.keeping(submission.request, prepared.files):
            return here.queue.submit(submission)


def resolved(here: Context, prepared: Prepared, sender: Sender) -> Submission:
    """A request as it is queued; nothing is kept yet.

    Whoever asks holds the library if the request may name a voice. Raises what `resolve` and
    `limits.check` raise, Conflict, and Unauthorized for a key that is good no more.
    """
    found = prepared.resolve()
    limits.check(found, here.settings, here.credentials.of(sender.client))
    _require_unclaimed(here, found.request)
    return Submission(
        request=found.request,
        client=sender.client,
        queue=sender.priority or queue_of(prepared.declared),
        estimate=found.estimate,
        idempotency=sender.idempotency,
        again_of=sender.again_of,
        line=sender.line,
        speed=sender.speed,
        warnings=found.warnings,
        webhook=sender.webhook,
        label=sender.label,
    )


def known(here: Context, sender: Sender) -> JobRecord | None:
    """The job of the same request, sent before with its key. Raises IdempotencyConflict."""
    return sender.idempotency and here.queue.known(sender.client, sender.idempotency)


def queue_of(declared: type[Declared]) -> str:
    """Somebody waits for a task; a pipeline gives way; what generates nothing is beside both."""
    if declared.on_codec_alone:
        return keys.CODEC
    return keys.INTERACTIVE if declared.kind == "task" else keys.BATCH


def _names_voices(declared: type[Declared]) -> bool:
    """True where what is in the library decides, now and when the job runs."""
    if issubclass(declared, Pipeline):
        return True
    return "stored" in declared.voices().values() or bool(declared.new_voices())


def _require_unclaimed(here: Context, request: Declared) -> None:
    """No job that waits or runs may be about to make a voice of the same name."""
    for field in request.new_voices():
        if name := getattr(request, field):
            for record in here.queue.active():
                if naming.folded(name) in _new_voices(record):
                    raise Conflict(
                        f"Job {record.id} makes a voice {name!r} already.",
                        param=field,
                        hint="Choose another name, or cancel that job.",
                    )


def _new_voices(record: JobRecord) -> set[str]:
    """The names, folded, under which a job keeps voices."""
    fields = CONTRACTS[record.task].new_voices() if record.task in CONTRACTS else ()
    return {naming.folded(name) for field in fields if (name := record.request.get(field))}
