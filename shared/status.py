"""What a worker says of itself, and the messages by which it is asked to do things between jobs."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.dataclasses import dataclass

from shared import keys
from shared.connection import Connection
from shared.jobs import EngineInfo
from shared.readings import CacheStats, GpuReading, LoadedModel, ProcessReading

_ACTION_LIFE = 600
"""Seconds that a message waits for its worker, and that the outcome of an action is shown."""


Action = Literal["pull", "load", "unload", "unload_all", "clear_caches"]
"""Those that name no checkpoint are for every worker."""


Verdict = Literal["good", "note", "bad"]


@dataclass(frozen=True, config=ConfigDict(use_attribute_docstrings=True))
class Finding:
    """One thing that was found about a machine or its settings."""

    subject: str
    verdict: Verdict
    fact: str
    advice: str = ""
    """What to do about it; empty if there is nothing to do."""


class WorkerStatus(BaseModel):
    """The status that a live worker renews with its lease."""

    name: str
    host: str
    pid: int
    version: str
    started_at: float
    engine: EngineInfo
    reason: str
    """Why this engine was taken."""
    ready: bool
    """True when a job would be spoken."""
    trouble: str = ""
    """What stands in the way, when it is not ready."""
    told_at: float
    """When it said all this, by its own clock; Unix seconds."""
    job: str | None
    """The job that it runs."""
    queues: list[str] = list(keys.QUEUES)
    """Those that it serves, the most urgent first."""
    loaded: dict[str, LoadedModel]
    """Loaded checkpoints by id."""
    needs: list[str] = []
    """What they serve, in the words of `JobRecord.needs`: such jobs may go before others."""
    words: bool = False
    """Whether it can say when each word is heard."""
    caches: dict[str, CacheStats] = {}
    """What it remembers between jobs, by name: `prompts`, `instructs`, `codes`."""
    gpu: GpuReading | None = None
    """The card that it speaks on; None on the CPU, and where the driver does not tell."""
    process: ProcessReading | None = None
    findings: list[Finding] = []
    """What it found about its machine and settings, as `qtts doctor` would; empty until it has
    looked."""

    @property
    def speaks(self) -> bool:
        """Whether it takes more than the tasks of the codec."""
        return set(self.queues) != {keys.CODEC}


class Control(BaseModel):
    """Something a worker is asked to do."""

    model_config = ConfigDict(extra="forbid")

    action: Action
    checkpoint: str = ""


class ModelAction(BaseModel):
    """What a worker is doing, or has done, with a checkpoint."""

    action: Action
    state: Literal["waiting", "running", "done", "failed"]
    message: str = ""
    done_bytes: int = 0
    total_bytes: int = 0
    rate: float = 0.0
    """Bytes per second of a download."""

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed")


def workers(connection: Connection) -> list[WorkerStatus]:
    """The workers that are alive."""
    names = sorted(name.decode() for name in connection.smembers(keys.WORKERS))
    if not names:
        return []
    found: list[bytes | None] = connection.mget([keys.worker(name) for name in names])
    return [WorkerStatus.model_validate_json(item) for item in found if item]


def main(alive: Sequence[WorkerStatus]) -> WorkerStatus | None:
    """The worker that speaks, one that is ready before others; None where there is none."""
    speaking = [worker for worker in alive if worker.speaks]
    return min(speaking, key=lambda worker: not worker.ready, default=None)


def unserved(alive: Sequence[WorkerStatus]) -> list[str]:
    """The queues whose jobs none of these workers will take."""
    served = {name for worker in alive for name in worker.queues}
    return [name for name in keys.QUEUES if name not in served]


def send(connection: Connection, worker: str, message: Control) -> None:
    """Ask a worker to do something; it answers by `ModelAction`s."""
    note(
        connection, worker, message.checkpoint, ModelAction(action=message.action, state="waiting")
    )
    key = keys.control(worker)
    connection.rpush(key, message.model_dump_json())
    connection.expire(key, _ACTION_LIFE)


def receive(connection: Connection, worker: str, seconds: float) -> Control | None:
    """The next message for a worker, waiting at most `seconds`."""
    found = connection.blpop([keys.control(worker)], seconds)
    return Control.model_validate_json(found[1]) if found else None


def note(connection: Connection, worker: str, checkpoint: str, action: ModelAction) -> None:
    """Let everyone see how an action goes."""
    connection.set(keys.model(worker, checkpoint), action.model_dump_json(), ex=_ACTION_LIFE)


def action(connection: Connection, worker: str, checkpoint: str) -> ModelAction | None:
    """The last thing that a worker did with a checkpoint."""
    found = connection.get(keys.model(worker, checkpoint))
    return ModelAction.model_validate_json(found) if found else None
