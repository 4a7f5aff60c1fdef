"""The one command, as a person starts it: a real process tree with the preview engine."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager
from http.server import ThreadingHTTPServer
from pathlib import Path

import httpx
import psutil
import pytest
import soundfile

from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.client import Client
from shared.errors import ForbiddenHost
from shared.settings import ROOT, load
from tests.processes import alive
from tests.shared.checkpoints.stub_hub import StubHub, serve
from tests.stack import clean_environment
from tools import ports
from tools.running import Running
from tools.up import commands, reason, say
from worker.engine.random_checkpoint import write

PATIENCE = 60.0
USUAL_PORT = 8000


class Up:
    """A running `python -m tools.up` and what it says."""

    def __init__(self, folder: Path, *arguments: str, **settings: str) -> None:
        self.run_dir = folder / "run"
        environment = clean_environment() | {
            "ENGINE": "preview",
            "RUN_DIR": str(self.run_dir),
            "MODELS_DIR": str(folder / "models"),
            "OUTPUTS_DIR": str(folder / "outputs"),
            "PORT": "0",
            "DASHBOARD": "0",
            **settings,
        }
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.up", *arguments],
            cwd=ROOT,
            env={name: value for name, value in environment.items() if value},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self.said = ""
        self._ears = threading.Thread(target=self._listen, daemon=True)
        self._ears.start()

    def _listen(self) -> None:
        assert self.process.stdout
        with self.process.stdout as output:
            for line in output:
                self.said += line

    def wait(self, happened: Callable[[], bool]) -> None:
        until = time.monotonic() + PATIENCE
        while not happened():
            assert time.monotonic() < until, self.said
            time.sleep(0.02)

    @property
    def api(self) -> str:
        """The API's address, once it is ready."""
        self.wait(lambda: Running.read(self.run_dir) is not None)
        running = Running.read(self.run_dir)
        assert running
        self.wait(lambda: answers(f"{running.api}/ready"))
        return running.api

    def part(self, module: str) -> psutil.Process | None:
        """The process of a part, once it has become what it is to be."""
        family = psutil.Process(self.process.pid).children()
        return next((child for child in family if module in arguments(child)), None)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self, how: int = signal.SIGINT) -> int:
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self._ears.join(PATIENCE)
        return status


def arguments(process: psutil.Process) -> list[str]:
    try:
        words = process.cmdline()
    except psutil.Error:
        return []
    on_leash = any(word.endswith("leash.py") for word in words)
    return [] if on_leash else [Path(words[0]).name, *words[1:]] if words else []


def name_of(process: psutil.Process) -> str:
    words = arguments(process)
    return "redis" if "valkey" in words[0] or "redis" in words[0] else words[-1]


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str, **settings: str) -> Up:
        started.append(Up(tmp_path, *arguments, **settings))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.end(signal.SIGKILL)


def test_the_way_to_qtts_survives_a_folder_with_a_space():
    qtts = Path("/srv/my speech/.venv/bin/qtts")
    assert shlex.split(say(qtts))[:2] == [str(qtts), "say"]


def test_where_a_key_is_needed_the_commands_send_one(tmp_path: Path):
    settings = load(run_dir=tmp_path)
    assert "Bearer" not in "".join(commands(settings, "http://x"))
    key, _ = Key.draw("phone", ["speak"])
    KeyRing(settings.key_ring).add(key)
    curl, _, word = commands(settings, "http://x")
    assert curl.count("Authorization: Bearer $API_KEY") == 2
    assert "API_KEY" in word


def test_a_service_that_refuses_to_say_whether_it_is_ready_is_quoted_in_words():
    refusal = ForbiddenHost("This service does not answer to the name '127.0.0.1'.")
    assert reason(refusal.body()) == f"{refusal.message} {refusal.next_step}"


@pytest.fixture
def taken() -> Iterator[int]:
    """A port on which somebody else listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        yield server.getsockname()[1]


def test_one_command_speaks_and_ctrl_c_leaves_nothing_behind(up: Callable[..., Up]):
    running = up()
    with Client(running.api) as client:
        job = client.wait(client.submit("custom_voice", {"text": "Hello."}).id)
    assert job.state == "succeeded"
    family = running.family()
    assert len(family) >= 3
    assert running.end() == 0
    assert "Everything has ended" in running.said
    assert not alive(family)
    assert Running.read(running.run_dir) is None


@pytest.mark.slow
def test_sigterm_ends_it_as_ctrl_c_does(up: Callable[..., Up]):
    running = up()
    assert running.api
    family = running.family()
    assert running.end(signal.SIGTERM) == 0
    assert not alive(family)


def test_nothing_outlives_a_supervisor_that_was_killed(up: Callable[..., Up]):
    running = up()
    assert running.api
    family = running.family()
    running.end(signal.SIGKILL)
    assert not alive(family)


@pytest.mark.slow
def test_a_worker_that_dies_is_replaced_and_speaks(up: Callable[..., Up]):
    running = up()
    with Client(running.api) as client:
        first = running.part("worker")
        assert first
        first.kill()
        running.wait(lambda: running.part("worker") not in (None, first))
        job = client.wait(client.submit("custom_voice", {"text": "Hello again."}).id)
    assert job.state == "succeeded"
    running.end()
    assert "worker │ was ended by SIGKILL: it starts again" in running.said


@pytest.mark.slow
def test_a_redis_that_dies_comes_back_with_its_jobs(up: Callable[..., Up]):
    running = up()
    with Client(running.api) as client:
        job = client.wait(client.submit("custom_voice", {"text": "Remember me."}).id)
        first = next(child for child in running.family() if name_of(child) == "redis")
        first.kill()
        running.wait(lambda: answers(f"{running.api}/v1/jobs/{job.id}"))
        assert client.job(job.id).result == job.result


def test_a_port_that_is_taken_gives_way_to_the_next(up: Callable[..., Up]):
    with ExitStack() as held:
        if ports.is_free("127.0.0.1", USUAL_PORT):
            held.enter_context(socket.create_server(("127.0.0.1", USUAL_PORT)))
        running = up(PORT="")
        port = running.api.rpartition(":")[2]
    assert int(port) > USUAL_PORT
    assert f"Port {USUAL_PORT} is taken by process" in running.said
    assert f": using {port}." in running.said


def test_it_says_what_runs_where_what_speaks_and_a_command_that_works(
    up: Callable[..., Up], tmp_path: Path
):
    running = up()
    running.wait(lambda: "Ctrl-C stops everything" in running.said)
    for name in ("redis", "worker", "api"):
        pid = str(next(p.pid for p in running.family() if name_of(p) == name))
        assert re.search(rf"^\s*{name} .*{pid} +running", running.said, re.MULTILINE)
    assert "Speaking: preview (a preview, not Qwen3-TTS)." in running.said
    command = re.search(r"^Try: (.*)$", running.said, re.MULTILINE)
    assert command
    subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True)
    assert soundfile.info(tmp_path / "hello.mp3").duration > 1


def test_a_port_asked_for_by_name_is_not_replaced(up: Callable[..., Up], taken: int):
    running = up("--port", str(taken))
    assert running.process.wait(PATIENCE) == 2
    running.wait(lambda: "asks for it" in running.said)
    said = " ".join(running.said.split())
    assert f"Port {taken} is taken by process {os.getpid()}" in said
    assert "set PORT to another port" in said


@pytest.mark.slow
def test_two_of_them_on_one_folder_are_refused(up: Callable[..., Up]):
    first = up()
    assert first.api
    second = up()
    assert second.process.wait(PATIENCE) == 2
    second.wait(lambda: "runs already" in second.said)
    assert f"process {first.process.pid}" in second.said
    assert answers(f"{first.api}/ready")


@pytest.mark.slow
def test_a_setting_that_a_part_cannot_meet_ends_it_with_the_reason(up: Callable[..., Up]):
    running = up(HOST="0.0.0.0")
    assert running.process.wait(PATIENCE) == 2
    running.wait(lambda: "Everything has ended" in running.said)
    assert "API_KEYS" in running.said


def test_a_setting_that_does_not_exist_is_said_before_anything_starts(up: Callable[..., Up]):
    running = up("--engine", "loud")
    assert running.process.wait(PATIENCE) == 2
    running.wait(lambda: "preview" in running.said)
    assert "redis" not in running.said


@pytest.mark.slow
def test_two_apis_share_one_queue(up: Callable[..., Up]):
    running = up("--api-replicas", "2")
    first = running.api
    running.wait(lambda: len(_api_addresses(running)) == 2)
    second = next(address for address in _api_addresses(running) if address != first)
    with Client(first) as one, Client(second) as other:
        job = one.submit("custom_voice", {"text": "Hello."})
        assert other.wait(job.id).state == "succeeded"


@pytest.mark.slow
def test_the_dashboard_is_there_when_it_says_so(up: Callable[..., Up]):
    running = up(DASHBOARD="1", GRADIO_PORT="0")
    running.wait(lambda: "Ctrl-C stops everything" in running.said)
    address = re.search(r"^Dashboard: (.*)$", running.said, re.MULTILINE)
    assert address
    assert answers(address[1])
    assert running.end() == 0


@pytest.mark.slow
def test_logs_of_every_part_are_kept_in_files(up: Callable[..., Up]):
    running = up(LOG_FORMAT="json")
    assert running.api
    running.end()
    log = (running.run_dir / "logs" / "worker.log").read_text()
    assert json.loads(log.splitlines()[0])["process"] == "worker"


@pytest.mark.slow
def test_the_first_run_downloads_a_checkpoint_and_speaks_with_it(
    up: Callable[..., Up], tmp_path: Path
):
    """A hub on loopback holds random weights under the name of a released checkpoint.

    It is that of the larger size: of its files no hash is pinned, so that ours may stand for them.
    """
    made = write(tmp_path / "made", "tiny", "custom_voice", label="1b7")
    files = {
        path.relative_to(made).as_posix(): path.read_bytes()
        for path in made.rglob("*")
        if path.is_file()
    }
    hub = StubHub(files)
    with closing_server(serve(hub)):
        running = up(ENGINE="stock", DEVICE="cpu", MODEL_SIZE="1.7B", HUB_URL=hub.url)
        with Client(running.api) as client:
            job = client.wait(client.submit("custom_voice", {"text": "Hello."}).id)
    assert "Downloading 1.7B-CustomVoice" in running.said
    assert job.state == "succeeded"
    assert job.engine is not None
    assert (job.engine.name, job.engine.checkpoint) == ("stock", "1.7B-CustomVoice")


@contextmanager
def closing_server(server: ThreadingHTTPServer) -> Generator[None]:
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


def _api_addresses(running: Up) -> list[str]:
    """Where the APIs listen by now."""
    return [
        f"http://127.0.0.1:{connection.laddr.port}"
        for child in running.family()
        if "api" in arguments(child)
        for connection in child.net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    ]
