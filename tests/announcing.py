"""A worker that says it lives, where none runs."""

import time

from shared import keys
from shared.connection import Connection
from shared.jobs import EngineInfo
from shared.status import WorkerStatus

ENGINE = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="int16",
    preview=True,
    checkpoint="",
    revision="",
)


def announce(connection: Connection, name: str = "gpu-0") -> None:
    """Let others believe that this worker runs."""
    said = WorkerStatus(
        name=name,
        host="here",
        pid=1,
        version="1",
        started_at=0,
        engine=ENGINE,
        reason="",
        ready=True,
        told_at=time.time(),
        job=None,
        loaded={},
    )
    connection.sadd(keys.WORKERS, name)
    connection.set(keys.worker(name), said.model_dump_json())
