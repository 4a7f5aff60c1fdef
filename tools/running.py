"""`up.json`: where the service that `make run` started is found, for the tools beside it."""

import os
from pathlib import Path
from typing import Self

import psutil
from pydantic import BaseModel, ValidationError

from shared.settings import Settings


class Running(BaseModel):
    """One running service."""

    pid: int
    """Of the supervisor."""
    started: float
    """When that process began, in Unix seconds: an id alone may be somebody else's by now."""
    api: str
    dashboard: str

    def write(self, run_dir: Path) -> None:
        """Let others find it."""
        _file(run_dir).write_text(self.model_dump_json(), encoding="utf-8")

    @classmethod
    def read(cls, run_dir: Path) -> Self | None:
        """The service of that folder, if one runs."""
        try:
            found = cls.model_validate_json(_file(run_dir).read_bytes())
        except (OSError, ValidationError):
            return None
        return found if _lives(found) else None

    @classmethod
    def ours(cls, api: str, dashboard: str) -> Self:
        """The service that this process runs."""
        return cls(pid=os.getpid(), started=_started(os.getpid()), api=api, dashboard=dashboard)


def forget(run_dir: Path) -> None:
    """It runs no more."""
    _file(run_dir).unlink(missing_ok=True)


def api_address(settings: Settings) -> str:
    """Where the API is: as set, else where `make run` put it, else at its usual place."""
    asked_for = {"api_url", "port"} & settings.model_fields_set
    running = None if asked_for else Running.read(settings.run_dir)
    return running.api if running else settings.api_address


def _lives(service: Running) -> bool:
    try:
        return abs(_started(service.pid) - service.started) < 1
    except psutil.NoSuchProcess:
        return False


def _started(pid: int) -> float:
    return psutil.Process(pid).create_time()


def _file(run_dir: Path) -> Path:
    return run_dir / "up.json"
