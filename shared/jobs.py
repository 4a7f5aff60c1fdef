"""A job: the record in Redis, and what clients see of it."""

from datetime import UTC, datetime
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Json, TypeAdapter

from shared.requests import CONTRACTS
from shared.states import JobState
from shared.webhooks.webhook import Hooked, WebhookView

_ANYTHING = TypeAdapter(Any)


class LinesDone(BaseModel):
    """How many lines of a pipeline are settled."""

    done: int
    total: int


class Progress(BaseModel):
    """How far a running job is."""

    fraction: float = 0.0
    """Share of the work that is done, 0 to 1."""
    stage: str = "waiting"
    """`waiting`, `loading`, `speaking` or `finishing`."""
    audio_seconds: float = 0.0
    """Audio made so far."""
    lines: LinesDone | None = None
    """Of a pipeline, once its worker knows."""


class EngineInfo(BaseModel):
    """What spoke."""

    name: str
    version: str
    device: str
    precision: str
    preview: bool
    checkpoint: str
    revision: str
    batch: int = 1
    """Utterances spoken at once, at most: below fp64 a batch decides the last digits."""
    live_batch: int = 1
    """The same while somebody may be listening."""
    conditions: str = ""
    """What else decides the last digits: graphs, fused kernels, threads."""


class JobRecord(Hooked):
    """The hash `tts:job:{id}`; fields that scripts touch are plain, the rest is JSON."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    id: str
    task: str
    queue: str
    client: str
    request: Json[dict[str, Any]]
    seed: int
    estimate: float
    """Estimated seconds of audio."""
    created_at: float
    """Unix seconds, as all times here."""
    again_of: str = ""
    line: str = ""
    """The line of an output that it makes a take of, as `{output}/{number}`."""
    speed: float | None = None
    """Of that take in the recording; None: as the line was planned."""
    needs: str = ""
    """What it wants loaded, as `base/0.6B`; empty where anything will do."""
    overtaken_at: float | None = None
    """Since when others go before it that need what is loaded."""
    request_id: str = ""
    """Of the HTTP request that submitted it: the worker's log lines carry it on."""
    traceparent: str = ""
    """The span of its submission, as W3C Trace Context writes it; empty where nothing is traced."""
    batch: str = ""
    """The batch that it was admitted with."""
    label: str = ""
    """What whoever sent the batch calls it."""

    state: JobState = JobState.QUEUED
    attempt: int = 0
    crashes: int = 0
    """How often a worker died over it."""
    samples: int = 0
    """Samples delivered to listeners in the present take."""
    take: int = 0
    """Grows when the audio had to begin anew."""
    restart_reason: str = ""
    """Why the present take is not the first."""
    seq: int = 0
    cancel: bool = False
    pause: bool = False
    """Whether it is to be, and to stay, paused."""
    yielded: bool = False
    """It stepped aside between two lines: the attempt goes on when it is taken up again."""
    worker: str = ""
    fingerprint: str = ""
    """Of the engine that made the samples delivered so far."""
    started_at: float | None = None
    finished_at: float | None = None
    engine: Json[EngineInfo] | None = None
    progress: Json[Progress] | None = None
    warnings: Json[list[str]] | None = None
    result: Json[dict[str, Any]] | None = None
    error: Json[dict[str, Any]] | None = None

    @classmethod
    def decode(cls, fields: dict[bytes, bytes]) -> Self:
        """From the fields of the hash, as Redis returns them."""
        return cls.model_validate({name.decode(): value.decode() for name, value in fields.items()})


def encode(**fields: Any) -> dict[str, str]:
    """Fields of a record as the hash holds them; None is left out."""
    return {name: _plain(value) for name, value in fields.items() if value is not None}


def flat(fields: dict[str, str]) -> list[str]:
    """Field, value, field, value: as the scripts take them."""
    return [part for pair in fields.items() for part in pair]


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return _ANYTHING.dump_json(value).decode()


class JobView(BaseModel):
    """A job as clients see it."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    id: str
    task: str
    state: JobState
    position: int | None = None
    """Jobs ahead of this one while it waits; null once it runs."""
    progress: float = 0.0
    """Share of the work that is done, 0 to 1."""
    stage: str = "waiting"
    """`waiting`, `loading`, `speaking`, `finishing`, `paused` or the end state."""
    audio_seconds: float = 0.0
    """Audio made so far."""
    lines: LinesDone | None = None
    """Of a pipeline: how many of its lines are spoken, or given up; null before it has begun."""
    eta_seconds: float | None = None
    """Seconds until it is done, learnt from the pace of the engine."""
    created_at: datetime
    started_at: datetime | None = None
    finished_at: datetime | None = None
    attempts: int = 0
    """How often it was begun; more than one means that a worker died or was stopped over it."""
    engine: EngineInfo | None = None
    """What speaks; `preview` is true when it is not Qwen3-TTS."""
    seed: int
    request: dict[str, Any]
    result: dict[str, Any] | None = None
    warnings: list[str] = []
    error: dict[str, Any] | None = None
    batch: str | None = None
    """The batch that it was sent with; `GET /v1/jobs?batch=` lists the others."""
    label: str | None = None
    """What that batch calls it."""
    webhook: WebhookView | None = None
    """Who is told of its end, and whether that has worked."""
    links: dict[str, str] = {}


def view(
    record: JobRecord, position: int | None = None, eta_seconds: float | None = None
) -> JobView:
    """What clients see of `record`."""
    progress = record.progress or Progress()
    ended = record.state.terminal
    return JobView(
        id=record.id,
        task=record.task,
        state=record.state,
        position=position,
        progress=1.0 if record.state is JobState.SUCCEEDED else progress.fraction,
        stage=_stage(record.state, progress),
        audio_seconds=progress.audio_seconds,
        lines=progress.lines,
        eta_seconds=0.0 if ended else eta_seconds,
        created_at=moment(record.created_at),
        started_at=moment(record.started_at) if record.started_at else None,
        finished_at=moment(record.finished_at) if record.finished_at else None,
        attempts=record.attempt,
        engine=record.engine,
        seed=record.seed,
        request=record.request,
        result=record.result,
        warnings=record.warnings or [],
        error=record.error,
        batch=record.batch or None,
        label=record.label or None,
        webhook=record.webhook(ended),
        links=_links_of(record),
    )


def _links_of(record: JobRecord) -> dict[str, str]:
    found = links(record.id, record.task, record.state, record.pause)
    if retriable(record):
        found["retry"] = f"{found['self']}/retry"
    return found


def has_lines(task: str) -> bool:
    """Whether jobs of a task are spoken line by line: what has lines can stop between two."""
    return task in CONTRACTS and CONTRACTS[task].kind == "pipeline"


def resumable(record: JobRecord) -> bool:
    """Whether an ended job can be gone on with, as another one."""
    ended_early = record.state in (JobState.FAILED, JobState.CANCELLED)
    return ended_early and has_lines(record.task)


def retriable(record: JobRecord) -> bool:
    """Whether an ended job can be tried again: its words may not have been kept."""
    ended_early = record.state in (JobState.FAILED, JobState.CANCELLED)
    declared = CONTRACTS.get(record.task)
    return ended_early and declared is not None and not declared.lacks_words(record.request)


def _stage(state: JobState, progress: Progress) -> str:
    """What a job is at; one that waits again is not at what it was at before."""
    if state is JobState.QUEUED:
        return Progress().stage
    return progress.stage if state is JobState.RUNNING else state.value


def links(
    job_id: str, task: str, state: JobState = JobState.SUCCEEDED, pause: bool = False
) -> dict[str, str]:
    """Where the parts of a job are found, and what can be done with it, from the API's root on."""
    base = f"/v1/jobs/{job_id}"
    found = {
        "self": base,
        "events": f"{base}/events",
        "audio": f"{base}/audio",
        "stream": f"{base}/stream",
        "output": f"/v1/outputs/{job_id}",
    }
    if has_lines(task):
        found["lines"] = f"/v1/outputs/{job_id}/lines"
        found |= {step: f"{base}/{step}" for step in _steps(state, pause)}
    return found


def _steps(state: JobState, pause: bool) -> list[str]:
    """What a client may ask of a pipeline: one that failed or was cancelled goes on as another."""
    if state in (JobState.QUEUED, JobState.RUNNING):
        return ["resume"] if pause else ["pause"]
    return [] if state is JobState.SUCCEEDED else ["resume"]


def moment(seconds: float) -> datetime:
    """Unix seconds as a date with its zone."""
    return datetime.fromtimestamp(seconds, tz=UTC)
