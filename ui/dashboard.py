"""What every page is built with: the way to the service, and the addresses of the dashboard."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import quote, urlencode

from shared.client import AsyncClient, ServiceUnreachable
from shared.errors import SpeechError
from shared.requests import CONTRACTS
from shared.requests.declared import Format
from shared.voices.view import VoiceView
from ui.translation import tr

Answer = TypeVar("Answer")

PATIENCE = 10.0
"""Seconds that a person waits for an answer before being told that none comes."""
LONGER = 150.0
"""The same where the service has a file to read or to listen to."""
QUIET: dict[str, Any] = {"queue": False, "show_progress": "hidden", "api_visibility": "private"}
"""How events of ours run: at once, without a veil over what they update, and for our pages only."""
_AT_ONCE = 8
"""Calls that are under way at a time where a person asks for many."""
HOME = "custom_voice"
"""The task on the first page."""


@dataclass(frozen=True)
class Dashboard:
    """One dashboard; pages hold it, and it holds no state of its own."""

    client: AsyncClient
    root: str = ""
    """Path under which a reverse proxy serves it."""
    api: str = "http://127.0.0.1:8000"
    """Where programs find the service, as far as the dashboard knows."""
    keyed: bool = False
    """True where the service asks for a key."""

    def audio(self, job_id: str, format: Format = "wav") -> str:
        """Where the finished audio of a job is."""
        return f"{self.root}/audio/{job_id}.{format}"

    def file(self, job_id: str, name: str) -> str:
        """Where a file of a job's result is."""
        return f"{self.root}/file/{quote(job_id, safe='')}/{quote(name, safe='')}"

    def archive(self, outputs: Iterable[str]) -> str:
        """Where outputs are, as one zip."""
        return f"{self.root}/outputs.zip?{urlencode([('id', run) for run in outputs])}"

    def voice(self, voice_id: str, part: str = "sample") -> str:
        """Where a voice's `sample`, its `export` or one of its recordings (`clips/NAME`) is."""
        return f"{self.root}/voice/{quote(voice_id, safe='')}/{quote(part)}"

    def page(self, task: str, job_id: str = "", **chosen: str) -> str:
        """Where a task's page is: a job to hear with its settings, or a `voice` and the like."""
        query = {name: value for name, value in {"job": job_id, **chosen}.items() if value}
        path = path_of(task if task in CONTRACTS else HOME)
        return f"{self.root}/{path}{f'?{urlencode(query)}' if query else ''}"

    def speak_with(self, voice: VoiceView) -> str:
        """Where a voice of the library is spoken with."""
        return self.page(HOME if voice.kind == "preset" else "voice_clone", voice=voice.id)


def path_of(task: str) -> str:
    """The path of a task's page; empty for the first page."""
    return "" if task == HOME else task.replace("_", "-")


def shown(seen: bool) -> list[str]:
    """For `elem_classes=`: a part of a page that is there, and may be out of sight.

    Gradio's own `visible=False` takes it out of the page, where it misses the next updates.
    """
    return [] if seen else ["aside"]


async def ask(call: Awaitable[Answer], patience: float = PATIENCE) -> Answer:
    """What the service answers. Raises SpeechError, also when no answer comes in time."""
    try:
        async with asyncio.timeout(patience):
            return await call
    except TimeoutError as error:
        raise ServiceUnreachable(
            tr("The service gave no answer for {seconds} seconds.", seconds=f"{patience:.0f}")
        ) from error


async def ask_all(
    calls: Iterable[Callable[[], Awaitable[Answer]]],
) -> list[Answer | SpeechError]:
    """What the service answers to each, or what went wrong; a few are asked at a time.

    Once there is no service, no more are asked: a person does not wait for each of them.
    """
    room = asyncio.Semaphore(_AT_ONCE)
    lost: list[SpeechError] = []

    async def one(call: Callable[[], Awaitable[Answer]]) -> Answer | SpeechError:
        async with room:
            if lost:
                return lost[0]
            try:
                return await ask(call())
            except ServiceUnreachable as error:
                lost.append(error)
                return error
            except SpeechError as error:
                return error

    return await asyncio.gather(*map(one, calls))
