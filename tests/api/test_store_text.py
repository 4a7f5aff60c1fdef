"""`STORE_TEXT=0`: nothing that somebody wrote is left once their jobs have ended."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from websockets.sync.client import connect

from tests.api.jobs import ENDED, PATIENCE
from tests.api.receiver import SECRET as RECEIVERS_SECRET
from tests.api.receiver import Receiver, receiving
from tests.stack import Stack

SECRET = "Zwetschgenkompott"
TEXT = f"The {SECRET} is on the table. Nobody else has to know."


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, receiver: Receiver) -> Iterator[Stack]:
    """A service that keeps no texts, after it was told a secret in every way there is."""
    with Stack(tmp_path_factory.mktemp("told"), 1, **QUIET) as running:
        http = running.http(timeout=60)
        for task, body in BODIES.items():
            answer = http.post(f"/v1/jobs/{task}", json=body)
            assert answer.status_code == 202, answer.text
        listen(running)
        live(running)
        batch(http, receiver.url)
        assert http.post("/tts", json={"text": TEXT}).is_success
        assert http.post("/v1/audio/speech", json=SPEECH).is_success
        assert http.post(TIMED, json={"text": TEXT}).json()["alignment"] is None
        cancelled = http.post("/v1/jobs/custom_voice", json={"text": TEXT * 40}).json()["id"]
        http.delete(f"/v1/jobs/{cancelled}")
        assert http.post("/v1/jobs/custom_voice", json={"text": TEXT, "speaker": SECRET}).is_error
        wait(http)
        yield running


QUIET = {
    "STORE_TEXT": "0",
    "LOG_LEVEL": "debug",
    "LOG_FORMAT": "json",
    "WEBHOOK_SECRET": RECEIVERS_SECRET,
    "WEBHOOK_ALLOW_PRIVATE": "1",
}
TIMED = "/v1/text-to-speech/ryan/with-timestamps"
SPEECH = {"input": TEXT, "model": "tts-1", "voice": "alloy"}
WRITTEN = {"text": TEXT, "description": f"A voice like {SECRET}."}
BODIES: dict[str, dict[str, Any]] = {
    "custom_voice": {
        "text": TEXT,
        "instruct": f"As if {SECRET} was hot.",
        "lexicon": {SECRET: "x"},
        "words": True,
    },
    "voice_design": WRITTEN,
    "design_then_clone": {**WRITTEN, "sample_text": TEXT},
    "narration": {"text": TEXT},
    "script": {"text": f"ANNA: {TEXT}\n\nBERT: {TEXT}\n"},
    "subtitles": {"text": f"1\n00:00:01,000 --> 00:00:09,000\n{TEXT}\n"},
}
DELIVERED = re.compile(r"(audio|timings|report)\.(srt|vtt|json|csv)|lines\.zip")
"""Files that a pipeline delivers are made of words, and stay as long as their output."""
AT_WORK = ("redis/", "outputs/.uploads/plan/")
"""What is there while a job needs it: Redis' own journal, and plans for ten minutes."""


def listen(stack: Stack) -> None:
    with connect(f"ws{stack.url.removeprefix('http')}/v1/stream") as socket:
        socket.send(json.dumps({"request": {"text": TEXT}}))
        for _ in socket:
            pass


def live(stack: Stack) -> None:
    """In pieces, as a language model writes."""
    with connect(f"ws{stack.url.removeprefix('http')}/v1/live") as socket:
        pieces = [{"type": "text", "text": TEXT[at : at + 7]} for at in range(0, len(TEXT), 7)]
        for said in ({"type": "start"}, *pieces, {"type": "finish"}):
            socket.send(json.dumps(said))
        heard = [json.loads(frame) for frame in socket if isinstance(frame, str)]
    assert [said["state"] for said in heard if said["type"] == "done"] == ["succeeded"]


def batch(http: httpx.Client, url: str) -> None:
    """Together with an item that cannot be met: what is said of it quotes it."""
    items = [{"request": {"text": TEXT}}, {"request": {"text": TEXT, "speaker": SECRET}}]
    body = {"items": items, "partial": True, "webhook": {"url": url}}
    answer = http.post("/v1/jobs/batch", json=body, headers={"Idempotency-Key": SECRET})
    assert answer.status_code == 202, answer.text
    assert SECRET in answer.json()["items"][1]["error"]["message"]
    again = http.post("/v1/jobs/batch", json=body, headers={"Idempotency-Key": SECRET})
    assert again.json()["items"][1]["error"]["code"] == "unknown_speaker"
    assert SECRET not in again.text


def wait(http: httpx.Client) -> None:
    until = time.monotonic() + 3 * PATIENCE
    while any(job["state"] not in ENDED for job in http.get("/v1/jobs").json()["items"]):
        assert time.monotonic() < until
        time.sleep(0.1)


def entries(store: Any) -> Iterator[tuple[bytes, bytes]]:
    """Every key with all that it holds."""
    read: dict[bytes, Callable[[bytes], Any]] = {
        b"string": store.get,
        b"hash": store.hgetall,
        b"set": store.smembers,
        b"stream": store.xrange,
        b"list": lambda key: store.lrange(key, 0, -1),
        b"zset": lambda key: store.zrange(key, 0, -1),
    }
    for key in store.scan_iter():
        if kind := read.get(store.type(key)):  # else it has gone meanwhile
            yield key, repr(kind(key)).encode()


def test_every_way_of_speaking_was_heard(told: Stack):
    """Or else nothing was told, and what follows says nothing."""
    jobs = told.http().get("/v1/jobs", params={"limit": 100}).json()["items"]
    assert {job["task"] for job in jobs} == set(BODIES)
    assert {job["state"] for job in jobs} == {"succeeded", "cancelled"}
    assert len(jobs) >= len(BODIES) + 6


def test_no_webhook_tells_it(told: Stack, receiver: Receiver):
    messages = [receiver.next() for _ in range(2)]
    kinds = {message.verified()["type"] for message in messages}
    assert kinds == {"job.succeeded", "batch.finished"}
    assert not any(holds(message.body) for message in messages)


def test_redis_holds_nothing_of_it(told: Stack):
    assert [key for key, content in entries(told.redis()) if holds(key + content)] == []


def test_no_log_tells_it(told: Stack):
    for name in ("api-0", "gpu-0"):
        log = told.log(name)
        assert "A job " in log
        assert not holds(log.encode())


def test_outputs_hold_it_where_it_was_asked_for_alone(told: Stack):
    found = [
        path
        for path in told.folder.rglob("*")
        if path.is_file() and (holds(path.name.encode()) or holds(path.read_bytes()))
    ]
    assert [
        path
        for path in found
        if not DELIVERED.fullmatch(path.name) and not any(it in path.as_posix() for it in AT_WORK)
    ] == []


def holds(content: bytes) -> bool:
    return SECRET.lower().encode() in content.lower()
