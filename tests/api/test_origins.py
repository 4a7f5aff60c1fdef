"""Which web pages may use the API from a browser: in one process, as nothing is spoken."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from api.app import create, open_context
from shared.settings import load

APP = "https://app.example"
FOREIGN = ["https://evil.example", "null", "http://localhost.evil.example", f"{APP}.evil.example"]
ASKS_BEFOREHAND = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,x-stainless-lang",
}
Service = Callable[..., TestClient]


@pytest.fixture
def service(tmp_path: Path) -> Service:
    def make(address: str = "http://127.0.0.1:8000", **values: Any) -> TestClient:
        settings = load(
            redis_url="unix:///nonexistent/redis.sock",
            run_dir=tmp_path,
            outputs_dir=tmp_path / "outputs",
            voices_dir=tmp_path / "voices",
            **values,
        )
        app = create(settings)
        app.state.context = open_context(settings)
        return TestClient(app, address, client=("127.0.0.1", 1))

    return make


def status(http: TestClient, method: str, origin: str | None) -> int:
    """With which a page is answered that asks for something harmless."""
    headers = {"Origin": origin} if origin else {}
    address = str(http.base_url).removeprefix("http").rstrip("/")
    if method != "WS":
        return http.request(method, "/v1/tasks/no", headers=headers).status_code
    try:
        with http.websocket_connect(f"ws{address}/v1/stream", headers=headers):
            return 101
    except WebSocketDenialResponse as refusal:
        return refusal.status_code


# --- on loopback ---


@pytest.mark.parametrize("method", ["GET", "POST", "WS"])
@pytest.mark.parametrize("origin", FOREIGN)
def test_on_loopback_a_foreign_page_is_refused(service: Service, origin: str, method: str):
    assert status(service(), method, origin) == 403


@pytest.mark.parametrize("origin", [None, "http://localhost:7860", "http://127.0.0.1:8000"])
def test_who_is_no_page_and_pages_of_this_machine_are_let_in(service: Service, origin: str | None):
    assert [status(service(), method, origin) for method in ("GET", "POST", "WS")] == [
        404,
        405,
        101,
    ]


@pytest.mark.parametrize("method", ["GET", "POST", "WS"])
def test_a_page_that_is_named_is_let_in_exactly(service: Service, method: str):
    http = service(cors_origins=[APP])
    assert status(http, method, APP) != 403
    for other in (*FOREIGN, "http://app.example", f"{APP}:8443"):
        assert status(http, method, other) == 403


# --- beyond it ---


@pytest.mark.parametrize("origin", FOREIGN)
def test_beyond_loopback_a_foreign_page_changes_and_streams_nothing(service: Service, origin: str):
    http = service("http://speech.lan:8000", host="0.0.0.0", insecure_bind=True)
    assert status(http, "GET", origin) == 404
    assert status(http, "POST", origin) == 403
    assert status(http, "WS", origin) == 403


def test_beyond_loopback_pages_of_its_own_name_are_let_in(service: Service):
    http = service("http://speech.lan:8000", host="0.0.0.0", insecure_bind=True)
    assert status(http, "POST", "http://speech.lan:7860") == 405
    assert status(http, "WS", "http://speech.lan:7860") == 101
    assert status(http, "WS", None) == 101


# --- what a browser may read ---


def test_without_the_setting_no_page_may_read_anything(service: Service):
    http = service()
    answer = http.get("/v1/tasks", headers={"Origin": "http://localhost:7860"})
    assert "access-control-allow-origin" not in answer.headers
    asked = http.options(
        "/v1/tasks", headers={"Origin": "http://localhost:7860", **ASKS_BEFOREHAND}
    )
    assert "access-control-allow-origin" not in asked.headers


def test_a_browser_that_asks_beforehand_needs_no_key_for_that(service: Service):
    http = service(cors_origins=[APP], api_keys=["key"])
    answer = http.options("/v1/jobs/custom_voice", headers={"Origin": APP, **ASKS_BEFOREHAND})
    assert answer.status_code == 200
    assert answer.headers["access-control-allow-origin"] == APP
    assert "POST" in answer.headers["access-control-allow-methods"]
    assert "x-stainless-lang" in answer.headers["access-control-allow-headers"]
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", FOREIGN)
def test_a_foreign_page_is_told_no(service: Service, origin: str):
    http = service(cors_origins=[APP], api_keys=["key"])
    answer = http.options("/v1/jobs/custom_voice", headers={"Origin": origin, **ASKS_BEFOREHAND})
    assert answer.status_code == 400
    assert "access-control-allow-origin" not in answer.headers


def test_a_page_can_read_why_it_was_refused(service: Service):
    http = service(cors_origins=[APP], api_keys=["key"])
    answer = http.get("/v1/tasks", headers={"Origin": APP})
    assert answer.status_code == 401
    assert answer.headers["access-control-allow-origin"] == APP
    assert "Origin" in answer.headers["vary"]
