"""`/v1/status`, `/health`, `/ready`: how the service is."""

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from starlette.status import HTTP_503_SERVICE_UNAVAILABLE

from api.deps import Here
from shared import status
from shared.errors import SpeechError
from shared.queue import answered
from shared.states import JobState
from shared.status import WorkerStatus
from shared.stores.index import Usage
from shared.version import __version__

router = APIRouter(tags=["status"])


class QueueStatus(BaseModel):
    """The queue."""

    waiting: dict[str, int]
    running: int
    limit: int
    pace: float
    """Wall seconds per second of audio of the engine in use, a moving average."""


class Status(BaseModel):
    """The whole service."""

    version: str
    workers: list[WorkerStatus]
    queue: QueueStatus
    listeners: int
    """Listeners on this API process."""
    outputs: Usage


class Health(BaseModel):
    """Whether this process should be replaced."""

    status: Literal["ok", "failed"]


class Readiness(BaseModel):
    """Whether a job sent now would be spoken."""

    ready: bool
    queue: bool
    """Redis answers."""
    worker: bool
    """A worker is alive, and its engine has what it needs."""
    outputs: bool
    """The outputs folder can be written."""
    engine: str | None
    preview: bool | None
    """True when the engine is the preview, not Qwen3-TTS."""
    reason: str
    """Why this engine speaks, or what is missing."""


@router.get("/v1/status")
def service_status(here: Here) -> Status:
    """Workers, engines, loaded checkpoints, queue and disk."""
    with answered():
        alive = status.workers(here.redis)
    active = here.queue.active()
    return Status(
        version=__version__,
        workers=alive,
        queue=QueueStatus(
            waiting=here.queue.lengths(),
            running=sum(record.state is JobState.RUNNING for record in active),
            limit=here.settings.max_queue,
            pace=here.queue.pace(),
        ),
        listeners=here.hub.listeners,
        outputs=here.index.usage(),
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
    except SpeechError as error:
        return _unready(error.message)
    outputs = _writable(here)
    if not alive:
        return _unready("No worker is alive.").model_copy(update={"queue": True, "outputs": outputs})
    worker = next((worker for worker in alive if worker.ready), alive[0])
    return Readiness(
        ready=worker.ready and outputs,
        queue=True,
        worker=worker.ready,
        outputs=outputs,
        engine=worker.engine.name,
        preview=worker.engine.preview,
        reason=worker.trouble or worker.reason,
    )


def _writable(here: Here) -> bool:
    try:
        here.outputs.check()
    except SpeechError:
        return False
    return True


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
