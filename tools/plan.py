"""What `make run` starts, and at which addresses."""

import os
import secrets
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from shared import keys
from shared.errors import ConfigurationError
from shared.settings import Settings, load
from tools import ports, redis_server
from tools.child import Part

WORKER_PATIENCE = 10.0
"""Seconds that a worker has to finish its job; asked again, it gives the job back to the queue."""
API_PATIENCE = 7.0
"""Seconds that listeners have to be let go."""
CODEC_WORKER = "codec-0"
ON_CPU = {
    "DEVICE": "cpu",
    "PRECISION": "auto",
    "QUANTIZATION": "none",
    "COMPILE": "0",
    "VRAM_BUDGET_GB": "0",
}
"""Of the codec's worker, whatever is set for the card: it speaks no text, and has no card."""
_KEY_BYTES = 32
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}


@dataclass(frozen=True)
class Plan:
    """The parts in the order of their start; they end the other way round."""

    parts: tuple[Part, ...]
    redis_url: str
    apis: tuple[str, ...]
    dashboard: str
    """Empty where there is to be none."""
    remarks: tuple[str, ...]
    """What is not where one would look for it, and why."""


def make(settings: Settings, overrides: dict[str, str]) -> Plan:
    """The plan; `overrides` is what the command line sets, as environment variables.

    Raises ConfigurationError.
    """
    remarks: list[str] = []
    redis = None if settings.redis_url else _redis(settings)
    url = settings.redis_url or (redis.url if redis else "")
    common = {**overrides, "REDIS_URL": url}
    keyed = common | _own_key(settings)
    api_ports = list(_api_ports(settings, remarks))
    apis = tuple(address(settings.host, port) for port in api_ports)
    parts = [
        *_redis_part(redis),
        *_worker_parts(settings, common),
        *_api_parts(settings, keyed, api_ports),
    ]
    if settings.dashboard:
        port = _port(settings, "gradio_port", settings.gradio_host, set(api_ports), remarks)
        parts.append(_ui_part(settings, keyed, apis[0], port))
    dashboard = parts[-1].address if settings.dashboard else ""
    if settings.wyoming_port:
        parts.append(_wyoming_part(settings, keyed, apis[0]))
    return Plan(tuple(parts), url, apis, dashboard, tuple(remarks))


def command_line(arguments: list[str]) -> tuple[Settings, dict[str, str]]:
    """The settings, and what of them only the command line says, as environment variables."""
    settings, below = load(arguments), load()
    changed = {
        name.upper(): as_text(getattr(settings, name))
        for name in Settings.model_fields
        if getattr(settings, name) != getattr(below, name)
    }
    return settings, changed


def as_text(value: Any) -> str:
    """A setting as an environment variable holds it."""
    match value:
        case SecretStr():
            return value.get_secret_value()
        case list():
            return ",".join(as_text(item) for item in value)  # pyright: ignore[reportUnknownVariableType]
        case bool():
            return str(int(value))
        case _:
            return str(value)


def address(host: str, port: int) -> str:
    """Where a browser on this machine finds what listens on `host`."""
    name = _EVERYWHERE.get(host) or (f"[{host}]" if ":" in host else host)
    return f"http://{name}:{port}"


def without_password(url: str) -> str:
    """A URL that may be shown."""
    parts = urlsplit(url)
    return url.replace(f":{parts.password}@", ":***@") if parts.password else url


def _module(name: str) -> tuple[str, ...]:
    return sys.executable, "-m", name


def _redis(settings: Settings) -> redis_server.RedisServer:
    return redis_server.find(settings.run_dir, settings.redis_max_memory_mb)


def _redis_part(server: redis_server.RedisServer | None) -> Iterator[Part]:
    if server:
        yield Part(
            "redis",
            server.command,
            address=without_password(server.url),
            before=server.prepare,
            provided=server.answers,
            quiet=True,
        )


def _worker_parts(settings: Settings, common: dict[str, str]) -> Iterator[Part]:
    """The worker that speaks, and beside it one for the codec where that is asked for."""
    if not settings.codec_concurrency:
        yield _worker_part("worker", settings.worker_name, common)
        return
    others = [name for name in settings.worker_queues if name != keys.CODEC]
    yield _worker_part("worker", settings.worker_name, common | {"WORKER_QUEUES": as_text(others)})
    own = {"WORKER_QUEUES": keys.CODEC}
    if settings.worker_metrics_port:
        own["WORKER_METRICS_PORT"] = str(settings.worker_metrics_port + 1)
    yield _worker_part("codec", CODEC_WORKER, common | ON_CPU | own)


def _worker_part(part: str, name: str, environment: dict[str, str]) -> Part:
    named = environment | {"WORKER_NAME": name}
    return Part(part, _module("worker"), named, name, WORKER_PATIENCE)


def _api_parts(settings: Settings, common: dict[str, str], api_ports: list[int]) -> Iterator[Part]:
    for number, port in enumerate(api_ports):
        name = f"api-{number}" if len(api_ports) > 1 else "api"
        environment = common | {"PORT": str(port)}
        yield Part(name, _module("api"), environment, address(settings.host, port), API_PATIENCE)


def _ui_part(settings: Settings, common: dict[str, str], api: str, port: int) -> Part:
    found = {"GRADIO_PORT": str(port), "API_URL": settings.api_url or api}
    return Part("ui", _module("ui"), common | found, address(settings.gradio_host, port))


def _wyoming_part(settings: Settings, common: dict[str, str], api: str) -> Part:
    host = _EVERYWHERE.get(settings.wyoming_host) or settings.wyoming_host
    environment = common | {"API_URL": settings.api_url or api}
    where = f"tcp://{host}:{settings.wyoming_port}"
    return Part("wyoming", _module("tools.wyoming"), environment, where)


def _own_key(settings: Settings) -> dict[str, str]:
    """The key that our own clients send: the one that is set for them, or else the first, or else
    one of this run alone.

    With that the dashboard goes on working when somebody makes the first key of the ring.
    """
    if settings.api_key.get_secret_value():
        return {}
    if settings.api_keys:
        return {"API_KEY": settings.api_keys[0].get_secret_value()}
    if settings.api_url:
        return {}  # an API that is not ours does not know it, and need not see it
    return {"RUN_KEY": secrets.token_urlsafe(_KEY_BYTES)}


def _api_ports(settings: Settings, remarks: list[str]) -> Iterator[int]:
    taken: set[int] = set()
    for number in range(settings.api_replicas):
        port = _port(settings, "port", settings.host, taken, remarks, number)
        taken.add(port)
        yield port


def _port(
    settings: Settings,
    key: str,
    host: str,
    taken: set[int],
    remarks: list[str],
    offset: int = 0,
) -> int:
    """The port to use. Raises ConfigurationError where a person asked for one that is taken."""
    wanted: int = getattr(settings, key)
    if wanted == 0:
        return ports.any_free(host)
    wanted += offset
    if wanted not in taken and ports.is_free(host, wanted):
        return wanted
    held = f"Port {wanted} is taken by {ports.holder(wanted)}"
    if key in settings.model_fields_set:
        raise ConfigurationError(
            f"{held}, but {key.upper()} asks for it.",
            hint=f"End that process, or set {key.upper()} to another port (0: any).",
        )
    port = ports.next_free(host, wanted, taken)
    remarks.append(f"{held}: using {port}.")
    return port


def prepare_folders(settings: Settings) -> None:
    """Make the folder of sockets and locks. Raises ConfigurationError where that is not allowed."""
    try:
        settings.run_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigurationError(
            f"RUN_DIR {settings.run_dir} cannot be made: {error.strerror}.",
            hint="Set RUN_DIR to a folder that this user may write.",
        ) from error
    if not os.access(settings.run_dir, os.W_OK) or not Path(settings.run_dir).is_dir():
        raise ConfigurationError(f"RUN_DIR {settings.run_dir} cannot be written.")
