import hashlib
import io
import os
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import outputs
from api.app import open_context
from api.errors import install
from shared import keys
from shared.requests.custom_voice import CustomVoice
from shared.requests.narration import Narration
from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA
from shared.submission import Submission
from tests.shared.stores.runs import MADE, make, new_id, wav

UNKNOWN = "01890000-0000-7000-8000-000000000000"
"""An id that no job has."""


NOWHERE = "unix:///nonexistent/redis.sock"
"""These routes need no Redis, but for those that look at the jobs."""
RULES = ("outputs_keep_days", "outputs_max_bytes", "trash_keep_days")


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


def app_at(settings: Settings) -> FastAPI:
    app = FastAPI()
    install(app)
    app.include_router(outputs.router)
    app.state.context = open_context(settings)
    return app


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return TestClient(app_at(Settings(outputs_dir=tmp_path, redis_url=NOWHERE)))


@pytest.fixture
def reading(tmp_path: Path, redis_url: str) -> Iterator[TestClient]:
    """One that can look at the jobs."""
    app = app_at(Settings(outputs_dir=tmp_path, redis_url=redis_url))
    yield TestClient(app)
    app.state.context.redis.close()


def ids(client: TestClient, query: str = "") -> list[str]:
    answer = client.get(f"/v1/outputs{query}")
    assert answer.status_code == 200, answer.text
    return [item["id"] for item in answer.json()["items"]]


def code(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


# --- find ---


def test_nothing_made_is_an_empty_page(client: TestClient):
    page = client.get("/v1/outputs").json()
    assert page == {"items": [], "total": 0, "duration_seconds": 0, "next_cursor": None}


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
    assert [round(page["duration_seconds"], 3) for page in (first, third)] == [0.5, 0.5]
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


def test_facets_tell_what_there_is_to_filter_by(client: TestClient, store: FolderOutputs):
    for tags in (["sea"], ["Sea", "npc"], ["sea"]):
        client.patch(f"/v1/outputs/{make(store)}", json={"tags": tags})
    make(store, task="narration", request={"speaker": "serena"})
    store.trash(make(store, task="codec_decode"))
    assert client.get("/v1/outputs/facets").json() == {
        "tasks": [{"value": "custom_voice", "outputs": 3}, {"value": "narration", "outputs": 1}],
        "voices": [{"value": "ryan", "outputs": 3}, {"value": "serena", "outputs": 1}],
        "tags": [{"value": "sea", "outputs": 3}, {"value": "npc", "outputs": 1}],
        "engines": [{"value": "preview", "outputs": 4}],
    }


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


def test_disk_use_is_told_with_the_rules(client: TestClient, store: FolderOutputs):
    make(store)
    store.trash(make(store))
    usage = client.get("/v1/outputs/usage").json()
    assert (usage["outputs"], usage["trash"]) == (1, 1)
    assert min(usage["bytes"], usage["trash_bytes"], usage["free_bytes"]) > 0
    assert [usage[rule] for rule in RULES] == [0, 0, 7]


def test_the_trash_tells_what_lies_in_it_and_gives_it_back(
    client: TestClient, store: FolderOutputs, tmp_path: Path
):
    first, second, damaged = make(store, text="One."), make(store), make(store)
    for run in (first, second, damaged):
        store.trash(run)
    os.utime(tmp_path / ".trash" / first, (1, 1))
    (tmp_path / ".trash" / damaged / METADATA).write_text("{")
    found = client.get("/v1/outputs/trash").json()
    assert [item["id"] for item in found["items"]] == [second, first]
    assert (found["total"], found["items"][1]["text"]) == (3, "One.")
    assert found["items"][1]["deleted_at"] == "1970-01-01T00:00:01Z"
    gone = new_id()
    done = client.post("/v1/outputs/restore", json={"ids": [first, second, gone]}).json()
    assert done == {"outputs": 2, "missing": [gone]}
    assert set(ids(client)) == {first, second}
    wrong = client.post("/v1/outputs/restore", json={"ids": ["../x"]})
    assert code(wrong) == (404, "unknown_output")


def test_the_trash_is_emptied_for_good_with_all_that_is_in_it(
    client: TestClient, store: FolderOutputs
):
    kept, starred, plain = (make(store) for _ in range(3))
    client.patch(f"/v1/outputs/{starred}", json={"starred": True})
    store.trash(starred)
    store.trash(plain)
    emptied = client.delete("/v1/outputs/trash").json()
    assert emptied["outputs"] == 2
    assert emptied["bytes"] > 0
    assert ids(client) == [kept]
    assert code(client.post(f"/v1/outputs/{plain}/restore")) == (404, "unknown_output")


# --- clean up ---


def clean(client: TestClient, **rule: object) -> dict[str, Any]:
    answer = client.post("/v1/outputs/clean", json=rule)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_clean_up_tells_what_would_go_and_then_lets_it_go(
    reading: TestClient, store: FolderOutputs
):
    old, star, new = make(store), make(store), make(store, finished_at=time.time())
    reading.patch(f"/v1/outputs/{star}", json={"starred": True})
    told = clean(reading, older_than_days=30)
    assert (told["ids"], told["outputs"]) == ([old], 1)
    assert told["bytes"] > 0
    assert set(ids(reading)) == {old, star, new}
    assert clean(reading, older_than_days=30, preview=False) == told
    assert set(ids(reading)) == {star, new}
    reading.post("/v1/outputs/restore", json={"ids": told["ids"]})
    assert set(ids(reading)) == {old, star, new}
    assert clean(reading, older_than_days=30)["outputs"] == 0


def test_a_clean_up_can_be_narrowed(reading: TestClient, store: FolderOutputs):
    long, other = make(store, seconds=2), make(store, task="narration")
    assert clean(reading, older_than_days=1, larger_than_bytes=50_000)["ids"] == [long]
    assert clean(reading, older_than_days=1, task="narration")["ids"] == [other]
    reading.patch(f"/v1/outputs/{long}", json={"starred": True})
    assert len(clean(reading, older_than_days=1, keep_starred=False)["ids"]) == 2


def test_what_a_waiting_job_goes_on_from_or_makes_a_take_of_is_left_alone(
    reading: TestClient, store: FolderOutputs
):
    continued, retaken, free = (make(store) for _ in range(3))
    assert isinstance(reading.app, FastAPI)
    queue = reading.app.state.context.queue
    narration = Narration.parse({"text": "One.", "continues": continued})
    take = CustomVoice.parse({"text": "One."})
    queue.submit(Submission(narration, client="me", queue=keys.BATCH, estimate=1))
    queue.submit(Submission(take, client="me", queue=keys.BATCH, estimate=1, line=f"{retaken}/1"))
    told = clean(reading, older_than_days=1)
    assert (told["ids"], told["left_alone"]) == ([free], 2)


@pytest.mark.parametrize(
    "rule", [{}, {"older_than_days": -1}, {"older_than_days": 1, "colour": "red"}]
)
def test_a_wrong_clean_up_moves_nothing(
    client: TestClient, store: FolderOutputs, rule: dict[str, object]
):
    run = make(store)
    assert client.post("/v1/outputs/clean", json={**rule, "preview": False}).status_code == 422
    assert ids(client) == [run]


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


def test_several_outputs_come_as_one_archive(client: TestClient, store: FolderOutputs):
    runs = [make(store), make(store)]
    answer = client.get("/v1/outputs.zip", params={"id": [*runs, runs[0]]})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert packed.testzip() is None
        names = packed.namelist()
    assert sorted(names) == sorted(f"{run}/{name}" for run in runs for name in store.files(run))
    unknown = client.get("/v1/outputs.zip", params={"id": [runs[0], new_id()]})
    assert code(unknown) == (404, "unknown_output")
    many = client.get("/v1/outputs.zip", params={"id": [new_id() for _ in range(101)]})
    assert many.status_code == 422


# --- the contract ---


def test_every_route_declares_what_it_answers(client: TestClient):
    paths = client.get("/openapi.json").json()["paths"]
    assert set(paths) == {
        "/v1/outputs",
        "/v1/outputs.zip",
        "/v1/outputs/usage",
        "/v1/outputs/facets",
        "/v1/outputs/clean",
        "/v1/outputs/restore",
        "/v1/outputs/trash",
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
