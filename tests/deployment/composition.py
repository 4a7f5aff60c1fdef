"""docker-compose.yml as Compose reads it: variables put in, services chosen by profile."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field

from tests.deployment.dockerfile import ROOT

FILE = ROOT / "docker-compose.yml"
VARIABLE = re.compile(r"\$\{([A-Z_]+):-((?:[^{}])*)\}")


class Part(BaseModel):
    """A part of the file with the keys that we use and no other: a slip of the pen is an error."""

    model_config = ConfigDict(extra="forbid")


class Build(Part):
    context: str
    dockerfile: str
    args: dict[str, str] = {}


class Health(Part):
    test: list[str]
    interval: str
    timeout: str
    retries: int
    start_period: str


class Condition(Part):
    condition: Literal["service_started", "service_healthy", "service_completed_successfully"]


class Device(Part):
    driver: str
    count: int
    capabilities: list[str]


class Reservations(Part):
    devices: list[Device]


class Resources(Part):
    reservations: Reservations


class Deploy(Part):
    resources: Resources


class Logging(Part):
    driver: str
    options: dict[str, str]


class EnvFile(Part):
    path: str
    required: bool


class Service(Part):
    image: str
    build: Build | None = None
    command: list[str] = []
    profiles: list[str] = []
    restart: Literal["no", "always", "on-failure", "unless-stopped"]
    init: bool
    read_only: bool
    user: str
    cap_drop: list[str]
    security_opt: list[str]
    logging: Logging
    tmpfs: list[str]
    env_file: list[EnvFile] = []
    environment: dict[str, str] = {}
    depends_on: dict[str, Condition] = {}
    ports: list[str] = []
    volumes: list[str] = []
    healthcheck: Health | None = None
    stop_grace_period: str = "10s"
    deploy: Deploy | None = None


class Composition(Part):
    name: str
    services: dict[str, Service]
    volumes: dict[str, None] = Field(default_factory=dict[str, None])


def load(environment: Mapping[str, str] | None = None) -> Composition:
    """The file with `environment` put in where it names variables."""
    known = environment or {}
    text = VARIABLE.sub(lambda found: known.get(found[1]) or found[2], FILE.read_text("utf-8"))
    tree: dict[str, Any] = yaml.safe_load(text)
    return Composition(**{key: tree[key] for key in tree if not key.startswith("x-")})


def started(composition: Composition, profiles: Sequence[str] = ()) -> set[str]:
    """The services that `docker compose [--profile P]... up` starts.

    As `WithDefaultProfiles` and `HasProfile` of compose-go have it: a call that names no profile
    asks for the one with the empty name.
    """
    asked = set(profiles or [""])
    return {
        name
        for name, service in composition.services.items()
        if not service.profiles or asked & set(service.profiles)
    }
