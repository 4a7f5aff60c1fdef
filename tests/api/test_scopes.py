"""What each route asks of a key: of every route there is."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.routing import Mount, Route
from starlette.testclient import WebSocketDenialResponse

from api.app import create, open_context
from api.scopes import DEMANDS, LISTS, ROUTES, Door, Doors, demanded, doors
from shared.access.key import Key
from shared.access.ring import KeyRing
from shared.access.scopes import SCOPES, Scope
from shared.settings import Settings, load

APP = create(Settings(redis_url="unix:///nonexistent/redis.sock"))
DOORS = list(doors(APP.routes))
CLOSED = [door for door in DOORS if demanded(door.word) != "nothing"]
ADDRESS = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A service without Redis: what is let in meets that, and nothing is done."""
    folder = tmp_path_factory.mktemp("scopes")
    return load(
        redis_url="unix:///nonexistent/redis.sock",
        run_dir=folder / "run",
        outputs_dir=folder / "outputs",
        voices_dir=folder / "voices",
        models_dir=folder / "models",
    )


@pytest.fixture(scope="module")
def secrets(settings: Settings) -> dict[Scope, str]:
    """A key of each single scope."""
    ring = KeyRing(settings.key_ring)
    drawn: dict[Scope, str] = {}
    for scope in SCOPES:
        key, drawn[scope] = Key.draw(scope, [scope])
        ring.add(key)
    return drawn


@pytest.fixture(scope="module")
def http(settings: Settings, secrets: dict[Scope, str]) -> Iterator[TestClient]:
    app = create(settings)
    app.state.context = open_context(settings)
    address = ("127.0.0.1", 1)
    client = TestClient(app, ADDRESS, raise_server_exceptions=False, client=address)
    yield client
    client.close()


def knock(http: TestClient, door: Door, secret: str = "") -> tuple[int, str]:
    """Status and code with which a route refuses; 0 for a WebSocket that was let in."""
    path = re.sub(r"\{[^}]*\}", "x", door.path)
    headers = {"Authorization": f"Bearer {secret}"} if secret else {}
    if door.method == "WS":
        try:
            with http.websocket_connect(f"ws{ADDRESS.removeprefix('http')}{path}", headers=headers):
                return 0, ""
        except WebSocketDenialResponse as refusal:
            return refusal.status_code, refusal.json()["error"]["code"]
    method = "POST" if door.method == "*" else door.method
    answer = http.request(method, path, headers=headers, follow_redirects=False)
    return answer.status_code, answer.text


def test_every_route_has_one_scope_and_nothing_else_has():
    assert {door.word for door in DOORS if door.method != "HEAD"} == set(DEMANDS)
    assert len(DEMANDS) == sum(map(len, ROUTES.values()))


def test_no_path_of_the_document_is_missed():
    paths = APP.openapi()["paths"]
    described = {
        f"{method.upper()} {path}" for path, methods in paths.items() for method in methods
    }
    assert described <= {door.word for door in DOORS}


def test_the_document_says_the_scope_of_each_and_how_to_send_a_key():
    document = APP.openapi()
    assert set(document["components"]["securitySchemes"]) == {"bearer", "header"}
    assert document["paths"]["/v1/status"]["get"]["x-scope"] == "admin"
    assert document["paths"]["/health"]["get"]["security"] == []


def test_what_can_be_had_without_a_key_can_be_had_as_the_list_only():
    assert set(ROUTES["nothing"]) == {"GET /health", "GET /ready"}


@pytest.mark.parametrize("door", CLOSED, ids=lambda door: door.word)
def test_a_route_lets_in_whoever_has_its_scope_and_nobody_else(
    http: TestClient, secrets: dict[Scope, str], door: Door
):
    assert knock(http, door)[0] == 401
    for scope, secret in secrets.items():
        status, said = knock(http, door, secret)
        if scope == demanded(door.word):
            assert status not in (401, 403), said
        else:
            assert status == 403
            assert door.method == "HEAD" or "forbidden_scope" in said


@pytest.mark.parametrize("path", ["/no/such", "/v1/jobs/x/no/such"])
def test_where_there_is_nothing_any_key_is_told_so(
    http: TestClient, secrets: dict[Scope, str], path: str
):
    assert http.get(path).status_code == 401
    for secret in secrets.values():
        answer = http.get(path, headers={"X-API-Key": secret})
        assert answer.status_code == 404


def test_a_refusal_names_the_scope(http: TestClient, secrets: dict[Scope, str]):
    answer = http.get("/v1/status", headers={"xi-api-key": secrets["speak"]})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["type"]) == (
        403,
        "forbidden_scope",
        "permission_error",
    )
    assert "`admin`" in error["message"]


def test_lists_are_public_only_where_they_are_set_to_be(settings: Settings):
    for public in (False, True):
        found = Doors(APP.routes, public)
        for word in LISTS:
            scope = {"type": "http", "method": "GET"}
            assert (found.demand(scope, word.removeprefix("GET ")) == "nothing") is public


async def nothing() -> None: ...


def test_what_nobody_has_thought_of_is_the_administrators_alone():
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    app.add_api_route("/new", nothing)
    app.mount("/below", FastAPI())
    found = Doors(app.routes)
    for kind, path in (("http", "/new"), ("http", "/below/x"), ("websocket", "/below/y")):
        assert found.demand({"type": kind, "method": "GET"}, path) == "admin"


def test_a_path_is_matched_as_the_application_does():
    """The first route that fits, and no later one."""
    one, other = Route("/a/{x}", nothing), Mount("/a", FastAPI())
    for routes, word in (([one, other], "GET /a/{x}"), ([other, one], "* /a")):
        first = next(door for door in doors(routes) if door.leads("GET", "/a/b"))
        assert first.word == word


@pytest.mark.filterwarnings("ignore:The `root_path` parameter")
@pytest.mark.parametrize(("root", "path"), [("/speech", "/speech/v1/status"), ("/v", "/v1/status")])
def test_no_path_of_a_reverse_proxy_leads_around(tmp_path: Path, root: str, path: str):
    settings = load(
        redis_url="unix:///nonexistent/redis.sock",
        run_dir=tmp_path,
        outputs_dir=tmp_path,
        root_path=root,
    )
    key, secret = Key.draw("phone", ["speak"])
    KeyRing(settings.key_ring).add(key)
    app = create(settings)
    app.state.context = open_context(settings)
    client = TestClient(app, ADDRESS, client=("127.0.0.1", 1))
    answer = client.get(path, headers={"X-API-Key": secret})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden_scope")
