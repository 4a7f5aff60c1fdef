import json
import os
import shutil
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from websockets.sync.client import connect

from tests.api.jobs import PATIENCE, ended, fault, said, sounding, submit
from tests.stack import Stack

NEED_REDIS = [
    ("POST", "/v1/jobs/custom_voice", {"text": "Hello."}),
    ("GET", "/v1/jobs", None),
    ("GET", "/v1/jobs/{id}", None),
    ("DELETE", "/v1/jobs/{id}", None),
    ("POST", "/v1/jobs/{id}/again", None),
    ("GET", "/v1/jobs/{id}/events", None),
    ("GET", "/v1/jobs/{id}/audio?follow=1", None),
    ("GET", "/v1/status", None),
    ("GET", "/v1/models", None),
    ("POST", "/v1/cache/clear", None),
    ("POST", "/v1/models/unload", None),
]
NEED_NO_REDIS = ["/health", "/v1/tasks", "/v1/speakers", "/v1/languages", "/v1/outputs"]


def test_the_status_tells_of_workers_queue_and_outputs(paced):
    http = paced.http()
    running = sounding(http)
    submit(http)
    status = http.get("/v1/status").json()
    (worker,) = status["workers"]
    assert worker["name"] == "gpu-0"
    assert worker["engine"]["preview"] is True
    assert status["queue"]["running"] == 1
    assert sum(status["queue"]["waiting"].values()) == 1
    assert status["queue"]["limit"] == 200
    assert status["outputs"]["free_bytes"] > 0
    assert running["id"]


def test_the_status_tells_what_a_worker_takes_and_holds(paced):
    http = paced.http()
    sounding(http)
    (worker,) = http.get("/v1/status").json()["workers"]
    assert worker["process"]["memory_total_bytes"] > worker["process"]["memory_bytes"] > 2**20
    assert worker["process"]["cpu_percent"] >= 0
    assert worker["gpu"] is None  # the preview engine uses none
    assert worker["caches"] == {}


def test_the_status_counts_listeners(paced):
    http, other = paced.http(), paced.http()
    job = sounding(http)
    with http.stream("GET", job["links"]["events"]) as answer:
        lines = answer.iter_lines()
        next(lines)
        assert other.get("/v1/status").json()["listeners"] == 1


def test_a_service_that_can_speak_is_ready(http):
    answer = http.get("/ready")
    assert answer.status_code == 200
    found = answer.json()
    assert all(found[part] for part in ("ready", "queue", "worker", "outputs", "preview"))
    assert found["engine"] == "preview"
    assert found["reason"]


def test_without_a_worker_it_is_not_ready_but_healthy(make_stack):
    stack: Stack = make_stack()
    http = stack.http()
    stack.kill_worker(signal.SIGTERM)
    answer = http.get("/ready")
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert answer.json()["queue"] is True
    assert answer.json()["worker"] is False
    assert http.get("/health").status_code == 200


def test_outputs_that_cannot_be_written_are_the_reason_for_not_being_ready(make_stack):
    stack: Stack = make_stack()
    shutil.rmtree(stack.outputs_dir, ignore_errors=True)
    stack.outputs_dir.touch()
    answer = stack.http().get("/ready")
    assert answer.status_code == 503
    assert answer.json()["reason"].startswith(f"The folder {stack.outputs_dir} refuses")


def test_jobs_are_taken_while_there_is_no_worker(make_stack):
    stack: Stack = make_stack()
    http = stack.http()
    stack.kill_worker(signal.SIGTERM)
    job = submit(http)
    stack.start_worker()
    assert ended(http, job["id"])["state"] == "succeeded"


# --- Redis away ---


@pytest.fixture(scope="module", params=["stopped", "silent"])
def orphaned(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[httpx.Client, str]]:
    """A service whose Redis is away, and a job it knew."""
    with Stack(tmp_path_factory.mktemp("orphaned"), PREVIEW_PACE="1") as stack:
        http = stack.http()
        job = submit(http, "One sentence of some length. " * 40)["id"]
        server = psutil.Process(stack.redis().info("server")["process_id"])
        if request.param == "stopped":
            stack.stop_redis()
        else:
            server.suspend()
        yield http, job
        if request.param == "silent":
            os.kill(server.pid, signal.SIGCONT)


@pytest.mark.slow
@pytest.mark.parametrize(("method", "path", "body"), NEED_REDIS)
def test_without_redis_every_route_that_needs_it_answers_503(orphaned, method, path, body):
    http, job = orphaned
    begun = time.monotonic()
    answer = http.request(method, path.format(id=job), json=body)
    assert fault(answer) == (503, "queue_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert time.monotonic() - begun < 2  # promised is one second; the machine may be busy


@pytest.mark.slow
@pytest.mark.parametrize("tail", ["/v1/stream", "/v1/jobs/{id}/stream"])
def test_without_redis_a_socket_is_told_so_and_closed(orphaned, tail):
    http, job = orphaned
    url = str(http.base_url).replace("http", "ws", 1).rstrip("/") + tail.format(id=job)
    begun = time.monotonic()
    with connect(url) as socket:
        if tail == "/v1/stream":
            socket.send('{"request": {"text": "Hello."}}')
        assert json.loads(socket.recv(timeout=5))["error"]["code"] == "queue_unavailable"
    assert time.monotonic() - begun < 2


@pytest.mark.slow
@pytest.mark.parametrize("path", NEED_NO_REDIS)
def test_without_redis_the_rest_goes_on(orphaned, path):
    assert orphaned[0].get(path).status_code == 200


@pytest.mark.slow
def test_without_redis_it_is_not_ready(orphaned):
    answer = orphaned[0].get("/ready")
    assert answer.status_code == 503
    assert answer.json()["queue"] is False
    assert answer.headers["retry-after"]


@pytest.mark.slow
def test_when_redis_comes_back_all_goes_on(make_stack):
    stack: Stack = make_stack()
    http = stack.http()
    before = said(http)
    stack.stop_redis()
    assert fault(http.get("/v1/jobs"))[0] == 503
    stack.start_redis()
    until = time.monotonic() + PATIENCE
    while http.get("/ready").status_code != 200:
        assert time.monotonic() < until
        time.sleep(0.05)
    assert http.get(before["links"]["self"]).json()["state"] == "succeeded"
    said(http)
