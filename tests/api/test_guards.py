import http.client as http_client
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from api.app import create
from api.guards import FORM_FRAME, MAX_BODY, MOST_FORMS, TAKES_FILES
from shared.binding import check_bind
from shared.errors import ConfigurationError
from shared.settings import ROOT, Settings
from tests.api.jobs import PATIENCE, TEXT, fault
from tests.stack import Stack, clean_environment

KEYED = ["/v1/jobs", "/v1/tasks", "/v1/status", "/v1/outputs", "/openapi.json", "/docs", "/no/such"]
OPEN = ["/health", "/ready"]
FORM = "multipart/form-data; boundary=x"
LARGEST = (Settings().max_upload_mb << 20) + FORM_FRAME
"""Bytes of a form with files."""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A service with two keys."""
    with Stack(tmp_path_factory.mktemp("guarded"), API_KEYS="first-key,second-key") as running:
        yield running


def socket_url(stack: Stack, tail: str = "") -> str:
    return f"ws{stack.url.removeprefix('http')}/v1/stream{tail}"


def refused(url: str, **headers: str) -> tuple[int, str]:
    """Status and code with which a WebSocket is refused."""
    with pytest.raises(InvalidStatus) as error, connect(url, additional_headers=headers):
        pass
    answer = error.value.response
    return answer.status_code, json.loads(answer.body)["error"]["code"]


# --- host names and origins ---


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8000", "", "127.0.0.1.evil.example"]
)
def test_another_host_name_is_refused(http, host):
    assert fault(http.get("/v1/tasks", headers={"Host": host})) == (403, "forbidden_host")


@pytest.mark.parametrize("host", ["localhost", "localhost:1", "127.0.0.1:8000", "[::1]:8000"])
def test_the_names_of_this_machine_are_taken(http, host):
    assert http.get("/v1/tasks", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "null", "http://localhost.evil.example"]
)
def test_pages_of_other_sites_are_refused(http, origin):
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers={"Origin": origin})
    assert fault(answer) == (403, "forbidden_host")


def test_pages_of_this_machine_are_let_in(http):
    answer = http.get("/v1/tasks", headers={"Origin": "http://localhost:7860"})
    assert answer.status_code == 200


def test_no_other_origin_is_ever_allowed_to_read(http):
    answer = http.get("/v1/tasks", headers={"Origin": "http://localhost:7860"})
    assert "access-control-allow-origin" not in answer.headers


def test_a_socket_from_another_site_is_refused(stack):
    url = socket_url(stack)
    assert refused(url, Origin="https://evil.example") == (403, "forbidden_host")


def test_further_host_names_can_be_allowed(make_stack):
    http = make_stack(ALLOWED_HOSTS="localhost,127.0.0.1,tts.example.org").http()
    assert http.get("/v1/tasks", headers={"Host": "TTS.example.org"}).status_code == 200
    assert http.get("/v1/tasks", headers={"Host": "other.example.org"}).status_code == 403


# --- keys ---


@pytest.mark.parametrize("path", KEYED)
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer"},
        {"Authorization": "Basic first-key"},
        {"Authorization": "first-key"},
        {"X-API-Key": "wrong"},
        {"Authorization": b"Bearer \xff\xfe"},
    ],
    ids=str,
)
def test_without_a_right_key_nothing_is_told(guarded, path, headers):
    answer = guarded.http().get(path, headers=headers)
    assert fault(answer) == (401, "unauthorized")
    assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer first-key"},
        {"Authorization": "bearer second-key"},
        {"X-API-Key": "second-key"},
    ],
    ids=str,
)
def test_either_key_opens(guarded, headers):
    assert guarded.http().get("/v1/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("path", OPEN)
def test_probes_need_no_key(guarded, path):
    assert guarded.http().get(path).status_code == 200


def test_a_key_in_the_address_opens_no_http_route(guarded):
    assert fault(guarded.http().get("/v1/tasks?api_key=first-key"))[0] == 401


def test_a_socket_without_a_key_is_refused(guarded):
    assert refused(socket_url(guarded)) == (401, "unauthorized")


def test_a_socket_with_a_wrong_key_is_refused(guarded):
    assert refused(socket_url(guarded, "?api_key=wrong")) == (401, "unauthorized")


@pytest.mark.parametrize("how", ["bearer", "x-api-key", "query"])
def test_a_socket_takes_its_key_in_three_ways(guarded, how):
    query = "?api_key=first-key" if how == "query" else ""
    headers = {
        "bearer": {"Authorization": "Bearer first-key"},
        "x-api-key": {"X-API-Key": "first-key"},
    }.get(how, {})
    with connect(socket_url(guarded, query), additional_headers=headers) as socket:
        socket.send(json.dumps({"request": {"text": TEXT}}))
        assert json.loads(socket.recv())["type"] == "progress"


def test_keys_are_not_logged(guarded):
    guarded.http().get("/v1/tasks", headers={"Authorization": "Bearer first-key"})
    refused(socket_url(guarded, "?api_key=wrong-key"))
    with connect(socket_url(guarded, "?api_key=second-key")):
        pass
    for key in ("first-key", "second-key", "wrong-key"):
        assert key not in guarded.log("api-0")


def test_a_key_in_the_address_leaves_the_rest_of_it(guarded):
    url = f"ws{guarded.url.removeprefix('http')}/v1/jobs/nobody/stream?after=x&api_key=first-key"
    assert refused(url) == (422, "invalid_request")


# --- where to listen ---


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_loopback_needs_no_key(host):
    check_bind(Settings(host=host), "host")


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "tts.example.org"])
def test_any_other_address_needs_a_key(host):
    with pytest.raises(ConfigurationError, match="no API keys") as raised:
        check_bind(Settings(host=host), "host")
    assert "--insecure" in (raised.value.next_step or "")
    check_bind(Settings.model_validate({"host": host, "api_keys": ["key"]}), "host")
    check_bind(Settings(host=host, insecure_bind=True), "host")


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
