"""`python -m tools.up`: Redis, API, worker and dashboard, under one supervisor."""

import os
import shlex
import subprocess
import sys
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
from filelock import FileLock, Timeout
from rich.console import Console
from rich.table import Table

from shared.access.credentials import Credentials
from shared.client.faults import from_body
from shared.errors import ConfigurationError, SpeechError
from shared.settings import Settings
from tools import first_download, plan, running
from tools.child import CONFIGURATION
from tools.plan import Plan
from tools.running import Running
from tools.screen import Screen
from tools.supervisor import Supervisor

ASK_EVERY = 0.1
"""Seconds between two questions whether the service is ready."""
QUIET_SECONDS = 5.0
"""How long the start may take before what it waits for is said."""
DASHBOARD_SECONDS = 30.0
"""How long the good news waits for the dashboard."""
SENTENCE = "The lamp turned. Ten seconds; ten seconds; ten."


def main(arguments: list[str] | None = None) -> int:
    """Run until told to stop; the exit status is 2 for a setting that cannot be met."""
    console = Console(highlight=False)
    try:
        settings, overrides = plan.command_line(sys.argv[1:] if arguments is None else arguments)
        plan.prepare_folders(settings)
        with _alone(settings):
            return _run(settings, overrides, console)
    except SpeechError as error:
        console.print(f"error: {words(error)}", markup=False, soft_wrap=True)
        return CONFIGURATION
    except KeyboardInterrupt:
        console.print("Stopped.")
        return 130


def _run(settings: Settings, overrides: dict[str, str], console: Console) -> int:
    checkpoint = first_download.wanted(settings)
    if checkpoint:
        first_download.fetch(checkpoint, settings, console)
    planned = plan.make(settings, overrides)
    screen = Screen(settings.run_dir / "logs", console)
    screen.say(*planned.remarks)
    Running.ours(planned.apis[0], planned.dashboard).write(settings.run_dir)
    supervisor = Supervisor(planned.parts, screen)
    try:
        return supervisor.run(Greeting(settings, planned, supervisor, screen).look)
    finally:
        running.forget(settings.run_dir)
        screen.close()


@contextmanager
def _alone(settings: Settings) -> Generator[None]:
    """One supervisor a folder. Raises ConfigurationError where one runs already."""
    try:
        with FileLock(settings.run_dir / "up.lock", timeout=0):
            yield
    except Timeout as error:
        other = Running.read(settings.run_dir)
        where = f": process {other.pid}, {other.dashboard or other.api}" if other else ""
        raise ConfigurationError(
            f"The service runs already from {settings.run_dir}{where}.",
            hint="End that one, or set RUN_DIR, PORT and GRADIO_PORT for a second one.",
        ) from error


class Greeting:
    """Says once that everything is ready, where it is, and what speaks."""

    def __init__(
        self, settings: Settings, planned: Plan, supervisor: Supervisor, screen: Screen
    ) -> None:
        self._settings = settings
        self._plan = planned
        self._supervisor = supervisor
        self._screen = screen
        self._began = time.monotonic()
        self._next = 0.0
        self._done = False
        self._trouble = ""

    def look(self) -> None:
        """To be called often; asks now and then, until the service is ready."""
        if self._done or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + ASK_EVERY
        found = ask(f"{self._plan.apis[0]}/ready")
        if found is None:
            return
        if not found.is_success:
            self._explain(reason(found.json()))
        elif self._dashboard_is_there():
            self._done = True
            self._greet(found.json())

    def _dashboard_is_there(self) -> bool:
        url = self._plan.dashboard
        return not url or ask(url) is not None or self._seconds > DASHBOARD_SECONDS

    @property
    def _seconds(self) -> float:
        return time.monotonic() - self._began

    def _explain(self, trouble: str) -> None:
        if trouble != self._trouble and self._seconds > QUIET_SECONDS:
            self._trouble = trouble
            self._screen.say(f"Not ready yet: {trouble}")

    def _greet(self, ready: dict[str, str]) -> None:
        self._screen.say(
            table(self._supervisor, self._plan),
            f"Ready after {self._seconds:.1f} s. {speaks(ready)}",
            *([f"Dashboard: {self._plan.dashboard}"] if self._plan.dashboard else []),
            *commands(self._settings, self._plan.apis[0]),
            "Ctrl-C stops everything.",
        )


def ask(url: str) -> httpx.Response | None:
    """What answers at a URL, if anything does."""
    try:
        return httpx.get(url, timeout=1.0, trust_env=False)
    except httpx.HTTPError:
        return None


def reason(answer: dict[str, Any]) -> str:
    """Why the service is not ready, or why it would not say."""
    return words(from_body(answer["error"])) if "error" in answer else str(answer["reason"])


def words(error: SpeechError) -> str:
    """What happened and what to do next, in one line."""
    return " ".join(filter(None, (error.message, error.next_step)))


def table(supervisor: Supervisor, planned: Plan) -> Table:
    """What runs where."""
    drawn = Table("what", "where", "process", "state", box=None, padding=(0, 2))
    drawn.columns[1].overflow = "fold"
    if not any(child.part.name == "redis" for child in supervisor.children):
        drawn.add_row("redis", plan.without_password(planned.redis_url), "", "not ours")
    for child in supervisor.children:
        drawn.add_row(child.part.name, child.part.address, str(child.pid or ""), child.state)
    return drawn


def speaks(ready: dict[str, str]) -> str:
    """What speaks and why, in words."""
    preview = " (a preview, not Qwen3-TTS)" if ready.get("preview") else ""
    return f"Speaking: {ready.get('engine')}{preview}. {ready.get('reason', '')}"


def commands(settings: Settings, api: str) -> Iterator[str]:
    """What a person may type next."""
    keys = Credentials(settings).any
    yield f"Try: {curl(api, keys=keys)}"
    yield f"Or:  {say(Path(sys.executable).parent / 'qtts')}"
    if keys and not settings.api_key.get_secret_value():
        yield "Both send the key in API_KEY: export one first."


def curl(api: str, *, keys: bool) -> str:
    """One line for a POSIX shell that lets the service speak and writes it to a file."""
    key = ' -H "Authorization: Bearer $API_KEY"' if keys else ""
    return (
        f"curl -s{key} -H 'Content-Type: application/json'"
        f""" -d '{{"text": "{SENTENCE}"}}' {api}/v1/jobs/custom_voice"""
        " | grep -o '/v1/jobs/[^\"]*/audio' | xargs -I @"
        f" curl -s{key} '{api}@?follow=1&format=mp3' -o hello.mp3"
    )


def say(qtts: Path) -> str:
    """The same by `qtts`, for the shell of this system: the path to it may hold spaces."""
    command = [str(qtts), "say", "Hello there.", "-o", "hello.wav"]
    return subprocess.list2cmdline(command) if os.name == "nt" else shlex.join(command)


if __name__ == "__main__":
    sys.exit(main())
