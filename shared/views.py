"""What the API answers besides jobs and outputs; the client reads what the routes write."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.jobs import JobView
from shared.plans.plan import Slot
from shared.plans.table import Retaken
from shared.requests.declared import Kind
from shared.requests.role import Role
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
    jobs: int | None = None
    """How many wait, run or are paused; None while the queue does not answer."""


class TranscriptView(View):
    """What a recording says, as far as it was understood."""

    text: str
    language: str
    seconds: float
    """That it took."""


class TakeView(View):
    """One take of a line."""

    number: int
    file: str
    seed: int
    seconds: float
    text: str
    said: str
    """As it was spoken."""
    role: Role
    finish_reason: str
    notes: list[str]
    retaken: list[Retaken]
    """Takes before it that did not pass the checks."""
    faults: list[str]
    """What is wrong with it nevertheless."""
    similarity: float | None
    made_at: float
    """Unix seconds."""
    job: str
    """The job that made it, where that was not the output's own."""
    audio: str
    """Where it is heard, as it was spoken."""


class LineView(View):
    """A line of an output."""

    number: int
    text: str
    """As it is written."""
    said: str
    """As it was spoken."""
    speaker: str
    role: Role
    language: str
    chapter: int
    slot: Slot | None
    """Of a cue: the time that it has."""
    id: str
    """What the document calls it."""
    state: Literal["spoken", "failed"]
    why: str
    """Why it failed."""
    start: float | None
    """Where it is heard in the recording; seconds."""
    end: float | None
    chosen: int
    """Number of the take that is heard; of a line that failed, of none."""
    taken_over: str
    """The output that its first take was taken from."""
    takes: list[TakeView]


class AssemblyView(View):
    """Whether the recording is of the takes that are chosen."""

    state: Literal["done", "running", "failed"]
    error: str = ""


class LinePage(View):
    """Lines of an output."""

    output: str
    task: str
    lines: int
    """How many there are in all."""
    items: list[LineView]
    next: int | None
    """`after` of the next page."""
    assembly: AssemblyView
    pending: dict[str, int]
    """Jobs that make a take at present, and the number of its line."""


class Choice(View):
    """Which take is heard."""

    model_config = ConfigDict(extra="forbid", strict=True)

    take: Annotated[int, Field(ge=1)]
    """Its number."""
