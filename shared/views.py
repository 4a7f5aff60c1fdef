"""What the API answers besides jobs and outputs; the client reads what the routes write."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from shared.jobs import JobView
from shared.plans.plan import Slot
from shared.plans.table import Retaken
from shared.requests.declared import Kind
from shared.requests.role import Role
from shared.status import Finding, ModelAction, WorkerStatus
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


class PlainVoice(View):
    """A voice, in short."""

    id: str
    """What requests name it by, as they do by its name."""
    name: str
    kind: str
    """`preset`, `cloned`, `designed` or `mixed`."""
    language: str
    """The language it is at home in, or `auto`."""
    description: str
    sample: str | None
    """Where it is heard, from the API's root on; null where there is nothing to listen to."""


class LanguageView(View):
    """A language; either name may be used."""

    id: str
    code: str


class ModelCard(View):
    """A name that requests may give as `model`."""

    id: str
    object: Literal["model"] = "model"
    created: int = 0
    """When it was released; Unix seconds, 0 for a checkpoint of your own."""
    owned_by: str = "Qwen"


class ModelView(ModelCard):
    """A checkpoint."""

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


class ModelList(View):
    """The checkpoints, then the names of other services' models that speak here."""

    object: Literal["list"] = "list"
    data: list[ModelView | ModelCard]


class Accepted(View):
    """A worker will do it; watch `action` in `/v1/models`."""

    worker: str
    action: str


class Backlog(View):
    """All jobs that have not ended, whichever of them a page shows."""

    running: int = 0
    waiting: int = 0
    paused: int = 0
    seconds: float = 0.0
    """Until those that run or wait are done, about."""


class JobPage(View):
    """Jobs, the newest first; those that are asked for as `active` in the order of their turns."""

    items: list[JobView]
    next: str | None
    """Pass as `before` for the page after this one."""
    backlog: Backlog = Backlog()


class WebhookLoad(View):
    """What there is to tell to receivers of webhooks."""

    enabled: bool
    """Whether there is a secret to sign with; without one nothing is sent."""
    pending: int
    """On their way, or waiting for another attempt."""
    failed: int
    """Given up, of those that are remembered."""


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
    findings: list[Finding] = []
    """What the API itself sees amiss; what a worker found stands in its own status."""


class Level(View):
    """How a quantity went, one value a stretch of time; null where nothing was measured."""

    mean: list[float | None]
    most: list[float | None]
    last: float | None
    """The latest that was measured."""


class Spread(View):
    """How long something took, over the jobs that ended in a stretch of time; null where none."""

    p50: list[float | None]
    """Half of them took no longer."""
    p95: list[float | None]
    p50_overall: float | None
    """Over the whole span."""
    p95_overall: float | None


class WorkerHistory(View):
    """What a worker measured; it may be gone by now."""

    worker: str
    utilization: Level
    """Of its card, 0 to 1."""
    gpu_memory: Level
    """Bytes in use by everybody."""
    gpu_memory_own: Level
    """Bytes in use by this worker."""
    gpu_memory_total: float | None
    """Bytes."""
    temperature: Level
    """°C."""
    power: Level
    """W."""
    cpu: Level
    """Percent; 100 is one core at full work."""
    memory: Level
    """Bytes of main memory that its process holds."""
    memory_total: float | None
    """Bytes."""


class History(View):
    """A span of time in equal stretches, the last of which has not ended."""

    begin: float
    """When the first stretch began; Unix seconds."""
    step: float
    """Seconds that each lasts."""
    points: int
    """How many there are; fewer than asked for where that would be more than was measured."""
    workers: list[WorkerHistory]
    waiting: Level
    """Jobs in all queues."""
    succeeded: list[int]
    """Jobs that a worker ended in each stretch."""
    failed: list[int]
    cancelled: list[int]
    audio: list[float]
    """Seconds of audio made per minute."""
    queue_wait: Spread
    """Seconds from submission to the beginning."""
    first_audio: Spread
    """Seconds from the beginning to the first sound; as the next, of jobs that an engine has spoken
    from end to end: neither of the codec alone, nor with lines taken over."""
    real_time_factor: Spread
    """Generation time per second of audio; under 1 is faster than real time."""


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


class FitView(View):
    """How a cue was made to fit into its time, as `report.json` tells it; seconds."""

    line: int | None = None
    """Number of its line."""
    slot: float | None = None
    """The time that the subtitles give it."""
    room: float | None = None
    """The same with what may be borrowed of the silence after it."""
    natural: float | None = None
    """How long it was spoken."""
    rate: float | None = None
    """How much faster it is heard."""
    action: str = ""
    """The last thing that was done to it."""
    overrun: float = 0.0
    """By how much it is longer than its room."""

    @property
    def strained(self) -> bool:
        """Whether it did not fit without harm: too long still, cut off, or hurried."""
        return self.overrun > 0 or self.action in ("hurried", "cut", "overrun")


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
    fit: FitView | None = None
    """Of a cue in the recording: how it was made to fit."""
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


class WaveformView(View):
    """What a recording looks like."""

    seconds: float
    """How long it is."""
    points: list[float]
    """The highest amplitude of each of equally long parts, 0 to 1."""


Grain = Literal["segment", "word"]
"""How fine timings are."""


class WordTiming(View):
    """A word and when it is heard."""

    text: str
    """As it is written, with the signs that touch it; several words where they are read as one."""
    start: float
    """Seconds."""
    end: float


class SegmentTiming(View):
    """What is spoken in one go, or a line of a pipeline, and when it is heard."""

    start: float
    """Seconds, in the finished recording."""
    end: float
    text: str
    speaker: str
    """The character who says it; empty for a narrator, and in tasks."""
    line: int | None
    """Number of the line, of a pipeline."""
    words: list[WordTiming] | None
    """At the level `word`; null at the other, and of a segment whose words nobody could time."""


class TimingsView(View):
    """When what is heard in a recording."""

    id: str
    """Of the job, and of its output."""
    task: str
    level: Grain
    duration_seconds: float
    segments: list[SegmentTiming]


class AssemblyView(View):
    """Whether the recording is of the takes that are chosen."""

    state: Literal["done", "running", "failed"]
    error: str = ""


class LineCounts(View):
    """How many lines of an output there are of each kind that somebody looks for."""

    faulty: int = 0
    """Failed, with faults, or hardly fitting into their time."""
    strained: int = 0
    """Cues that are too long, cut off or hurried."""
    failed: int = 0
    retaken: int = 0
    """With several takes."""


class LinePage(View):
    """Lines of an output."""

    output: str
    task: str
    lines: int
    """How many there are in all."""
    found: int
    """How many of them the filters let through, on all pages."""
    counts: LineCounts
    """Of all lines."""
    speakers: dict[str, int]
    """Lines of each, in the order in which they are first heard; those of nobody are under an empty
    name."""
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
