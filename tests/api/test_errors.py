import json

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from api.errors import install
from shared.errors import QueueFull
from tests.api.jobs import TEXT, fault

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def faulty() -> TestClient:
    """An application whose routes raise."""
    app = FastAPI()
    install(app)

    @app.get("/fault")
    def raise_fault() -> None:
        raise ZeroDivisionError("secret detail")

    @app.get("/full")
    def raise_full() -> None:
        raise QueueFull("No room.", param="where", retry_after=1.2)

    @app.get("/teapot")
    def raise_teapot() -> None:
        raise HTTPException(418, "I am a teapot.", headers={"X-Tea": "green"})

    return TestClient(app, raise_server_exceptions=False)


def test_a_fault_of_ours_tells_nothing_of_itself(faulty):
    answer = faulty.get("/fault")
    assert fault(answer) == (500, "internal_error")
    assert "ZeroDivision" not in answer.text
    assert "secret" not in answer.text


def test_an_error_of_ours_is_told_in_full(faulty):
    answer = faulty.get("/full")
    assert fault(answer) == (503, "queue_full")
    assert answer.json()["error"] == {
        "message": "No room.",
        "type": "server_error",
        "param": "where",
        "code": "queue_full",
        "hint": QueueFull.hint,
    }


def test_the_time_to_wait_is_whole_seconds_rounded_up(faulty):
    assert faulty.get("/full").headers["retry-after"] == "2"


def test_an_error_of_the_framework_keeps_status_and_headers(faulty):
    answer = faulty.get("/teapot")
    assert fault(answer)[0] == 418
    assert answer.headers["x-tea"] == "green"


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/jobs", "/v1/jobs/a/b/c", "/../etc/passwd"])
def test_an_unknown_path_is_404_in_our_words(http, path):
    assert fault(http.get(path)) == (404, "not_found")


def test_another_method_is_405_and_says_which_are_allowed(http):
    answer = http.put("/v1/voices")
    assert fault(answer) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize(
    "content",
    ["", "{", "text=hello", '{"text": "a"', b"\xff\xfe", "[" * 100_000, '{"a":' * 100_000],
    ids=["empty", "open", "form", "half", "no-utf8", "deep-list", "deep-object"],
)
def test_a_body_that_is_not_json_is_422(http, content):
    answer = http.post("/v1/jobs/custom_voice", content=content, headers=JSON)
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] is None


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "a/b/c"])
def test_json_that_is_not_called_json_is_refused_with_a_hint(http, kind):
    body = json.dumps({"text": TEXT})
    answer = http.post("/v1/jobs/custom_voice", content=body, headers={"Content-Type": kind})
    assert fault(answer) == (422, "invalid_request")
    assert "application/json" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("kind", ["application/json; charset=utf-8", "application/ld+json"])
def test_json_by_another_name_is_taken(http, kind):
    body = json.dumps({"text": ""})
    answer = http.post("/v1/jobs/custom_voice", content=body, headers={"Content-Type": kind})
    assert fault(answer) == (422, "nothing_to_say")


@pytest.mark.parametrize(
    "body",
    [
        '{"text": "\\ud800"}',
        '{"text": "hello", "\\ud800": 1}',
        '{"text": "hello", "speaker": "\\ud800"}',
        '{"text": "hello", "language": "\\udfff"}',
        '{"text": "hello", "format": "\\ud800"}',
        '{"text": "hello", "temperature": NaN}',
        '{"text": "hello", "temperature": 1e999}',
        '{"text": "hello", "seed": 1e5}',
        '{"text": "hello", "seed": ' + "9" * 5_000 + "}",
        '{"text": {"a": 1}}',
        '{"text": ["hello"]}',
        '{"text": true}',
    ],
    ids=lambda body: body[:40],
)
def test_strange_values_are_422(http, body):
    answer = http.post("/v1/jobs/custom_voice", content=body, headers=JSON)
    assert fault(answer)[0] == 422


def test_an_error_stays_short_whatever_was_sent(http):
    body = {"text": TEXT, "x" * 50_000: 1}
    assert len(http.post("/v1/jobs/custom_voice", json=body).content) < 2_000
    body = {"text": TEXT, "speaker": "x" * 50_000}
    assert len(http.post("/v1/jobs/custom_voice", json=body).content) < 2_000
