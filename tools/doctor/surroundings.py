"""What lies around the service: containers, and Redis."""

import shutil
import subprocess
from collections.abc import Iterator

from shared.errors import ConfigurationError
from shared.settings import Settings
from shared.status import Finding, Verdict
from tools import plan, redis_server
from worker.diagnosis.numbers import dotted


def look(settings: Settings) -> Iterator[Finding]:
    """What there is to say of it."""
    yield containers()
    yield redis(settings)


def containers() -> Finding:
    """The first container engine that is installed."""
    for program in ("docker", "podman"):
        if path := shutil.which(program):
            return _container(program, path)
    return Finding("containers", "note", "neither docker nor podman is installed (not needed)")


def _container(program: str, path: str) -> Finding:
    template = "{{json .}}" if program == "docker" else "json"
    try:
        done = subprocess.run(
            [path, "info", "--format", template],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=10,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("containers", "note", f"{program} does not answer: {error}")
    return Finding("containers", *engine_of(program, done.returncode, done.stdout, done.stderr))


def engine_of(program: str, status: int, info: str, complaint: str) -> tuple[Verdict, str]:
    """What `docker info` or `podman info` says: whether it runs, and can hand a GPU on."""
    if status or "Cannot connect" in complaint:
        return "note", f"{program} is installed, but its engine does not answer"
    gpu = "with" if "nvidia" in info else "without"
    return "good", f"{program}, {gpu} the NVIDIA runtime"


def redis(settings: Settings) -> Finding:
    """The server that would be used."""
    if settings.redis_url:
        return Finding("Redis", "good", f"{plan.without_password(settings.redis_url)}, as set")
    try:
        path = redis_server.program_for(settings.run_dir / "redis")
    except ConfigurationError as error:
        return Finding("Redis", "bad", error.message, error.next_step or "")
    version = dotted(redis_server.version(path))
    return Finding("Redis", "good", f"{path} ({version}), embedded")
