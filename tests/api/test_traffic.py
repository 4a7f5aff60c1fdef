"""What every request leaves: an id, counts, a line, spans."""

import json
import logging
import re
from collections.abc import Callable, Iterator

import pytest
import redis
from fastapi.testclient import TestClient
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from starlette.testclient import WebSocketDenialResponse

from api.app import create
from shared import logs, tracing
from shared.history import End
from shared.queue import JobQueue
from shared.settings import Settings
from tests.api.jobs import TEXT, ended
from tests.stack import Stack
from worker import tracing as performed

AWAY = Settings(redis_url="unix:///nonexistent/redis.sock", log_format="json")
FRESH = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
TRACE = "0af7651916cd43dd8448eb211c80319c"


def client_of(settings: Settings) -> TestClient:
    app = create(settings)

    @app.get("/fault")
    def raise_fault() -> None:
        raise ZeroDivisionError("secret detail")

    return TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False)


@pytest.fixture(scope="module")
def http() -> Iterator[TestClient]:
    """An API without Redis, of which one route is broken."""
    with client_of(AWAY) as client:
        yield client


@pytest.fixture
def lines(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], list[logging.LogRecord]]:
    """The access lines of a test, as far as there are any."""
    caplog.set_level(logging.DEBUG, "api.traffic")
    monkeypatch.setattr(caplog.handler, "filters", [_about])
    return lambda: [line for line in caplog.records if line.name == "api.traffic"]


def _about(line: logging.LogRecord) -> bool:
    """Keep what the line carries besides."""
    vars(line).update({name: logs.known(name) for name in ("client", "code")})
    return True


def test_an_id_that_a_client_gives_is_taken(http: TestClient):
    answer = http.get("/v1/tasks", headers={"X-Request-Id": "My-own_1.2"})
    assert answer.headers["x-request-id"] == "My-own_1.2"


@pytest.mark.parametrize("strange", ["", "two words", "a" * 129, "-x", "{}", "a;b", "é"])
def test_one_that_could_do_harm_in_a_log_is_not(http: TestClient, strange: str):
    answer = http.get("/v1/tasks", headers={b"X-Request-Id": strange.encode()})
    assert FRESH.fullmatch(answer.headers["x-request-id"])


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/nowhere", {}, 404),
        ("/v1/jobs/custom_voice", {}, 405),
        ("/v1/tasks", {"Host": "evil.example"}, 403),
        ("/v1/jobs", {}, 503),
        ("/fault", {}, 500),
    ],
)
def test_errors_of_every_kind_carry_it(
    http: TestClient, path: str, headers: dict[str, str], status: int
):
    method = "PATCH" if status == 405 else "GET"
    answer = http.request(method, path, headers={"X-Request-Id": "mine", **headers})
    assert (answer.status_code, answer.headers["x-request-id"]) == (status, "mine")


def test_a_websocket_is_told_when_it_is_accepted_and_when_it_is_not(http: TestClient):
    told = {"X-Request-Id": "mine"}
    with http.websocket_connect("ws://127.0.0.1/v1/stream", headers=told) as socket:
        assert (b"x-request-id", b"mine") in (socket.extra_headers or [])
        socket.close()
    with (
        pytest.raises(WebSocketDenialResponse) as refused,
        http.websocket_connect("ws://127.0.0.1/v1/jobs/1/stream?after=-1", headers=told),
    ):
        pass
    assert refused.value.headers["x-request-id"] == "mine"


def test_a_line_tells_of_the_route_and_not_of_what_was_asked(
    http: TestClient, lines: Callable[[], list[logging.LogRecord]]
):
    http.get("/v1/outputs/private-name", params={"word": "private-word"})
    (line,) = lines()
    facts = vars(line)["facts"]
    assert (facts["route"], facts["status"]) == ("/v1/outputs/{id}", 404)
    assert facts["bytes"] > 0
    assert facts["duration_ms"] >= 0
    assert (vars(line)["client"], vars(line)["code"]) == ("address-testclient", "unknown_output")
    assert "private" not in line.getMessage() + json.dumps(facts)


def test_machines_that_look_every_few_seconds_fill_no_log(
    http: TestClient, lines: Callable[[], list[logging.LogRecord]]
):
    http.get("/health")
    http.get("/v1/tasks")
    assert [line.levelno for line in lines()] == [logging.DEBUG, logging.INFO]


def test_lines_of_the_worker_carry_it_on(stack: Stack):
    sent = {"text": TEXT, "language": "en"}
    headers = {"X-Request-Id": "of-this-very-test"}
    job = stack.http().post("/v1/jobs/custom_voice", json=sent, headers=headers).json()
    ended(stack.http(), job["id"])
    lines = stack.log("gpu-0").splitlines()
    found = [line for line in lines if "request_id=of-this-very-test" in line]
    assert found
    assert all(f"job_id={job['id']}" in line for line in found)


def test_id_and_trace_go_with_the_job_to_its_worker(redis_url: str):
    kept, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    tracing.use(provider)
    headers = {"X-Request-Id": "mine", "traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    with client_of(Settings(redis_url=redis_url)) as http:
        sent = {"text": TEXT, "language": "en"}
        job = http.post("/v1/jobs/custom_voice", json=sent, headers=headers).json()
    with redis.Redis.from_url(redis_url, protocol=2) as connection:
        record = JobQueue(connection, AWAY).get(job["id"])
    assert record.request_id == "mine"
    end = End(task=record.task, state="succeeded", engine="preview", preview=True, queued=2.0)
    performed.ended(record, end)
    tracing.use(None)
    spans = {span.name: span for span in kept.get_finished_spans()}
    assert {"POST /v1/jobs/custom_voice", "submit", "queue", "generate"} == spans.keys()
    assert {f"{span.context.trace_id:032x}" for span in spans.values() if span.context} == {TRACE}
    assert TEXT[:15] not in "".join(span.to_json() for span in spans.values())
