import hashlib
import io
import zipfile
from pathlib import Path

import pytest
import soundfile
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import outputs
from api.app import open_context
from api.errors import install
from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA
from tests.shared.stores.runs import MADE, make, new_id, wav

UNKNOWN = "01890000-0000-7000-8000-000000000000"
"""An id that no job has."""


NOWHERE = "unix:///nonexistent/redis.sock"
"""These routes need no Redis."""


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    app = FastAPI()
    install(app)
    app.include_router(outputs.router)
    app.state.context = open_context(Settings(outputs_dir=tmp_path, redis_url=NOWHERE))
    return TestClient(app)


def ids(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/v1/outputs{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# --- find ---


def test_nothing_made_is_an_empty_page(client: TestClient):
    assert client.get("/v1/outputs").json() == {"items": [], "total": 0, "next_cursor": None}


def test_an_output_is_listed_with_what_clients_need(client: TestClient, store: FolderOutputs):
    run = make(store, seconds=0.5)
    (item,) = client.get("/v1/outputs").json()["items"]
    assert item["id"] == run
    assert item["text"] == "The lamp turned."
    assert item["voice"] == "ryan"
    assert item["preview"] is True
    assert item["duration_seconds"] == 0.5
    assert item["request"]["seed"] == 7
    assert item["created_at"].endswith("Z")
    for link in ("self", "audio", "zip"):
        assert client.get(item["links"][link]).status_code == 200


def test_a_listed_output_and_a_single_one_are_the_same(client: TestClient, store: FolderOutputs):
    run = make(store)
    assert client.get("/v1/outputs").json()["items"] == [client.get(f"/v1/outputs/{run}").json()]


def test_filters_come_as_query_parameters(client: TestClient, store: FolderOutputs):
    old = make(store, text="harbour at night")
    new = make(store, text="harbour at dawn", created_at=MADE + 86_400, task="narration")
    client.patch(f"/v1/outputs/{old}", json={"starred": True, "tags": ["npc", "sea"]})
    assert ids(client, "?q=HARBOUR") == [new, old]
    assert ids(client, "?q=harbour+dawn") == [new]
    assert ids(client, "?task=narration") == [new]
    assert ids(client, "?starred=true") == [old]
    assert ids(client, "?starred=false") == [new]
    assert ids(client, "?tag=npc&tag=sea") == [old]
    assert ids(client, "?voice=ryan&engine=preview&sort=created_at") == [old, new]
    assert ids(client, "?since=2025-10-09T12:00:00Z") == [new]
    assert ids(client, "?until=2025-10-09T12:00:00Z") == [old]


def test_pages_follow_each_other(client: TestClient, store: FolderOutputs):
    made = [make(store, created_at=MADE + at) for at in range(5)]
    first = client.get("/v1/outputs?limit=2").json()
    second = client.get(f"/v1/outputs?limit=2&cursor={first['next_cursor']}").json()
    third = client.get(f"/v1/outputs?limit=2&cursor={second['next_cursor']}").json()
    listed = [item["id"] for page in (first, second, third) for item in page["items"]]
    assert listed == made[::-1]
    assert [page["total"] for page in (first, second, third)] == [5, 5, 5]
    assert third["next_cursor"] is None


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("limit=501", "limit"),
        ("limit=x", "limit"),
        ("starred=perhaps", "starred"),
        ("since=yesterday", "since"),
        ("sort=beauty", "sort"),
        ("cursor=nonsense", "cursor"),
        ("colour=red", "colour"),
        ("q=" + "x" * 501, "q"),
    ],
)
def test_a_wrong_filter_is_named(client: TestClient, query: str, param: str):
    answer = client.get(f"/v1/outputs?{query}")
    assert answer.status_code == 422
    assert answer.json()["error"]["param"] == param


def test_an_unknown_filter_is_an_unknown_field(client: TestClient):
    assert code(client.get("/v1/outputs?colour=red")) == (422, "unknown_field")


def test_a_damaged_output_does_not_break_the_list(
    client: TestClient, store: FolderOutputs, tmp_path: Path
):
    good, bad = make(store), make(store)
    (tmp_path / bad / METADATA).write_text('{"id": "tr')
    assert ids(client) == [good]
    assert code(client.get(f"/v1/outputs/{bad}")) == (500, "record_damaged")


@pytest.mark.parametrize("name", [UNKNOWN, "x", "..%2Fx", "%00", "x" * 3_000, "usage.zip", "é"])
@pytest.mark.parametrize("path", ["{}", "{}.zip", "{}/files/audio.wav"])
def test_an_unknown_output_is_not_found(client: TestClient, name: str, path: str):
    assert client.get(f"/v1/outputs/{path.format(name)}").status_code == 404


# --- mark ---


def test_a_mark_stays_and_what_was_left_out_too(client: TestClient, store: FolderOutputs):
    path = f"/v1/outputs/{make(store)}"
    assert client.patch(path, json={"starred": True, "title": " Two\nlines "}).json()["starred"]
    client.patch(path, json={"tags": [" sea ", "Sea", "npc"]})
    shown = client.get(path).json()
    assert (shown["starred"], shown["title"], shown["tags"]) == (True, "Two lines", ["sea", "npc"])


def test_tags_can_be_taken_off(client: TestClient, store: FolderOutputs):
    path = f"/v1/outputs/{make(store)}"
    client.patch(path, json={"tags": ["sea"]})
    assert client.patch(path, json={"tags": []}).json()["tags"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"colour": "red"},
        {"restored_at": 1},
        {"starred": None},
        {"starred": "perhaps"},
        {"tags": "sea"},
        {"tags": ["x" * 41]},
        {"tags": [" "]},
        {"tags": [str(number) for number in range(33)]},
        {"title": "x" * 201},
        [],
    ],
)
def test_a_wrong_mark_is_refused_and_changes_nothing(
    client: TestClient, store: FolderOutputs, body: object
):
    path = f"/v1/outputs/{make(store)}"
    before = client.get(path).json()
    assert client.patch(path, json=body).status_code == 422
    assert client.get(path).json() == before


def test_an_unknown_mark_is_an_unknown_field(client: TestClient, store: FolderOutputs):
    answer = client.patch(f"/v1/outputs/{make(store)}", json={"colour": "red"})
    assert code(answer) == (422, "unknown_field")
    assert answer.json()["error"]["param"] == "colour"


def test_an_unknown_output_cannot_be_marked(client: TestClient):
    answer = client.patch(f"/v1/outputs/{new_id()}", json={"starred": True})
    assert code(answer) == (404, "unknown_output")


# --- throw away and restore ---


def test_a_deleted_output_can_be_restored(client: TestClient, store: FolderOutputs):
    path = f"/v1/outputs/{make(store)}"
    before = client.get(path).json()
    gone = client.delete(path)
    assert (gone.status_code, gone.content) == (204, b"")
    assert ids(client) == []
    assert code(client.get(path)) == (404, "unknown_output")
    assert client.post(f"{path}/restore").json()["text"] == before["text"]
    assert client.get(f"{path}/files/audio.wav").status_code == 200


def test_what_is_deleted_twice_is_unknown(client: TestClient, store: FolderOutputs):
    path = f"/v1/outputs/{make(store)}"
    client.delete(path)
    assert code(client.delete(path)) == (404, "unknown_output")


def test_only_what_was_deleted_can_be_restored(client: TestClient, store: FolderOutputs):
    assert code(client.post(f"/v1/outputs/{make(store)}/restore")) == (409, "conflict")
    assert code(client.post(f"/v1/outputs/{new_id()}/restore")) == (404, "unknown_output")


def test_disk_use_is_told(client: TestClient, store: FolderOutputs):
    make(store)
    store.trash(make(store))
    usage = client.get("/v1/outputs/usage").json()
    assert (usage["outputs"], usage["trash"]) == (1, 1)
    assert min(usage["bytes"], usage["trash_bytes"], usage["free_bytes"]) > 0


# --- download ---


def test_a_file_comes_whole_and_in_part(client: TestClient, store: FolderOutputs):
    run, sound = make(store), wav()
    path = f"/v1/outputs/{run}/files/audio.wav"
    whole = client.get(path)
    assert whole.content == sound
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["etag"] == f'"{hashlib.sha256(sound).hexdigest()}"'
    assert whole.headers["content-disposition"] == f'inline; filename="{run}-audio.wav"'
    part = client.get(path, headers={"Range": "bytes=44-99"})
    assert (part.status_code, part.content) == (206, sound[44:100])
    assert client.head(path).headers["content-length"] == str(len(sound))


@pytest.mark.parametrize("name", ["other.wav", "..%2F..%2Fx.wav", "%2Fetc%2Fpasswd", "a%00.wav"])
def test_a_file_that_is_not_there_is_not_found(client: TestClient, store: FolderOutputs, name: str):
    assert client.get(f"/v1/outputs/{make(store)}/files/{name}").status_code == 404


def test_the_archive_holds_every_file_as_it_is(client: TestClient, store: FolderOutputs):
    run = make(store, seconds=20)
    store.label(run, store.labels(run))
    answer = client.get(f"/v1/outputs/{run}.zip")
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"] == f'attachment; filename="{run}.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        held = {item.filename: packed.read(item) for item in packed.infolist()}
        methods = {item.filename: item.compress_type for item in packed.infolist()}
    assert held == {
        f"{run}/{name}": store.read(run, name, 0, size) for name, size in store.files(run).items()
    }
    assert methods[f"{run}/audio.wav"] == zipfile.ZIP_STORED
    sound, _ = soundfile.read(io.BytesIO(held[f"{run}/audio.wav"]))
    assert len(sound) == 20 * 24_000


# --- the contract ---


def test_every_route_declares_what_it_answers(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/v1/outputs",
        "/v1/outputs/usage",
        "/v1/outputs/{id}",
        "/v1/outputs/{id}.zip",
        "/v1/outputs/{id}/restore",
        "/v1/outputs/{id}/files/{name}",
    }
    for operations in paths.values():
        for operation in operations.values():
            success = [status for status in operation["responses"] if status.startswith("2")]
            assert success
            assert all("content" in operation["responses"][s] for s in success if s != "204")


def test_a_broken_folder_is_503_with_what_to_do(tmp_path: Path):
    (tmp_path / "file").write_text("not a folder")
    app = FastAPI()
    install(app)
    app.include_router(outputs.router)
    settings = Settings(outputs_dir=tmp_path / "file", redis_url=NOWHERE)
    app.state.context = open_context(settings)
    answer = TestClient(app).get("/v1/outputs")
    assert code(answer) == (503, "store_unavailable")
    assert "writable" in answer.json()["error"]["hint"]
