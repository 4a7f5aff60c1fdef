"""What the API answers besides jobs and outputs; the client reads what the routes write."""

from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from shared.jobs import JobView
from shared.requests.declared import Kind
from shared.status import ModelAction, WorkerStatus
from shared.stores.listing import Usage


class View(BaseModel):
    """An answer; the docstring under a field is its description in the OpenAPI document."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class ErrorView(View):
    """What went wrong, where, and what to do next."""

    message: str
    type: str = "server_error"
    param: str | None = None
    """The field that is wrong."""
    code: str
    """Stable: programs may rely on it."""
    hint: str | None = None


class ErrorBody(View):
    """The one body of every error."""

    error: ErrorView


class TaskView(View):
    """A task or pipeline."""

    name: str
    title: str
    summary: str
    kind: Kind
    example: dict[str, Any]
    json_schema: dict[str, Any]
    """JSON Schema of the request body."""
    submit: str
    """Where to POST it."""


class SpeakerView(View):
    """A preset speaker."""

    id: str
    name: str
    language: str
    description: str


class LanguageView(View):
    """A language; either name may be used."""

    id: str
    code: str


class ModelView(View):
    """A checkpoint."""

    id: str
    kind: str
    size: str
    revision: str
    state: str
    """`absent`, `partial`, `present` or `damaged`."""
    bytes: int
    missing: list[str]
    damaged: list[str]
    loaded_by: list[str]
    """Workers that hold it in memory."""
    action: ModelAction | None
    """The last pull, load or unload."""


class Accepted(View):
    """A worker will do it; watch `action` in `/v1/models`."""

    worker: str
    action: str


class JobPage(View):
    """Jobs, the newest first."""

    items: list[JobView]
    next: str | None
    """Pass as `before` for the page after this one."""


class QueueStatus(View):
    """The queue."""

    waiting: dict[str, int]
    running: int
    limit: int
    pace: float
    """Wall seconds per second of audio of the engine in use, a moving average."""


class Status(View):
    """The whole service."""

    version: str
    workers: list[WorkerStatus]
    queue: QueueStatus
    listeners: int
    """Listeners on this API process."""
    outputs: Usage


class Health(View):
    """Whether this process should be replaced."""

    status: Literal["ok", "failed"]


class Readiness(View):
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


class TranscriptView(View):
    """What a recording says, as far as it was understood."""

    text: str
    language: str
    seconds: float
    """That it took."""
