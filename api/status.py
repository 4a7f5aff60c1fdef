"""`/v1/status`, `/health`, `/ready`: how the service is."""

from collections.abc import Sequence

from fastapi import APIRouter, Response
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from api import findings
from api.deps import Here
from shared import status
from shared.connection import answered
from shared.errors import SpeechError
from shared.states import JobState
from shared.status import WorkerStatus
from shared.version import __version__
from shared.views import Health, QueueStatus, Readiness, Status

router = APIRouter(tags=["status"])


@router.get("/v1/status")
def service_status(here: Here) -> Status:
    """Workers, engines, loaded checkpoints, queue and disk."""
    with answered():
        alive = status.workers(here.redis)
    active = here.queue.active()
    waiting, outputs = here.queue.lengths(), here.index.usage()
    return Status(
        version=__version__,
        workers=alive,
        queue=QueueStatus(
            waiting=waiting,
            running=sum(record.state is JobState.RUNNING for record in active),
            limit=here.settings.max_queue,
            pace=here.queue.lineup.pace(),
        ),
        listeners=here.hub.listeners,
        outputs=outputs,
        findings=list(findings.look(alive, waiting, outputs)),
    )


@router.get("/health", responses={503: {"model": Health}})
async def health(response: Response, here: Here) -> Health:
    """Replace me? 503 once this process can no longer relay."""
    if here.hub.alive:
        return Health(status="ok")
    response.status_code = HTTP_503_SERVICE_UNAVAILABLE
    return Health(status="failed")


@router.get("/ready", responses={503: {"model": Readiness}})
def ready(response: Response, here: Here) -> Readiness:
    """Send traffic? 503 until Redis answers and a worker with an engine lives."""
    found = _readiness(here)
    if not found.ready:
        response.status_code = HTTP_503_SERVICE_UNAVAILABLE
        response.headers["Retry-After"] = "2"
    return found


def _readiness(here: Here) -> Readiness:
    try:
        with answered():
            alive = status.workers(here.redis)
        jobs = here.queue.busy()
    except SpeechError as error:
        return _unready(error.message)
    refusal = _refusal(here)
    worker = status.main(alive)
    if worker is None:
        reason = _said(refusal, f"No worker {'that speaks ' if alive else ''}is alive.")
        return _unready(reason).model_copy(
            update={"queue": True, "outputs": not refusal, "jobs": jobs}
        )
    return Readiness(
        ready=worker.ready and not refusal,
        queue=True,
        worker=worker.ready,
        outputs=not refusal,
        engine=worker.engine.name,
        preview=worker.engine.preview,
        reason=_said(_said(refusal, worker.trouble) or worker.reason, _unserved(alive)),
        jobs=jobs,
    )


def _refusal(here: Here) -> str:
    """Why no output can be written; empty if it can."""
    try:
        here.outputs.check()
    except SpeechError as error:
        return error.message
    return ""


def _unserved(alive: Sequence[WorkerStatus]) -> str:
    """Which jobs wait for a worker that is not there; empty if none do."""
    names = status.unserved(alive)
    return f"No worker serves the queue {' or '.join(names)}." if names else ""


def _said(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _unready(reason: str) -> Readiness:
    return Readiness(
        ready=False,
        queue=False,
        worker=False,
        outputs=False,
        engine=None,
        preview=None,
        reason=reason,
    )
