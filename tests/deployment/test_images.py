"""The images, built and started as the `cpu` profile says; where a Docker engine answers."""

import gc
import os
import time
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path
from typing import Any, Self

import docker
import httpx
import pytest
import soundfile
from docker.errors import DockerException, NotFound
from docker.models.containers import Container

from shared.client import Client
from shared.states import JobState
from tests.deployment.composition import Composition, Service, load, started
from tests.deployment.dockerfile import ROOT

pytestmark = [pytest.mark.docker, pytest.mark.slow, pytest.mark.timeout(3600)]
HEALTHY_SECONDS = 180.0
NANOSECONDS = {"s": 10**9, "h": 3600 * 10**9}


class Running:
    """The services of a profile as containers; what Compose would do, by the SDK."""

    def __init__(self, engine: docker.DockerClient, composition: Composition) -> None:
        self._engine = engine
        self._composition = composition
        self._containers: dict[str, Container] = {}
        self._network = f"speech-test-{os.getpid()}"
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.callback(self._engine.networks.create(self._network).remove)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def start(self, name: str) -> None:
        """Build or pull a service and what it waits for, then start it and wait for its health."""
        if name in self._containers:
            return
        service = self._composition.services[name]
        for other in service.depends_on:
            self.start(other)
        container = self._engine.containers.create(
            self._image(service),
            service.command or None,
            network=self._network,
            networking_config={
                self._network: self._engine.api.create_endpoint_config(aliases=[name])
            },
            **options(service),
        )
        self._containers[name] = container
        self._open.callback(remove, container)
        container.start()
        self._wait(name)

    def address(self, name: str) -> str:
        """Where a published port is found."""
        container = self._containers[name]
        container.reload()
        (bindings,) = [found for found in container.ports.values() if found]
        return f"http://127.0.0.1:{bindings[0]['HostPort']}"

    def inside(self, name: str, *command: str) -> int | None:
        """The exit status of a command in a container."""
        return self._containers[name].exec_run(list(command)).exit_code

    def _image(self, service: Service) -> str:
        if not service.build:
            self._engine.images.pull(service.image)
            return service.image
        tag = f"{service.image.partition(':')[0]}:test"
        self._engine.images.build(
            path=str(ROOT),
            dockerfile=service.build.dockerfile,
            buildargs=service.build.args,
            tag=tag,
            rm=True,
        )
        return tag

    def _wait(self, name: str) -> None:
        container = self._containers[name]
        until = time.monotonic() + HEALTHY_SECONDS
        while container.attrs["State"].get("Health", {}).get("Status") != "healthy":
            if time.monotonic() > until or container.status == "exited":
                raise RuntimeError(f"{name} is {container.status}:\n{container.logs().decode()}")
            time.sleep(0.5)
            container.reload()


def options(service: Service) -> dict[str, Any]:
    """A service as the SDK wants it; restarts and published numbers are left to Compose."""
    found: dict[str, Any] = {
        "environment": service.environment,
        "user": service.user,
        "read_only": service.read_only,
        "init": service.init,
        "cap_drop": service.cap_drop,
        "security_opt": service.security_opt,
        "tmpfs": dict(entry.split(":", 1) for entry in service.tmpfs),
        "volumes": [volume for volume in service.volumes if volume.startswith("/")],
        "ports": {f"{port.split(':')[-1]}/tcp": ("127.0.0.1", None) for port in service.ports},
    }
    if check := service.healthcheck:
        found["healthcheck"] = {
            "test": check.test,
            "interval": nanoseconds(check.interval),
            "timeout": nanoseconds(check.timeout),
            "start_period": nanoseconds(check.start_period),
            "retries": check.retries,
        }
    return found


def nanoseconds(text: str) -> int:
    """A duration of one unit, as Docker counts."""
    return int(text[:-1]) * NANOSECONDS[text[-1]]


def remove(container: Container) -> None:
    """Away with it and with what it stored."""
    with suppress(NotFound):
        container.remove(force=True, v=True)


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client, trouble = connect()
    if client is None:
        pytest.skip(f"No Docker engine answers here: {trouble}")
    yield client
    client.close()


def connect() -> tuple[docker.DockerClient | None, str]:
    """A client of the engine, or why there is none."""
    with warnings.catch_warnings():
        # The SDK leaves the socket of a vain attempt to the garbage collector.
        warnings.simplefilter("ignore", ResourceWarning)
        try:
            return docker.from_env(timeout=1800), ""
        except DockerException as error:
            trouble = str(error)
        gc.collect()
    return None, trouble


@pytest.fixture(scope="module")
def running(
    engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Running]:
    """The `cpu` profile with folders of its own, as a user who is not root."""
    uid = os.getuid() or 1000
    environment = {"SPEECH_USER": f"{uid}:{uid}"}
    for name in ("models", "voices", "outputs"):
        folder: Path = tmp_path_factory.mktemp(name)
        folder.chmod(0o777)
        environment[f"{name.upper()}_DIR"] = str(folder)
    composition = load(environment)
    with Running(engine, composition) as service:
        for name in sorted(started(composition, ["cpu"])):
            service.start(name)
        yield service


def test_the_cpu_profile_speaks_a_sentence(running: Running):
    with Client(running.address("api")) as client:
        job = client.wait(client.submit("custom_voice", {"text": "The lamp turned."}).id)
        heard = soundfile.info(BytesIO(client.audio(job.id)))

    assert job.state is JobState.SUCCEEDED
    assert heard.samplerate == 24_000
    assert heard.duration > 0.5


def test_the_dashboard_answers(running: Running):
    assert httpx.get(running.address("ui"), timeout=30, trust_env=False).is_success


def test_torch_is_where_it_belongs_and_nowhere_else(running: Running):
    assert running.inside("api", "python", "-c", "import torch") == 1
    assert running.inside("worker-cpu", "python", "-c", "import torch") == 0


@pytest.mark.parametrize("name", ["api", "ui", "worker-cpu"])
def test_nothing_runs_as_root_and_the_root_cannot_be_written(running: Running, name: str):
    assert running.inside(name, "sh", "-c", 'test "$(id -u)" -ne 0') == 0
    assert running.inside(name, "sh", "-c", "! touch /app/new 2>/dev/null") == 0
