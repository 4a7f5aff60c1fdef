"""Webhooks as a receiver meets them: signed, repeated, not lost, never where they may not go."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi.testclient import TestClient
from websockets.sync.client import connect

from api.app import create, open_context
from shared import keys
from shared.connection import Connection
from shared.settings import ROOT, load
from tests.api import certificates
from tests.api.jobs import ended, fault, submit, wait_for
from tests.api.receiver import SECRET, Receiver, receiving
from tests.docs.snippets import snippets
from tests.stack import Stack
from tools import ports

pytestmark = pytest.mark.slow

OPEN = {"WEBHOOK_SECRET": SECRET, "WEBHOOK_ALLOW_PRIVATE": "1", "WEBHOOK_RETRIES": "0.2,0.2"}


@pytest.fixture(scope="module")
def certified(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Certificates that the service trusts, of this machine and of another."""
    folder = tmp_path_factory.mktemp("certified")
    return {name: certificates.write(folder, name) for name in ("localhost", "other.example")}


@pytest.fixture(scope="module")
def telling(
    tmp_path_factory: pytest.TempPathFactory, certified: dict[str, Path]
) -> Iterator[Stack]:
    """A service that sends webhooks to this machine, and does not wait before it repeats one."""
    folder = tmp_path_factory.mktemp("telling")
    trusted = folder / "trusted.pem"
    trusted.write_bytes(b"".join(path.read_bytes() for path in certified.values()))
    with Stack(folder, 1, **OPEN, **{"SSL_CERT_FILE": str(trusted)}) as running:
        yield running


@pytest.fixture
def told(telling: Stack) -> httpx.Client:
    return telling.http()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as running:
        yield running


def spoken(http: httpx.Client, url: str, events: str = "", **headers: str) -> dict[str, Any]:
    """A job that tells of its end."""
    asked = {"Webhook-Url": url, **headers} | ({"Webhook-Events": events} if events else {})
    answer = http.post("/v1/jobs/custom_voice", json={"text": "Hi.", "seed": 7}, headers=asked)
    assert answer.status_code == 202, answer.text
    return answer.json()


def settled(http: httpx.Client, job: dict[str, Any]) -> dict[str, Any]:
    """What became of telling somebody, once it is decided."""
    done = ("delivered", "failed", "skipped")
    return wait_for(http, job["id"], lambda it: it["webhook"]["state"] in done)["webhook"]


def test_the_end_of_a_job_is_told_signed(told: httpx.Client, receiver: Receiver):
    job = spoken(told, f"{receiver.url}/hook?token=x")
    request = receiver.next()
    assert request.path == "/hook?token=x"
    assert request.headers["Host"] == receiver.url.removeprefix("http://")
    assert request.headers["webhook-id"] == job["id"]
    payload = request.verified()
    assert payload["type"] == "job.succeeded"
    shown = ended(told, job["id"])
    assert payload["timestamp"] == shown["finished_at"]
    assert payload["data"] == {**shown, "webhook": None}
    view = settled(told, job)
    assert (view["state"], view["attempts"], view["last_error"]) == ("delivered", 1, None)
    assert "token" not in json.dumps(view)


def test_who_does_not_take_it_is_told_again_the_same(told: httpx.Client, receiver: Receiver):
    receiver.answers = [500, 302]
    job = spoken(told, receiver.url)
    attempts = [receiver.next() for _ in range(3)]
    assert {request.path for request in attempts} == {"/"}, "nobody follows a redirect"
    assert {request.headers["webhook-id"] for request in attempts} == {job["id"]}
    assert len({request.body for request in attempts}) == 1
    assert attempts[2].verified()
    assert settled(told, job)["attempts"] == 3


@pytest.mark.parametrize(("answers", "attempts"), [([410], 1), ([500, 503, 404], 3)])
def test_who_never_takes_it_is_given_up_and_the_job_says_so(
    told: httpx.Client, receiver: Receiver, answers: list[int], attempts: int
):
    before = told.get("/v1/webhooks").json()["failed"]
    receiver.answers = [*answers]
    view = settled(told, spoken(told, receiver.url))
    assert (view["state"], view["attempts"]) == ("failed", attempts)
    assert str(answers[-1]) in view["last_error"]
    assert told.get("/v1/webhooks").json() == {"enabled": True, "pending": 0, "failed": before + 1}


def test_whoever_answers_proves_that_it_is_the_name_that_was_asked_for(
    told: httpx.Client, certified: dict[str, Path]
):
    with receiving(certified["localhost"]) as receiver:
        assert settled(told, spoken(told, receiver.url))["state"] == "delivered"
        assert receiver.next().verified()
    with receiving(certified["other.example"]) as receiver:
        view = settled(told, spoken(told, receiver.url))
        assert view["state"] == "failed"
        assert "CERTIFICATE_VERIFY_FAILED" in view["last_error"]
        assert receiver.arrived.empty()


def test_the_end_of_a_batch_is_told_beside_those_of_its_jobs(
    told: httpx.Client, receiver: Receiver
):
    items = [{"request": {"text": "Hi."}}] * 2
    body = {"items": items, "webhook": {"url": receiver.url}}
    batch = told.post("/v1/jobs/batch", json=body).json()
    messages = [receiver.next().verified() for _ in range(3)]
    kinds = [message["type"] for message in messages]
    assert sorted(kinds) == ["batch.finished", "job.succeeded", "job.succeeded"]
    finished = messages[kinds.index("batch.finished")]["data"]
    assert finished["batch"] == batch["batch"]
    assert [item["job"] for item in finished["items"]] == [item["job"] for item in batch["items"]]
    assert {item["state"] for item in finished["items"]} == {"succeeded"}


def test_only_the_events_that_were_asked_for_are_told(told: httpx.Client, receiver: Receiver):
    quiet = spoken(told, receiver.url, "job.failed, job.cancelled")
    assert settled(told, quiet)["state"] == "skipped"
    assert receiver.arrived.empty()


def test_a_socket_asks_with_its_first_message(telling: Stack, receiver: Receiver):
    start = {"request": {"text": "Hi."}, "webhook": {"url": receiver.url}}
    with connect(f"{telling.url.replace('http', 'ws')}/v1/stream") as socket:
        socket.send(json.dumps(start))
        assert receiver.next().verified()["type"] == "job.succeeded"


def test_a_form_and_a_repeat_ask_with_the_same_header(told: httpx.Client, receiver: Receiver):
    job = spoken(told, receiver.url)
    receiver.next()
    again = told.post(f"/v1/jobs/{job['id']}/again", headers={"Webhook-Url": receiver.url}).json()
    assert receiver.next().headers["webhook-id"] == again["id"]
    form = {"source": ("a.txt", b"One line.")}
    asked = {"Webhook-Url": receiver.url}
    story = told.post("/v1/jobs/narration", files=form, headers=asked).json()
    assert receiver.next().verified()["data"]["id"] == story["id"]


def test_a_key_with_another_webhook_is_another_request(told: httpx.Client, receiver: Receiver):
    key = {"Idempotency-Key": "one"}
    job = spoken(told, receiver.url, **key)
    same = {"Webhook-Url": receiver.url, **key}
    body = {"text": "Hi.", "seed": 7}
    assert told.post("/v1/jobs/custom_voice", json=body, headers=same).json()["id"] == job["id"]
    other = {"Webhook-Url": f"{receiver.url}/other", **key}
    answer = told.post("/v1/jobs/custom_voice", json=body, headers=other)
    assert fault(answer) == (422, "idempotency_conflict")


def test_the_receiver_of_the_page_takes_it(told: httpx.Client):
    """`docs/webhooks.md` has a program to begin with."""
    page = snippets(ROOT / "docs" / "webhooks.md")
    program = next(block.text for block in page if (block.language, block.note) == ("python", ""))
    port = ports.any_free()
    receiver = subprocess.Popen(
        [sys.executable, "-c", program],
        env={"WEBHOOK_SECRET": SECRET, "PORT": str(port)},
        stdout=subprocess.PIPE,
        text=True,
    )
    with receiver:
        try:
            job = spoken(told, f"http://localhost:{port}/")
            assert settled(told, job)["state"] == "delivered"
            assert receiver.stdout
            assert receiver.stdout.readline().startswith("job.succeeded ")
        finally:
            receiver.kill()


def test_what_a_dying_api_carried_the_next_delivers(telling: Stack, receiver: Receiver):
    receiver.free.clear()
    http = telling.http()
    job = spoken(http, receiver.url)
    first = receiver.next()
    telling.kill_api(0)
    receiver.free.set()
    connection: Connection = telling.redis()
    connection.zadd(keys.WEBHOOKS, {keys.job(job["id"]): 0}, xx=True)  # its minute is over
    telling.start_api(0)
    second = receiver.next()
    assert second.headers["webhook-id"] == first.headers["webhook-id"]
    assert second.body == first.body
    assert settled(http, job)["state"] == "delivered"


def test_an_address_is_looked_at_again_before_each_attempt(telling: Stack, told: httpx.Client):
    """What was admitted may lead elsewhere since."""
    job = submit(told)
    ended(told, job["id"])
    host = "169.254.169.254"
    hooked = {
        "webhook_url": f"http://{host}/",
        "webhook_host": host,
        "webhook_events": "job.succeeded,",
        "webhook_state": "pending",
    }
    connection: Connection = telling.redis()
    connection.hset(keys.job(job["id"]), mapping=hooked)
    connection.zadd(keys.WEBHOOKS, {keys.job(job["id"]): 0})
    view = settled(told, job)
    assert (view["state"], view["attempts"]) == ("failed", 3)
    assert "no public address" in view["last_error"]


@pytest.fixture(scope="module")
def strict(tmp_path_factory: pytest.TempPathFactory) -> TestClient:
    """A service in this process that sends webhooks to public addresses alone; it has no Redis."""
    folder = tmp_path_factory.mktemp("strict")
    settings = load(
        redis_url="unix:///nonexistent/redis.sock",
        webhook_secret=SECRET,
        run_dir=folder,
        outputs_dir=folder / "outputs",
        voices_dir=folder / "voices",
    )
    app = create(settings)
    app.state.context = open_context(settings)
    return TestClient(app, "http://127.0.0.1:8000", client=("127.0.0.1", 1))


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:9/",
        "http://localhost/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]/",
        "http://169.254.169.254/",
        "http://127.0.0.1:22/",
        "ftp://x/",
    ],
)
def test_what_may_not_be_told_is_refused_before_anything_else(strict: TestClient, url: str):
    asked = {"Webhook-Url": url}
    answer = strict.post("/v1/jobs/custom_voice", json={"text": "Hi."}, headers=asked)
    assert fault(answer) == (422, "webhook_refused")
    batch = {"items": [{"request": {"text": "Hi."}}], "webhook": {"url": url}}
    assert fault(strict.post("/v1/jobs/batch", json=batch)) == (422, "webhook_refused")


def test_without_a_secret_it_says_how_to_have_webhooks(http: httpx.Client):
    asked = {"Webhook-Url": "https://hooks.example/"}
    answer = http.post("/v1/jobs/custom_voice", json={"text": "Hi."}, headers=asked)
    assert fault(answer) == (422, "webhooks_off")
    assert "WEBHOOK_SECRET" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("events", ["job.started", "all"])
def test_an_unknown_event_is_refused(told: httpx.Client, events: str):
    asked = {"Webhook-Url": "http://localhost:1/", "Webhook-Events": events}
    answer = told.post("/v1/jobs/custom_voice", json={"text": "Hi."}, headers=asked)
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == "webhook.events.0"
