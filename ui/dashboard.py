"""What every page is built with: the way to the service, and the addresses of the dashboard."""

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode

from shared.client import AsyncClient, ServiceUnreachable
from shared.requests import CONTRACTS
from shared.requests.declared import Format

Answer = TypeVar("Answer")

PATIENCE = 10.0
"""Seconds that a person waits for an answer before being told that none comes."""
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""How events of ours run: at once, without a veil over what they update, and for our pages only."""
HOME = "custom_voice"
"""The task on the first page."""


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; pages hold it, and it holds no state of its own."""

    client: AsyncClient
    root: str = ""
    """Path under which a reverse proxy serves it."""

    def audio(self, job_id: str, format: Format = "wav") -> str:
        """Where the finished audio of a job is."""
        return f"{self.root}/audio/{job_id}.{format}"

    def page(self, task: str, job_id: str = "") -> str:
        """Where a task's page is, with a job to hear and its settings filled in."""
        query = f"?{urlencode({'job': job_id})}" if job_id else ""
        return f"{self.root}/{path_of(task if task in CONTRACTS else HOME)}{query}"


def path_of(task: str) -> str:
    """The path of a task's page; empty for the first page."""
    return "" if task == HOME else task.replace("_", "-")


async def ask(call: Awaitable[Answer]) -> Answer:
    """What the service answers. Raises SpeechError, also when no answer comes in time."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await call
    except TimeoutError as error:
        raise ServiceUnreachable(
            f"The service gave no answer for {PATIENCE:.0f} seconds."
        ) from error
