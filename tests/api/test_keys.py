"""Keys of the ring against two replicas: who comes in, how often, with how many jobs."""

import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create, open_context
from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.access.scopes import Scope
from shared.settings import load
from tests.api.jobs import LONG, PATIENCE, TEXT, fault
from tests.stack import Stack

SETTINGS_KEY = {"Authorization": "Bearer of-the-settings"}
Drawn = tuple[Key, str]
Draw = Callable[..., Drawn]


@pytest.fixture(scope="module")
def keyed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Two replicas with one ring, and a worker that takes its time."""
    with Stack(
        tmp_path_factory.mktemp("keyed"),
        apis=2,
        PREVIEW_PACE="1",
        LOG_FORMAT="json",
        API_KEYS="of-the-settings",
        MAX_TEXT="4000",
        MAX_JOB_SECONDS="600",
    ) as running:
        yield running


@pytest.fixture
def ring(keyed: Stack) -> KeyRing:
    return KeyRing(keyed.folder / "run" / "keys.json")


@pytest.fixture
def draw(keyed: Stack, ring: KeyRing) -> Draw:
    """Put a key on the ring, and come back when every replica has read it."""

    def drawn(*scopes: Scope, **limits: int) -> tuple[Key, str]:
        key, secret = put(ring, *scopes, **limits)
        settle(keyed, ring)
        return key, secret

    return drawn


@pytest.fixture(scope="module")
def phone(keyed: Stack) -> Drawn:
    """A key that may speak, for tests that leave it as it is."""
    ring = KeyRing(keyed.folder / "run" / "keys.json")
    drawn = put(ring)
    settle(keyed, ring)
    return drawn


def put(ring: KeyRing, *scopes: Scope, **limits: int) -> tuple[Key, str]:
    name = f"key {len(ring.all())}"
    key, secret = Key.draw(name, list(scopes or ("speak",)), **limits)
    ring.add(key)
    return key, secret


def settle(keyed: Stack, ring: KeyRing) -> None:
    """Wait until every replica knows a key that was put on the ring last of all."""
    _, probe = put(ring)
    for url in keyed.urls:
        until = time.monotonic() + PATIENCE
        while get(url, probe).status_code == 401:
            assert time.monotonic() < until
            time.sleep(0.05)


def get(url: str, secret: str, path: str = "/v1/tasks") -> httpx.Response:
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.get(f"{url}{path}", headers=headers, trust_env=False, timeout=30)


# --- who comes in ---


def test_every_replica_sees_a_change_without_a_restart(keyed: Stack, ring: KeyRing, draw: Draw):
    key, secret = draw()
    assert [get(url, secret).status_code for url in keyed.urls] == [200, 200]
    ring.change(key.id, lambda key: key.model_copy(update={"disabled": True}))
    settle(keyed, ring)
    for url in keyed.urls:
        answer = get(url, secret)
        assert fault(answer) == (401, "unauthorized")
        assert "is revoked" in answer.json()["error"]["message"]


@pytest.mark.parametrize("header", ["Authorization: Bearer {}", "X-API-Key: {}", "xi-api-key: {}"])
def test_a_key_comes_as_clients_send_it(keyed: Stack, phone: Drawn, header: str):
    _, secret = phone
    name, _, value = header.format(secret).partition(": ")
    assert httpx.get(f"{keyed.url}/v1/tasks", headers={name: value}).status_code == 200
    url = f"ws{keyed.url.removeprefix('http')}/v1/stream"
    with connect(url, additional_headers={name: value}):
        pass


def test_a_key_in_the_address_opens_a_socket_and_stands_in_no_log(keyed: Stack, phone: Drawn):
    _, secret = phone
    wrong = "qtts_wrong"
    assert fault(httpx.get(f"{keyed.url}/v1/tasks?api_key={secret}")) == (401, "unauthorized")
    assert fault(get(keyed.url, wrong)) == (401, "unauthorized")
    with connect(f"ws{keyed.url.removeprefix('http')}/v1/stream?api_key={secret}"):
        pass
    with pytest.raises(InvalidStatus):
        connect(f"ws{keyed.url.removeprefix('http')}/v1/stream?api_key={wrong}")
    for key in (secret, wrong, "of-the-settings"):
        assert key not in keyed.log("api-0")


def test_jobs_and_their_audit_carry_the_id_of_the_key(keyed: Stack, phone: Drawn):
    key, secret = phone
    headers = {"X-API-Key": secret}
    body = {"text": TEXT, "speaker": "ryan", "language": "en"}
    sent = httpx.post(f"{keyed.url}/v1/jobs/custom_voice", json=body, headers=headers)
    job = sent.json()["id"]
    ended(keyed, job)
    until = time.monotonic() + PATIENCE
    while not (end := audited(keyed, "gpu-0", job)):
        assert time.monotonic() < until
        time.sleep(0.05)
    (begun,) = audited(keyed, "api-0", job)
    assert (
        begun.items()
        >= {
            "client": f"key-{key.id}",
            "task": "custom_voice",
            "voices": ["ryan"],
            "characters": len(TEXT),
        }.items()
    )
    assert begun["estimate_seconds"] > 1
    assert end[0].items() >= {"client": f"key-{key.id}", "state": "succeeded"}.items()
    assert end[0]["audio_seconds"] > 1
    assert end[0]["engine"] == "preview"
    assert "Ten seconds" not in keyed.log("api-0") + keyed.log("gpu-0")


def audited(keyed: Stack, process: str, job: str) -> list[dict[str, Any]]:
    """What the audit of a process says of a job."""
    lines = [json.loads(line) for line in keyed.log(process).splitlines() if line.startswith("{")]
    return [
        line
        for line in lines
        if line.get("job_id") == job
        and line["event"] in ("A job was admitted.", "A job has ended.")
    ]


def ended(keyed: Stack, job: str) -> None:
    until = time.monotonic() + PATIENCE
    while get(keyed.url, "of-the-settings", f"/v1/jobs/{job}").json()["state"] != "succeeded":
        assert time.monotonic() < until
        time.sleep(0.05)


# --- how often ---


def test_a_rate_is_exact_whichever_replica_is_asked_and_however_many_ask(keyed: Stack, draw: Draw):
    """One a minute comes back while it is asked, at most: the whole takes seconds."""
    _, secret = draw(rate=2)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: get(keyed.urls[n % 2], secret), range(16)))
    passed = [answer for answer in answers if answer.status_code == 200]
    assert len(passed) == 2
    assert {answer.headers["X-RateLimit-Remaining"] for answer in passed} == {"1", "0"}
    for answer in answers:
        assert answer.headers["X-RateLimit-Limit"] == "2"
        assert 0 < int(answer.headers["X-RateLimit-Reset"]) <= 60
        if answer not in passed:
            assert fault(answer) == (429, "rate_limited")
            assert 0 < int(answer.headers["Retry-After"]) <= 30


def test_a_socket_is_a_request_too(keyed: Stack, draw: Draw):
    _, secret = draw(rate=1)
    url = f"ws{keyed.url.removeprefix('http')}/v1/stream"
    with connect(url, additional_headers={"X-API-Key": secret}):
        pass
    with pytest.raises(InvalidStatus) as refused:
        connect(url, additional_headers={"X-API-Key": secret})
    assert refused.value.response.status_code == 429
    assert refused.value.response.headers["X-RateLimit-Remaining"] == "0"


def test_who_has_no_rate_is_told_of_none(keyed: Stack, phone: Drawn, draw: Draw):
    _, secret = phone
    assert "X-RateLimit-Limit" not in get(keyed.url, secret).headers
    assert get(keyed.url, draw(rate=1)[1], "/health").headers.get("X-RateLimit-Limit") is None


def test_a_rate_that_cannot_be_counted_is_503(tmp_path: Path):
    settings = load(
        redis_url="unix:///nonexistent/redis.sock", run_dir=tmp_path, outputs_dir=tmp_path
    )
    _, secret = put(KeyRing(settings.key_ring), rate=60)
    app = create(settings)
    app.state.context = open_context(settings)
    http = TestClient(app, "http://127.0.0.1:8000", client=("127.0.0.1", 1))
    answer = http.get("/v1/tasks", headers={"X-API-Key": secret})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "queue_unavailable")
    assert int(answer.headers["Retry-After"]) > 0


# --- how many jobs ---


def test_a_quota_of_jobs_is_exact_whichever_replica_is_asked(keyed: Stack, draw: Draw):
    _, secret = draw(jobs=3)
    headers = {"X-API-Key": secret}

    def send(number: int) -> httpx.Response:
        url = f"{keyed.urls[number % 2]}/v1/jobs/custom_voice"
        return httpx.post(url, json={"text": LONG}, headers=headers, timeout=30)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(12)))
    admitted = [answer.json()["id"] for answer in answers if answer.status_code == 202]
    assert len(admitted) == 3
    refused = [answer for answer in answers if answer.status_code != 202]
    assert {fault(answer) for answer in refused} == {(429, "too_many_jobs")}
    other = httpx.post(
        f"{keyed.url}/v1/jobs/custom_voice", json={"text": LONG}, headers=SETTINGS_KEY
    )
    for job in [*admitted, other.json()["id"]]:
        stopped = httpx.delete(f"{keyed.url}/v1/jobs/{job}", headers=SETTINGS_KEY)
        assert stopped.status_code == 202


# --- how long ---


def test_a_text_may_be_as_long_as_is_set(keyed: Stack):
    answer = httpx.post(
        f"{keyed.url}/v1/jobs/custom_voice", json={"text": "a " * 2001}, headers=SETTINGS_KEY
    )
    assert fault(answer) == (422, "text_too_long")
    assert "4000" in answer.json()["error"]["message"]


def test_a_job_may_last_as_long_as_is_set(keyed: Stack):
    body = {"text": "Hello. [pause:9] " * 200}
    answer = httpx.post(
        f"{keyed.url}/v1/jobs/custom_voice", json=body, headers=SETTINGS_KEY, timeout=30
    )
    assert fault(answer) == (422, "job_too_long")
    assert "600" in answer.json()["error"]["message"]


# --- what a key keeps ---


def test_a_key_that_may_not_make_voices_keeps_none_by_a_job(keyed: Stack, phone: Drawn, draw: Draw):
    body = {"text": TEXT, "description": "A calm voice.", "lock_as": "Calm of tests"}
    url = f"{keyed.url}/v1/jobs/design_then_clone"
    answer = httpx.post(url, json=body, headers={"X-API-Key": phone[1]})
    assert fault(answer) == (403, "forbidden_scope")
    assert "`voices`" in answer.json()["error"]["message"]
    both = {"X-API-Key": draw("speak", "voices")[1]}
    admitted = httpx.post(url, json=body, headers=both)
    assert admitted.status_code == 202
    httpx.delete(f"{keyed.url}/v1/jobs/{admitted.json()['id']}", headers=both)


def test_a_socket_that_was_open_before_its_key_was_revoked_starts_nothing(
    keyed: Stack, ring: KeyRing, draw: Draw
):
    key, secret = draw()
    url = f"ws{keyed.url.removeprefix('http')}/v1/stream"
    with connect(url, additional_headers={"X-API-Key": secret}) as socket:
        ring.change(key.id, lambda key: key.model_copy(update={"disabled": True}))
        settle(keyed, ring)
        socket.send(json.dumps({"request": {"text": TEXT}}))
        said = json.loads(socket.recv())
    assert (said["type"], said["error"]["code"]) == ("error", "unauthorized")
