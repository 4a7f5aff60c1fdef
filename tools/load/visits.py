"""What one client does in one visit, by each road into the service; every one checks its sound.

A visit returns the seconds until it heard the first of what it came for, and raises what went
wrong: an answer that is no success, sound that is too short.
"""

import asyncio
import base64
import io
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import av
import httpx
from websockets.asyncio.client import connect

TEXT = "The lamp turned. Ten seconds; ten seconds; ten."
SHORTEST = 1.0
"""Seconds of sound that the text has at least."""
_PCM_RATE = 24_000
_POLL = 0.05


@dataclass(frozen=True)
class Door:
    """Where the service is, for one client."""

    url: str
    http: httpx.AsyncClient

    @property
    def socket(self) -> str:
        return self.url.replace("http", "ws", 1)


Visit = Callable[[Door], Awaitable[float]]


class WrongAnswer(Exception):
    """The service answered, but not with what was asked for."""


async def openai_whole(door: Door) -> float:
    """As Open WebUI does: an mp3, read to its end before anybody plays it."""
    began = time.monotonic()
    answer = await door.http.post("/v1/audio/speech", json=_speech())
    _require_sound(_checked(answer).content)
    return time.monotonic() - began


async def openai_streamed(door: Door) -> float:
    """Raw samples, played as they come."""
    began, first, size = time.monotonic(), 0.0, 0
    body = _speech(response_format="pcm")
    async with door.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        if not answer.is_success:
            await answer.aread()
        _checked(answer)
        async for block in answer.aiter_raw():
            first = first or time.monotonic() - began
            size += len(block)
    _require_seconds(size / 2 / _PCM_RATE)
    return first


async def openai_events(door: Door) -> float:
    """The same as server-sent events."""
    began, first, sound, done = time.monotonic(), 0.0, b"", False
    body = _speech(response_format="pcm", stream_format="sse", model="gpt-4o-mini-tts")
    async with door.http.stream("POST", "/v1/audio/speech", json=body) as answer:
        if not answer.is_success:
            await answer.aread()
        _checked(answer)
        async for line in answer.aiter_lines():
            if not line.startswith("data:"):
                continue
            event = json.loads(line.removeprefix("data:"))
            first = first or time.monotonic() - began
            sound += base64.b64decode(event.get("audio", ""))
            done = event["type"] == "speech.audio.done"
    if not done:
        raise WrongAnswer("The events stopped before the last.")
    _require_seconds(len(sound) / 2 / _PCM_RATE)
    return first


async def simple(door: Door) -> float:
    """A form, as a shell script sends it."""
    began = time.monotonic()
    answer = await door.http.post("/tts", data={"text": TEXT, "voice": "serena", "format": "wav"})
    _require_sound(_checked(answer).content)
    return time.monotonic() - began


async def submit_and_poll(door: Door) -> float:
    """A job that is submitted, asked for until it has ended, and downloaded."""
    began = time.monotonic()
    job = _checked(await door.http.post("/v1/jobs/custom_voice", json={"text": TEXT})).json()
    while job["state"] in ("queued", "running"):
        await asyncio.sleep(_POLL)
        job = _checked(await door.http.get(job["links"]["self"])).json()
    if job["state"] != "succeeded":
        raise WrongAnswer(f"The job was {job['state']}: {job['error']}")
    _require_sound(_checked(await door.http.get(f"/v1/jobs/{job['id']}/audio")).content)
    return time.monotonic() - began


async def socket(door: Door) -> float:
    """A WebSocket that starts a job and hears it."""
    return await _heard(door, "/v1/stream", {"task": "custom_voice", "request": {"text": TEXT}})


async def live(door: Door) -> float:
    """A text that comes word by word, as a language model writes it."""
    words = [{"type": "text", "text": f"{word} "} for word in TEXT.split(" ")]
    start = {"type": "start", "voice": "ryan"}
    return await _heard(door, "/v1/live", start, *words, {"type": "finish"})


async def look_around(door: Door) -> float:
    """The lists that a client shows before it speaks."""
    began = time.monotonic()
    for path in ("/v1/models", "/v1/audio/voices", "/v1/voices", "/v1/jobs", "/v1/status"):
        _checked(await door.http.get(path))
    return time.monotonic() - began


async def _heard(door: Door, path: str, *said: dict[str, Any]) -> float:
    """What comes of what is said on a WebSocket, to its end."""
    began, first, size, ended = time.monotonic(), 0.0, 0, False
    async with connect(f"{door.socket}{path}", max_size=None) as channel:
        for message in said:
            await channel.send(json.dumps(message))
        async for message in channel:
            if isinstance(message, bytes):
                first = first or time.monotonic() - began
                size += len(message)
            else:
                ended = _told(message) == "end"
    if not ended:
        raise WrongAnswer("The connection closed before the end.")
    _require_seconds(size / 2 / _PCM_RATE)
    return first


def _speech(**more: str) -> dict[str, str]:
    return {"model": "tts-1", "voice": "alloy", "input": TEXT, **more}


def _checked(answer: httpx.Response) -> httpx.Response:
    if not answer.is_success:
        raise WrongAnswer(f"{answer.request.url.path}: {answer.status_code} {answer.text[:200]}")
    return answer


def _told(message: str) -> str:
    """The type of a message. Raises WrongAnswer for an error."""
    said = json.loads(message)
    if said["type"] == "error":
        raise WrongAnswer(said["error"]["message"])
    return said["type"]


def _require_sound(data: bytes) -> None:
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    _require_seconds(sum(frame.samples for frame in frames) / frames[0].sample_rate)


def _require_seconds(seconds: float) -> None:
    if seconds < SHORTEST:
        raise WrongAnswer(f"There are only {seconds:.2f} s of sound.")
