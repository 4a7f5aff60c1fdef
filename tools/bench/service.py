"""A service to measure: Redis, one API and one worker with the preview engine, all its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Collection, Generator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psutil

from shared.client import Client
from shared.errors import EngineUnavailable, JobFailed
from shared.settings import ROOT, Settings
from tools import ports, redis_server
from tools.leash import leashed

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Service:
    """Where the processes are found."""

    url: str
    redis_url: str
    outputs_dir: Path
    pids: Mapping[str, int]
    """Of `api` and `worker`."""
    environment: Mapping[str, str] = field(default_factory=dict[str, str])
    """For a further process beside these."""


def done(client: Client, task: str, asked: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The id of a job once it is done, and its result. Raises JobFailed."""
    job = client.wait(client.submit(task, asked).id)
    if job.result is None:
        raise JobFailed(f"A job ended as {job.state.value}.")
    return job.id, job.result


@contextmanager
def running(**settings: str) -> Generator[Service]:
    """A service that ends with the block; `settings` are environment variables.

    Raises EngineUnavailable when it does not become ready.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis_url = stack.enter_context(redis_server.serving(folder / "run"))
        port = ports.any_free()
        environment = _environment(folder) | {"REDIS_URL": redis_url, "PORT": str(port)} | settings
        processes = {
            module: stack.enter_context(_process(module, environment))
            for module in ("api", "worker")
        }
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/ready", processes.values())
        yield Service(
            url,
            redis_url,
            Path(environment["OUTPUTS_DIR"]),
            {module: process.pid for module, process in processes.items()},
            environment,
        )


@contextmanager
def dashboard(beside: Service, **settings: str) -> Generator[str]:
    """A dashboard of that service, which ends with the block; its address.

    Raises EngineUnavailable when it does not become ready.
    """
    port = ports.any_free()
    own = {"API_URL": beside.url, "GRADIO_PORT": str(port)}
    with _process("ui", {**beside.environment, **own, **settings}) as process:
        url = f"http://127.0.0.1:{port}"
        _wait(f"{url}/health", [process])
        yield url


@contextmanager
def worker(beside: Service, **settings: str) -> Generator[int]:
    """Another worker in the place of the one that the service began with; its process.

    Raises EngineUnavailable when it does not become ready.
    """
    before = psutil.Process(beside.pids["worker"])
    before.terminate()
    before.wait(_STOP_SECONDS)
    with _process("worker", {**beside.environment, **settings}) as process:
        with Client(beside.url) as client:
            _until(lambda: _serves(client, process.pid), [process])
        yield process.pid


def _environment(folder: Path) -> dict[str, str]:
    """Ours without any setting of the service, and folders that end with the measurement."""
    names = {name.upper() for name in Settings.model_fields}
    inherited = {name: value for name, value in os.environ.items() if name.upper() not in names}
    folders = {
        f"{kind.upper()}_DIR": str(folder / kind) for kind in ("models", "voices", "outputs")
    }
    return inherited | folders | {"ENGINE": "preview", "LOG_LEVEL": "warning"}


@contextmanager
def _process(module: str, environment: dict[str, str]) -> Generator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        leashed([sys.executable, "-m", module]),
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(url: str, processes: Collection[subprocess.Popen[bytes]]) -> None:
    """Until an address answers well."""
    _until(lambda: _ready(url), processes)


def _until(begun: Callable[[], bool], processes: Collection[subprocess.Popen[bytes]]) -> None:
    until = time.monotonic() + _START_SECONDS
    while not begun():
        if time.monotonic() > until or any(process.poll() is not None for process in processes):
            raise EngineUnavailable("The service to measure does not become ready.")
        time.sleep(0.05)


def _ready(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


def _serves(client: Client, pid: int) -> bool:
    """Whether a worker is at work; what its predecessor said of itself may still be there."""
    return any(worker.pid == pid for worker in client.status().workers)
