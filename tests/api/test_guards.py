"""Who may come in, and with how much."""

import http.client as http_client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient
from starlette.testclient import WebSocketDenialResponse

from api.app import create, open_context
from api.guards import FORM_FRAME, MAX_BODY, MOST_FORMS, TAKES_FILES
from shared.settings import ROOT, Settings, load
from tests.api.jobs import PATIENCE, fault
from tests.stack import Stack, clean_environment

OPEN = ["/health", "/ready"]
FORM = "multipart/form-data; boundary=x"
LARGEST = (Settings().max_upload_mb << 20) + FORM_FRAME
"""Bytes of a form with files."""
Service = Callable[..., TestClient]


# --- host names and keys: in one process, as nothing is spoken ---


@pytest.fixture(scope="module")
def inside(tmp_path_factory: pytest.TempPathFactory) -> Service:
    """An API without Redis: what is let in meets that, and nothing is done."""
    folder = tmp_path_factory.mktemp("inside")

    def make(**values: Any) -> TestClient:
        settings = load(
            redis_url="unix:///nonexistent/redis.sock",
            run_dir=folder,
            outputs_dir=folder / "outputs",
            voices_dir=folder / "voices",
            **values,
        )
        app = create(settings)
        app.state.context = open_context(settings)
        return TestClient(app, "http://127.0.0.1:8000", client=("127.0.0.1", 1))

    return make


@pytest.fixture(scope="module")
def unkeyed(inside: Service) -> TestClient:
    return inside()


@pytest.fixture(scope="module")
def guarded(inside: Service) -> TestClient:
    """It has two keys, and one of its own."""
    return inside(api_keys=["first-key", "second-key"], run_key="run-key")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example"]
)
def test_another_host_name_is_refused(unkeyed, host):
    assert fault(unkeyed.get("/v1/tasks", headers={"Host": host})) == (403, "forbidden_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:8000", "[::1]:8000"])
def test_the_names_of_this_machine_are_taken(unkeyed, host):
    assert unkeyed.get("/v1/tasks", headers={"Host": host}).status_code == 200


def test_further_host_names_can_be_allowed(inside):
    http = inside(allowed_hosts=["localhost", "127.0.0.1", "tts.example.org"])
    assert http.get("/v1/tasks", headers={"Host": "TTS.example.org"}).status_code == 200
    assert http.get("/v1/tasks", headers={"Host": "other.example.org"}).status_code == 403


@pytest.mark.parametrize("path", ["/v1/tasks", "/no/such"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "first-key"},
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
    ids=str,
)
def test_without_a_right_key_nothing_is_told(guarded, path, headers):
    answer = guarded.get(path, headers=headers)
    assert fault(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer second-key"},
        {"X-API-Key": "second-key"},
        {"X-API-Key": "run-key"},
    ],
    ids=str,
)
def test_either_key_opens(guarded, headers):
    assert guarded.get("/v1/tasks", headers=headers).status_code == 200


def test_the_key_of_the_run_makes_nobody_else_need_one(inside):
    http = inside(run_key="run-key")
    for key in ("run-key", "any", ""):
        assert http.get("/v1/tasks", headers={"X-API-Key": key}).status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_probes_need_no_key(guarded, path):
    assert guarded.get(path).status_code in (200, 503)


def test_a_key_in_the_address_opens_no_http_route(guarded):
    assert fault(guarded.get("/v1/tasks?api_key=first-key"))[0] == 401


@pytest.mark.parametrize(
    ("tail", "answer"),
    [
        ("/v1/stream", (401, "unauthorized")),
        ("/v1/stream?api_key=wrong", (401, "unauthorized")),
        # The key is taken out of the address, and the rest of it stays.
        ("/v1/jobs/nobody/stream?after=x&api_key=first-key", (422, "invalid_request")),
    ],
)
def test_a_socket_is_refused_before_it_is_one(guarded, tail, answer):
    with pytest.raises(WebSocketDenialResponse) as refusal, guarded.websocket_connect(ws(tail)):
        pass
    assert fault(refusal.value) == answer


@pytest.mark.parametrize("how", ["bearer", "x-api-key", "query"])
def test_a_socket_takes_its_key_in_three_ways(guarded, how):
    query = "?api_key=first-key" if how == "query" else ""
    headers = {
        "bearer": {"Authorization": "Bearer first-key"},
        "x-api-key": {"X-API-Key": "first-key"},
    }.get(how, {})
    with guarded.websocket_connect(ws(f"/v1/stream{query}"), headers=headers):
        pass


def ws(tail: str) -> str:
    return f"ws://127.0.0.1:8000{tail}"


# --- where to listen ---


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--host", "0.0.0.0"], "INSECURE_BIND"),
        (["--prot", "1"], "--port"),
        (["--port", "1"], "REDIS_URL"),
    ],
    ids=["bind", "typo", "redis"],
)
def test_the_process_ends_with_2_and_says_why(arguments, said):
    ended = subprocess.run(
        [sys.executable, "-m", "api", *arguments],
        cwd=ROOT,
        env=clean_environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


# --- sizes ---


def test_a_body_that_says_it_is_too_large_is_413(stack):
    """Answered before the body is sent, as a client that asks first finds out."""
    address = urlsplit(stack.url)
    connection = http_client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.putrequest("POST", "/v1/jobs/custom_voice")
    connection.putheader("Content-Length", str(MAX_BODY + 1))
    connection.putheader("Content-Type", "application/json")
    connection.endheaders()
    answer = connection.getresponse()
    assert answer.status == 413
    assert json.loads(answer.read())["error"]["code"] == "body_too_large"
    connection.close()


def test_a_body_that_does_not_say_is_413_once_it_is_too_large(http):
    def body() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 2**20 + 1):
            yield b" " * 2**20

    answer = http.post(
        "/v1/jobs/custom_voice", content=body(), headers={"Content-Type": "application/json"}
    )
    assert fault(answer) == (413, "body_too_large")


@pytest.mark.parametrize(
    ("path", "kind", "length", "status"),
    [
        ("/v1/uploads?kind=audio", FORM, 2 << 30, 413),
        ("/v1/uploads?kind=audio", FORM, LARGEST + 1, 413),
        ("/v1/uploads?kind=audio", "application/json", MAX_BODY + 1, 413),
        ("/v1/voices", FORM, 2 << 30, 413),
        ("/v1/jobs/voice_clone", FORM, 2 << 30, 413),
        ("/v1/jobs/x/again", FORM, MAX_BODY + 1, 413),
        ("/v1/presets", FORM, MAX_BODY + 1, 413),
        ("/v1/jobs/custom_voice", FORM, MAX_BODY + 1, 413),
        ("/v1/voices/ryan/sample", FORM, MAX_BODY + 1, 413),
    ],
)
def test_a_length_beyond_the_limit_of_its_route_is_refused_unread(
    stack, path, kind, length, status
):
    assert said_to(stack, path, kind, length) == (status, "body_too_large")


def test_forms_may_be_large_on_the_routes_that_take_files_and_on_no_other():
    document = create(Settings()).openapi()
    forms = {
        (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, route in methods.items()
        if "multipart/form-data" in route.get("requestBody", {}).get("content", {})
    }
    assert forms == TAKES_FILES


@pytest.mark.parametrize("path", ["/v1/uploads", "/v1/voices", "/v1/jobs/voice_clone"])
def test_a_form_may_be_larger_where_files_are_taken(http, path):
    """One byte above what any other body may have: its form is read, and found wanting."""
    content = b" " * (MAX_BODY + 1)
    answer = http.post(
        path, params={"kind": "audio"}, content=content, headers={"Content-Type": FORM}
    )
    assert answer.status_code != 413
    assert fault(answer)[0] < 500


def test_a_file_that_does_not_say_is_413_once_it_is_too_large(http):
    def body() -> Iterator[bytes]:
        yield b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
        for _ in range(LARGEST // 2**20 + 1):
            yield b" " * 2**20

    answer = http.post("/v1/uploads?kind=audio", content=body(), headers={"Content-Type": FORM})
    assert fault(answer) == (413, "body_too_large")


def test_no_more_forms_come_in_at_once_than_there_is_room_for(stack, http):
    """Each that has begun lies on the disk until its sender ends it."""
    address = urlsplit(stack.url)
    begun = [
        http_client.HTTPConnection(address.hostname or "", address.port, timeout=10)
        for _ in range(MOST_FORMS)
    ]
    for connection in begun:
        connection.putrequest("POST", "/v1/uploads?kind=audio")
        connection.putheader("Content-Length", "1000")
        connection.putheader("Content-Type", FORM)
        connection.endheaders(b"--x\r\n")
    answer = wait_until(lambda: send(http), lambda answer: answer.status_code == 503)
    assert fault(answer) == (503, "too_many_files")
    assert int(answer.headers["retry-after"]) >= 1
    assert http.post("/v1/jobs/custom_voice", json={"text": ""}).status_code == 422
    for connection in begun:
        connection.close()
    wait_until(lambda: send(http), lambda answer: answer.status_code == 422)


def send(http: httpx.Client) -> httpx.Response:
    """A form without a file."""
    return http.post("/v1/uploads?kind=audio", content=b"--x--\r\n", headers={"Content-Type": FORM})


def wait_until(
    act: Callable[[], httpx.Response], reached: Callable[[httpx.Response], bool]
) -> httpx.Response:
    until = time.monotonic() + PATIENCE
    while not reached(answer := act()):
        assert time.monotonic() < until, answer.text
        time.sleep(0.01)
    return answer


def said_to(stack: Stack, path: str, kind: str, length: int) -> tuple[int, str]:
    """Status and code for the headers of a request, of whose body nothing is ever sent."""
    address = urlsplit(stack.url)
    connection = http_client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.putrequest("POST", path)
    connection.putheader("Content-Length", str(length))
    connection.putheader("Content-Type", kind)
    connection.endheaders()
    answer = connection.getresponse()
    code = json.loads(answer.read())["error"]["code"]
    connection.close()
    return answer.status, code


def test_a_body_within_the_limit_is_read(http):
    padding = " " * (MAX_BODY - 100)
    answer = http.post(
        "/v1/jobs/custom_voice",
        content=padding + '{"text": ""}',
        headers={"Content-Type": "application/json"},
    )
    assert fault(answer) == (422, "nothing_to_say")


def test_the_service_goes_on_after_a_body_that_is_too_large(http):
    with pytest.raises(httpx.HTTPStatusError):
        http.post("/v1/jobs/custom_voice", content=b" " * (MAX_BODY + 1)).raise_for_status()
    assert http.get("/health").status_code == 200
