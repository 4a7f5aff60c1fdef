"""A worker that says it lives, where none runs."""

import time
from typing import Any

from shared import keys
from shared.connection import Connection
from shared.jobs import EngineInfo
from shared.status import WorkerStatus

PREVIEW = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="int16",
    preview=True,
    checkpoint="",
    revision="",
)
QWEN3 = PREVIEW.model_copy(update={"name": "qwen3", "precision": "fp32", "preview": False})


def status(**told: Any) -> WorkerStatus:
    """What a worker says of itself that speaks, with whatever else it says."""
    known: dict[str, Any] = {
        "name": "gpu-0",
        "host": "here",
        "pid": 1,
        "version": "1",
        "started_at": time.time(),
        "engine": QWEN3,
        "reason": "",
        "ready": True,
        "told_at": time.time(),
        "job": None,
        "loaded": {},
    }
    return WorkerStatus(**{**known, **told})


def announce(connection: Connection, name: str = "gpu-0", **told: Any) -> None:
    """Let others believe that this worker runs, with the preview engine unless it says so."""
    said = status(**{"name": name, "engine": PREVIEW, **told})
    connection.sadd(keys.WORKERS, name)
    connection.set(keys.worker(name), said.model_dump_json())
