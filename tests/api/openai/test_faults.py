"""Faults as the exceptions of the real OpenAI package, and what becomes of jobs nobody hears."""

import json
import socket
import time
from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar

import httpx
import openai
import pytest

from tests.api.jobs import LONG, PATIENCE, no_room, wait_for
from tests.api.openai.conftest import KEY

SHORT = "Hello there."
Answer = TypeVar("Answer")


def speech(**fields: Any) -> dict[str, Any]:
    plain = {"model": "gpt-4o-mini-tts", "voice": "ryan", "response_format": "pcm"}
    return {**plain, "input": LONG, "language": "en", **fields}


def active(http: httpx.Client) -> list[dict[str, Any]]:
    return http.get("/v1/jobs", params={"active": "true"}).json()["items"]


def of(error: openai.APIStatusError) -> tuple[str | None, str | None, str | None]:
    assert set(json.loads(error.response.content)["error"]) >= {"message", "type", "param", "code"}
    assert error.request_id
    return error.type, error.param, error.code


def test_a_wrong_parameter(client):
    with pytest.raises(openai.BadRequestError) as raised:
        client.audio.speech.create(model="tts-1", voice="nobody", input=SHORT)
    assert of(raised.value) == ("invalid_request_error", "voice", "unknown_voice")


def test_a_body_that_is_no_json(http):
    answer = http.post("/v1/audio/speech", content=b"{", headers={"Content-Type": "text/json"})
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "invalid_request_error"


def test_a_body_that_would_fill_the_memory(http):
    content = b"[" + b"[]," * 1_000_000 + b"[]]"
    headers = {"Content-Type": "application/json"}
    answer = http.post("/v1/audio/speech", content=content, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")


def test_an_unknown_model(client):
    with pytest.raises(openai.NotFoundError) as raised:
        client.audio.speech.create(model="whisper-1", voice="alloy", input=SHORT)
    assert of(raised.value) == ("invalid_request_error", "model", "model_not_found")


def test_too_many_jobs_of_one_client(client, stack):
    with no_room(stack), pytest.raises(openai.RateLimitError) as raised:
        client.audio.speech.create(model="tts-1", voice="alloy", input=SHORT)
    assert of(raised.value) == ("rate_limit_error", None, "too_many_jobs")
    assert int(raised.value.response.headers["Retry-After"]) > 0


def test_a_wrong_key(package, kept_stack):
    with pytest.raises(openai.AuthenticationError) as raised:
        package(kept_stack, "sk-wrong").audio.speech.create(
            model="tts-1", voice="alloy", input=SHORT
        )
    assert of(raised.value)[0] == "authentication_error"


def test_a_full_queue(kept, package, kept_stack):
    for _ in range(2):
        kept.post("/v1/jobs/custom_voice", json={"text": LONG}).raise_for_status()
    with pytest.raises(openai.InternalServerError) as raised:
        package(kept_stack, KEY).audio.speech.create(model="tts-1", voice="alloy", input=SHORT)
    assert of(raised.value) == ("server_error", None, "queue_full")
    assert raised.value.response.headers["Retry-After"]


def begun(http: httpx.Client, count: int = 1) -> str:
    """The newest job, once there are so many."""
    until = time.monotonic() + PATIENCE
    while len(jobs := active(http)) < count:
        assert time.monotonic() < until
        time.sleep(0.01)
    return max(job["id"] for job in jobs)


def cancelled_while(
    http: httpx.Client,
    ask: Callable[[], Answer],
    reached: Callable[[dict[str, Any]], bool],
    count: int = 1,
) -> Future[Answer]:
    """What comes of asking for speech whose job is cancelled by somebody else."""
    with ThreadPoolExecutor(1) as pool:
        asking = pool.submit(ask)
        job = begun(http, count)
        wait_for(http, job, reached)
        http.delete(f"/v1/jobs/{job}")
    return asking


def queued(job: dict[str, Any]) -> bool:
    return job["state"] == "queued"


def heard(job: dict[str, Any]) -> bool:
    return job["audio_seconds"] > 0.5


def cancelled(job: dict[str, Any]) -> bool:
    return job["state"] == "cancelled"


def test_what_fails_before_the_first_sound_is_an_error(kept, package, kept_stack):
    kept.post("/v1/jobs/custom_voice", json={"text": LONG}).raise_for_status()
    create = package(kept_stack, KEY).audio.speech.create
    ask = partial(create, model="tts-1", voice="alloy", input=LONG)
    asked = cancelled_while(kept, ask, queued, count=2)
    with pytest.raises(openai.InternalServerError) as raised:
        asked.result()
    assert of(raised.value) == ("server_error", None, "job_failed")


def test_what_fails_after_it_breaks_the_answer_off(kept):
    ask = partial(kept.post, "/v1/audio/speech", json=speech())
    with pytest.raises(httpx.RemoteProtocolError):
        cancelled_while(kept, ask, heard).result()


def test_what_fails_after_it_is_the_last_event_and_breaks_the_answer_off_too(kept):
    lines: list[str] = []

    def ask() -> None:
        body = speech(stream_format="sse")
        with kept.stream("POST", "/v1/audio/speech", json=body) as answer:
            for line in answer.iter_lines():
                lines.append(line)

    with pytest.raises(httpx.RemoteProtocolError):
        cancelled_while(kept, ask, heard).result()
    told = [json.loads(line[6:]) for line in lines if line.startswith("data: ")]
    assert {event["type"] for event in told[:-1]} == {"speech.audio.delta"}
    assert told[-1]["type"] == "speech.audio.error"
    assert told[-1]["error"]["code"] == "job_failed"


@contextmanager
def asking(http: httpx.Client, **fields: Any) -> Generator[None]:
    """Somebody who waits for speech, and goes away without it at the end of the block."""
    request = http.build_request("POST", "/v1/audio/speech", json=speech(**fields))
    head = [f"POST {request.url.path} HTTP/1.1", *(": ".join(it) for it in request.headers.items())]
    with socket.create_connection((request.url.host, request.url.port or 80)) as line:
        line.sendall("\r\n".join([*head, "", ""]).encode() + request.read())
        yield


@pytest.mark.parametrize(
    ("fields", "reached"), [({}, heard), ({"stream": False}, heard), ({}, queued)]
)
def test_the_job_of_a_client_that_has_gone_is_cancelled(kept, fields, reached):
    if reached is queued:
        kept.post("/v1/jobs/custom_voice", json={"text": LONG}).raise_for_status()
    with asking(kept, **fields):
        job = begun(kept, 2 if reached is queued else 1)
        wait_for(kept, job, reached)
    wait_for(kept, job, cancelled)
