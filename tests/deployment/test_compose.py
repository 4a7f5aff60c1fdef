"""docker-compose.yml, as far as it can be judged without an engine."""

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared import keys
from shared.binding import check_bind
from shared.settings import ROOT, Settings
from tests.deployment.composition import FILE, VARIABLE, Composition, Service, load, started
from tests.deployment.dockerfile import one
from tools import plan, ports, redis_server

COMPOSITION = load()
SERVICES = COMPOSITION.services
OURS = sorted(name for name, service in SERVICES.items() if service.build)
EXAMPLE = {
    "PORT": "9000",
    "GRADIO_PORT": "9001",
    "MODELS_DIR": "/srv/models",
    "OUTPUTS_DIR": "/srv/outputs",
    "ALLOWED_HOSTS": "speech.example",
}
every = pytest.mark.parametrize("service", SERVICES.values(), ids=SERVICES.keys())
each_of_ours = pytest.mark.parametrize("name", OURS)


def settings(name: str, composition: Composition = COMPOSITION) -> Settings:
    """What a service makes of its environment."""
    given = composition.services[name].environment
    return Settings.model_validate({key.lower(): value for key, value in given.items()})


# --- what is started ---


def test_without_a_profile_the_gpu_worker_is_started():
    assert started(COMPOSITION) == {"redis", "api", "ui", "worker"}


def test_the_gpu_worker_can_be_asked_for_by_name():
    assert started(COMPOSITION, ["gpu"]) == started(COMPOSITION)


def test_the_cpu_profile_starts_the_cpu_worker_in_its_place():
    assert started(COMPOSITION, ["cpu"]) == {"redis", "api", "ui", "worker-cpu"}


def test_the_codec_can_have_a_worker_beside_another():
    assert started(COMPOSITION, ["gpu", "codec"]) == {*started(COMPOSITION), "worker-codec"}
    assert started(COMPOSITION, ["cpu", "codec"]) == {
        *started(COMPOSITION, ["cpu"]),
        "worker-codec",
    }


def test_the_board_comes_beside_whatever_is_started():
    assert started(COMPOSITION, ["cpu", "monitoring"]) == {
        *started(COMPOSITION, ["cpu"]),
        "prometheus",
        "grafana",
    }


@pytest.mark.parametrize("name", ["worker", "worker-cpu"])
def test_the_other_leaves_it_the_codec_when_told_to(name: str):
    told = load({"WORKER_QUEUES": "interactive,batch"})
    assert settings(name).worker_queues == list(keys.QUEUES)
    assert settings(name, told).worker_queues == [keys.INTERACTIVE, keys.BATCH]
    assert settings("worker-codec", told).worker_queues == [keys.CODEC]


def test_the_codecs_worker_is_on_the_cpu_whatever_is_set_for_the_card():
    given = SERVICES["worker-codec"].environment
    assert plan.ON_CPU.items() <= given.items()
    assert SERVICES["worker-codec"].image == SERVICES["worker-cpu"].image
    assert settings("worker-codec").worker_name == plan.CODEC_WORKER


def test_only_the_gpu_worker_reserves_a_gpu_and_it_never_gives_a_preview():
    assert [name for name, service in SERVICES.items() if service.deploy] == ["worker"]
    deploy = SERVICES["worker"].deploy
    assert deploy
    assert deploy.resources.reservations.devices[0].capabilities == ["gpu"]
    assert settings("worker").allow_preview is False
    assert settings("worker-cpu").allow_preview is True


def test_the_workers_differ_in_name_and_image():
    workers = [SERVICES[name] for name in ("worker", "worker-cpu")]

    assert len({worker.image for worker in workers}) == 2
    assert settings("worker").worker_name != settings("worker-cpu").worker_name


# --- how it is confined ---


@every
def test_every_service_is_confined_and_comes_back(service: Service):
    assert service.read_only
    assert service.cap_drop == ["ALL"]
    assert service.security_opt == ["no-new-privileges:true"]
    assert service.user not in ("", "root", "0", "0:0")
    assert service.restart == "unless-stopped"


@every
def test_ports_are_published_on_loopback_alone(service: Service):
    assert all(port.startswith("127.0.0.1:") for port in service.ports)


def test_redis_and_the_workers_publish_nothing():
    published = {name for name, service in SERVICES.items() if service.ports}
    assert published == {"api", "ui", "wyoming", "prometheus", "grafana"}


@every
def test_every_image_is_ours_or_pinned_to_a_patch(service: Service):
    assert service.build or re.fullmatch(r"[\w/]+:v?\d+\.\d+\.\d+", service.image)


# --- how the parts fit together ---


@each_of_ours
def test_every_variable_of_ours_is_a_valid_setting(name: str):
    assert {key.lower() for key in SERVICES[name].environment} <= set(Settings.model_fields)
    assert settings(name).redis_url == "redis://redis:6379/0"


@each_of_ours
def test_what_describes_the_host_does_not_reach_the_inside(name: str):
    inside, changed = settings(name), settings(name, load(EXAMPLE))

    assert inside.models_dir == changed.models_dir == Path("/app/models")
    assert (inside.port, inside.gradio_port) == (changed.port, changed.gradio_port)


def test_what_describes_the_host_is_used_outside():
    changed = load(EXAMPLE).services

    assert changed["api"].ports == ["127.0.0.1:9000:8000"]
    assert changed["ui"].ports == ["127.0.0.1:9001:7860"]
    assert "/srv/outputs:/app/outputs" in changed["worker"].volumes


@pytest.mark.parametrize(("name", "setting"), [("api", "host"), ("ui", "gradio_host")])
def test_what_is_published_listens_and_keeps_foreign_names_out(name: str, setting: str):
    found = settings(name)

    check_bind(found, "host" if setting == "host" else "gradio_host")
    assert getattr(found, setting) == "0.0.0.0"
    assert "localhost" in found.allowed_hosts
    assert "*" not in found.allowed_hosts


def test_health_check_and_dashboard_may_call_the_api_whatever_names_are_set():
    assert settings("ui").api_url == "http://api:8000"
    assert settings("api", load(EXAMPLE)).allowed_hosts == ["speech.example", "127.0.0.1", "api"]


def test_api_and_workers_share_the_folders_at_the_paths_of_their_settings():
    for name in ("api", "worker", "worker-cpu", "worker-codec"):
        found = settings(name)
        targets = [Path(volume.split(":")[1]) for volume in SERVICES[name].volumes]
        assert targets[:3] == [found.models_dir, found.voices_dir, found.outputs_dir]


def test_api_and_dashboard_share_the_key_ring_and_the_workers_have_none():
    ring = settings("api").key_ring
    assert ring == settings("ui").key_ring
    assert f"keys:{ring.parent}" in SERVICES["api"].volumes
    assert f"keys:{ring.parent}:ro" in SERVICES["ui"].volumes
    for name in ("worker", "worker-cpu", "worker-codec"):
        assert not any(volume.startswith("keys:") for volume in SERVICES[name].volumes)


def test_only_the_workers_may_change_checkpoints():
    assert SERVICES["api"].volumes[0].endswith(":ro")
    assert not SERVICES["worker"].volumes[0].endswith(":ro")


@every
def test_every_mounted_folder_is_in_the_repository_or_declared(service: Service):
    for source in (volume.split(":")[0] for volume in service.volumes):
        assert source in COMPOSITION.volumes or (ROOT / source).is_dir()


@every
def test_whoever_is_waited_for_can_become_healthy(service: Service):
    for name, wanted in service.depends_on.items():
        other = SERVICES[name]
        checked = other.healthcheck or (other.build and one(other.build.dockerfile, "HEALTHCHECK"))
        assert wanted.condition == "service_healthy"
        assert checked


def test_every_variable_of_the_file_is_a_setting_or_explained():
    known = {name.upper() for name in Settings.model_fields}
    page = (ROOT / "docs" / "operating.md").read_text(encoding="utf-8")

    strange = {found[1] for found in VARIABLE.finditer(FILE.read_text("utf-8"))} - known

    assert strange == {"SPEECH_USER", "TORCH_INDEX_URL"}
    assert all(f"`{name}" in page for name in strange)


def test_the_health_check_of_the_dashboard_fails_where_nothing_listens():
    check = SERVICES["ui"].healthcheck
    assert check
    code = check.test[-1].replace("7860", str(ports.any_free()))

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert "ConnectionRefusedError" in done.stderr


# --- redis ---


@pytest.fixture
def server(tmp_path: Path) -> Iterator[redis.Redis]:
    """A real server, started with the words of the file."""
    _, *options = SERVICES["redis"].command
    socket = tmp_path / "socket"
    command = [redis_server.program(), *options, "--port", "0", "--unixsocket", str(socket)]
    with (
        subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.DEVNULL) as process,
        redis.Redis(unix_socket_path=str(socket), protocol=2) as client,
    ):
        while not socket.exists():
            assert process.poll() is None
            time.sleep(0.01)
        yield client
        os.kill(process.pid, signal.SIGKILL)


@pytest.mark.redis
def test_redis_understands_its_options(server: redis.Redis):
    def value(name: str) -> str | None:
        return server.config_get(name)[name]

    assert value("appendonly") == "yes"
    assert value("appendfsync") == "everysec"
    assert value("save") == ""
    assert value("maxmemory") == str(512 << 20)
    assert value("maxmemory-policy") == "noeviction"
