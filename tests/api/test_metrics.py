"""`/metrics` of the API: what it counts, by which labels, and without Redis."""

import socket
import time
from collections.abc import Callable
from contextlib import closing

import httpx
import pytest
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient
from prometheus_client.core import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read

from api.app import create
from api.traffic import NO_ROUTE
from shared import keys
from shared.settings import Settings
from tests.api.jobs import PATIENCE, said, sounding, submit
from tests.stack import Stack

METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "OTHER", "WEBSOCKET"}
SHARED = ("rq_", "redis_memory_", "tts_queue_depth", "tts_active_requests", "tts_w")
"""What comes from Redis."""


def scraped(http: httpx.Client | TestClient) -> dict[str, Metric]:
    answer = http.get("/metrics")
    assert answer.status_code == 200
    return {family.name: family for family in read(answer.text)}


def value(families: dict[str, Metric], family: str, sample: str = "", **labels: str) -> float:
    """The sum of the samples that have these labels."""
    return sum(
        it.value
        for it in (families[family].samples if family in families else ())
        if it.name == (sample or family) and labels.items() <= it.labels.items()
    )


def until(holds: Callable[[], bool]) -> None:
    """What is counted comes a moment after the answer."""
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@pytest.fixture(scope="module")
def away():
    """An API whose Redis is away."""
    settings = Settings(redis_url="unix:///nonexistent/redis.sock")
    with TestClient(create(settings), base_url="http://127.0.0.1") as client:
        yield client


def test_requests_are_counted_by_route_and_status(http: httpx.Client):
    labels = {"handler": "/v1/jobs/{id}", "method": "GET", "status": "404"}
    sample = "http_requests_total"
    before = value(scraped(http), "http_requests", sample, **labels)
    http.get("/v1/jobs/private-id")
    until(lambda: value(scraped(http), "http_requests", sample, **labels) == before + 1)


def test_refusals_are_counted_by_their_code(http: httpx.Client):
    def refused() -> list[float]:
        codes = ("forbidden_host", "invalid_request", "method_not_allowed")
        return [
            value(scraped(http), "http_errors", "http_errors_total", code=code) for code in codes
        ]

    before = refused()
    http.get("/v1/tasks", headers={"Host": "evil.example"})
    http.get("/v1/jobs", params={"limit": "many"})
    http.put("/v1/tasks")
    until(lambda: refused() == [count + 1 for count in before])


def test_a_job_that_never_ran_is_counted_by_whoever_ended_it(paced: Stack):
    http = paced.http()
    labels = {"task": "custom_voice", "status": "cancelled"}

    def ended() -> float:
        return value(scraped(http), "tts_requests", "tts_requests_total", **labels)

    before = ended()
    sounding(http)
    waiting = submit(http)
    for _ in range(2):
        http.delete(f"/v1/jobs/{waiting['id']}")
    assert ended() == before + 1


def test_the_first_byte_of_a_stream_is_timed_and_that_of_a_page_is_not(http: httpx.Client):
    family, sample = "http_stream_first_byte_seconds", "http_stream_first_byte_seconds_count"
    job = said(http)
    before = value(scraped(http), family, sample, handler="/v1/jobs/{id}/audio")
    http.get(f"/v1/jobs/{job['id']}/audio", params={"follow": "1", "format": "pcm"})
    http.get("/v1/tasks")
    until(lambda: value(scraped(http), family, sample, handler="/v1/jobs/{id}/audio") == before + 1)
    assert value(scraped(http), family, sample, handler="/v1/tasks") == 0


def test_no_client_can_make_up_a_label(http: httpx.Client):
    http.request("BREW", "/v1/jobs/private-word")
    http.get("/private-word/../../etc")
    http.get("/v1/outputs/private-word", headers={"X-Request-Id": "private-word"})
    routes = iter_route_contexts(create(Settings(redis_url="unix:///nowhere")).routes)
    templates = {str(route.path) for route in routes} | {NO_ROUTE}
    text = http.get("/metrics").text
    assert "private-word" not in text
    labels = [sample.labels for family in read(text) for sample in family.samples]
    assert {it["handler"] for it in labels if "handler" in it} <= templates
    assert {it["method"] for it in labels if "method" in it} <= METHODS


def test_what_comes_from_redis_says_so_and_is_the_same_on_every_process(stack: Stack):
    found = scraped(stack.http())
    shared = {name for name in found if name.startswith(SHARED)}
    assert {name for name in found if "From Redis" in found[name].documentation} == shared
    assert len(shared) == 10
    queues = {sample.labels["queue"] for sample in found["tts_queue_depth"].samples}
    assert queues == set(keys.QUEUES)
    assert value(found, "tts_workers_ready") == 1
    assert value(found, "rq_workers", name="gpu-0", queues="interactive,batch,codec") == 1
    assert value(found, "redis_up") == 1


def test_without_redis_a_scrape_is_answered_and_says_so(away: TestClient):
    found = scraped(away)
    assert value(found, "redis_up") == 0
    assert "http_requests" in found
    assert not [name for name in found if name.startswith(SHARED)]


def test_nor_does_a_redis_that_hangs_keep_a_scrape_waiting():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        settings = Settings(redis_url=f"redis://127.0.0.1:{silent.getsockname()[1]}/0")
        with TestClient(create(settings), base_url="http://127.0.0.1") as client:
            assert value(scraped(client), "redis_up") == 0


def test_a_scraper_gets_the_format_that_it_asks_for(away: TestClient):
    answer = away.get("/metrics", headers={"Accept": "application/openmetrics-text"})
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    assert "redis_up" in {family.name for family in read_openmetrics(answer.text)}
