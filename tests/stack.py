"""The service as real processes: Redis, APIs and a worker, in a folder of their own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import httpx
import redis

from shared import status
from shared.client import Client
from shared.settings import ROOT, Settings
from shared.status import WorkerStatus
from tools import redis_server
from tools.leash import leashed

START_SECONDS = 60.0
STOP_SECONDS = 15.0


def clean_environment() -> dict[str, str]:
    """Our environment without any setting of the service."""
    names = {name.upper() for name in Settings.model_fields}
    return {name: value for name, value in os.environ.items() if name.upper() not in names}


class Stack:
    """A running service; settings are given as environment variables."""

    def __init__(self, folder: Path, apis: int = 1, **settings: str) -> None:
        self.folder = folder
        self.outputs_dir = folder / "outputs"
        self.models_dir = folder / "models"
        self.urls: list[str] = []
        self.redis_url = ""
        self._open = ExitStack()
        self._apis = [self._open.enter_context(_held_port()) for _ in range(apis)]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._redis = ExitStack()
        self._environment = clean_environment() | {
            "ENGINE": "preview",
            "RUN_DIR": str(folder / "run"),
            "MODELS_DIR": str(self.models_dir),
            "VOICES_DIR": str(folder / "voices"),
            "OUTPUTS_DIR": str(self.outputs_dir),
            **settings,
        }

    def __enter__(self) -> Self:
        try:
            self._start_all()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()
        for process in self._processes.values():
            process.kill()
            process.wait()
        self.stop_redis()

    # --- what a test talks to ---

    @property
    def url(self) -> str:
        """The first API."""
        return self.urls[0]

    @property
    def environment(self) -> dict[str, str]:
        """For a further process beside this service, such as `qtts`."""
        return self._environment | {"REDIS_URL": self.redis_url, "API_URL": self.url}

    def client(self, api: int = 0, api_key: str = "") -> Client:
        """A client of one of the APIs; it closes with the stack."""
        return self._open.enter_context(Client(self.urls[api], api_key))

    def http(self, api: int = 0, **options: Any) -> httpx.Client:
        """A plain HTTP client of one of the APIs; it closes with the stack."""
        return self._open.enter_context(
            httpx.Client(base_url=self.urls[api], trust_env=False, **options)
        )

    def redis(self) -> redis.Redis:
        """A connection to its Redis; it closes with the stack."""
        return self._open.enter_context(redis.Redis.from_url(self.redis_url, protocol=2))

    @property
    def pids(self) -> dict[str, int]:
        """The processes that run, by name: `api-0`, the worker's name."""
        return {
            name: process.pid for name, process in self._processes.items() if process.poll() is None
        }

    def log(self, name: str) -> str:
        """What a process has said."""
        return (self.folder / f"{name}.log").read_text(errors="replace")

    # --- what a test does to it ---

    def start_worker(self, name: str = "gpu-0", *, wait: bool = True, **settings: str) -> None:
        """Start a worker, or start it again."""
        self._start(name, "worker", WORKER_NAME=name, **settings)
        if wait:
            self._wait_for_worker(name)

    def kill_worker(self, how: int = signal.SIGKILL, name: str = "gpu-0") -> int:
        """Send a worker a signal and wait for its end; its exit status."""
        return self._kill(name, how)

    def restart_worker(self, how: int = signal.SIGKILL, name: str = "gpu-0") -> None:
        """Kill a worker, then start it again."""
        self.kill_worker(how, name)
        self.start_worker(name)

    @contextmanager
    def still(self, name: str = "gpu-0") -> Generator[None]:
        """Meanwhile the worker does nothing: what is spoken stays so, what waits goes on waiting.

        After `LEASE_SECONDS` others may take it for dead.
        """
        self._processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self._processes[name].send_signal(signal.SIGCONT)

    def kill_api(self, number: int, how: int = signal.SIGKILL) -> int:
        """Send an API a signal and wait for its end; its exit status."""
        return self._kill(f"api-{number}", how)

    def start_api(self, number: int) -> None:
        """Start an API again, at its old address."""
        self._start(f"api-{number}", "api", PORT=str(self._apis[number]))
        self.wait_until_ready()

    def start_redis(self) -> None:
        """Start Redis, with what it had before."""
        self.redis_url = self._redis.enter_context(redis_server.serving(self.folder / "run"))

    def stop_redis(self) -> None:
        """Take Redis away."""
        self._redis.close()

    def wait_until_ready(self) -> None:
        """Come back when every API that was not killed is ready. Raises RuntimeError with a log."""
        until = time.monotonic() + START_SECONDS
        for number, url in enumerate(self.urls):
            while f"api-{number}" in self._processes and not _is_ready(url):
                self._check(until)
                time.sleep(0.02)

    def _start_all(self) -> None:
        self.start_redis()
        for number, port in enumerate(self._apis):
            self._start(f"api-{number}", "api", PORT=str(port))
            self.urls.append(f"http://127.0.0.1:{port}")
        self.start_worker(wait=False)
        self.wait_until_ready()

    def _start(self, name: str, module: str, **settings: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as output:
            self._processes[name] = subprocess.Popen(
                leashed([sys.executable, "-m", module]),
                cwd=ROOT,
                env=self._environment | {"REDIS_URL": self.redis_url} | settings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def _kill(self, name: str, how: int) -> int:
        process = self._processes[name]
        process.send_signal(how)
        status = process.wait(STOP_SECONDS)
        del self._processes[name]
        return status

    def _wait_for_worker(self, name: str) -> None:
        """What its predecessor said of itself may still be there."""
        until = time.monotonic() + START_SECONDS
        while not any(worker.pid == self._processes[name].pid for worker in self._workers()):
            self._check(until)
            time.sleep(0.02)
        self.wait_until_ready()

    def _workers(self) -> list[WorkerStatus]:
        with redis.Redis.from_url(self.redis_url, protocol=2) as connection:
            return status.workers(connection)

    def _check(self, until: float) -> None:
        dead = [name for name, process in self._processes.items() if process.poll() is not None]
        if time.monotonic() > until or dead:
            logs = "\n".join(f"{name}:\n{self.log(name)}" for name in dead or self._processes)
            raise RuntimeError(f"The service does not become ready.\n{logs}")


@contextmanager
def _held_port() -> Generator[int]:
    """A port that nobody else is given meanwhile, by which a server can listen all the same.

    Two sockets with this option may share a port until one of them listens.
    """
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False
