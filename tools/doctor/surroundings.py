"""What lies around the service: containers, Redis, checkpoints."""

import shutil
import subprocess
from collections.abc import Iterator

from shared.checkpoints import folder
from shared.checkpoints.folder import Entry
from shared.errors import ConfigurationError
from shared.settings import Settings
from tools import plan, redis_server
from tools.doctor.finding import GIGABYTE, Finding, Verdict, dotted


def look(settings: Settings) -> Iterator[Finding]:
    """What there is to say of it."""
    yield containers()
    yield redis(settings)
    yield from checkpoints(settings)


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


def checkpoints(settings: Settings) -> Iterator[Finding]:
    """Those that lie there, whole or not."""
    for entry in folder.scan(settings.models_dir):
        if entry.presence.state != "absent":
            yield _checkpoint(entry)


def _checkpoint(entry: Entry) -> Finding:
    presence = entry.presence
    fact = f"{entry.id}: {presence.state}, {presence.nbytes / GIGABYTE:.1f} GB"
    if presence.state == "present":
        return Finding("checkpoint", "good", fact)
    wrong = ", ".join((*presence.missing, *presence.damaged))
    advice = f"`qtts models pull {entry.id}` completes it." if entry.checkpoint else ""
    verdict: Verdict = "bad" if presence.state == "damaged" else "note"
    return Finding("checkpoint", verdict, f"{fact} ({wrong})" if wrong else fact, advice)
