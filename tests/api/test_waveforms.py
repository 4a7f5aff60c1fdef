from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import outputs, waveforms
from api.app import open_context
from api.errors import install
from shared.settings import Settings
from shared.stores.folder import FolderOutputs
from tests.shared.stores.runs import make

UNKNOWN = "01890000-0000-7000-8000-000000000000"
NOWHERE = "unix:///nonexistent/redis.sock"
"""These routes need no Redis."""


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    return FolderOutputs(tmp_path)


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    app = FastAPI()
    install(app)
    for module in (outputs, waveforms):
        app.include_router(module.router)
    app.state.context = open_context(Settings(outputs_dir=tmp_path, redis_url=NOWHERE))
    return TestClient(app)


def test_a_waveform_has_the_length_and_the_peaks_of_the_recording(
    client: TestClient, store: FolderOutputs
):
    run = make(store, seconds=0.5)
    told = client.get(f"/v1/outputs/{run}/waveform", params={"points": 50}).json()
    assert told["seconds"] == 0.5
    assert told["points"] == pytest.approx([0.3] * 50, abs=0.01)


def test_who_has_it_already_is_told_so(client: TestClient, store: FolderOutputs):
    run = make(store)
    first = client.get(f"/v1/outputs/{run}/waveform")
    assert "immutable" in first.headers["cache-control"]
    known = {"If-None-Match": first.headers["etag"]}
    assert client.get(f"/v1/outputs/{run}/waveform", headers=known).status_code == 304
    other = client.get(f"/v1/outputs/{run}/waveform", params={"points": 20}, headers=known)
    assert len(other.json()["points"]) == 20


def test_a_recording_that_can_be_assembled_anew_is_asked_for_again(
    client: TestClient, store: FolderOutputs
):
    run = make(store, task="narration")
    assert "no-cache" in client.get(f"/v1/outputs/{run}/waveform").headers["cache-control"]


@pytest.mark.parametrize("points", [15, 4_001, "many"])
def test_the_number_of_points_has_limits(client: TestClient, store: FolderOutputs, points: object):
    answer = client.get(f"/v1/outputs/{make(store)}/waveform", params={"points": str(points)})
    assert (answer.status_code, answer.json()["error"]["param"]) == (422, "points")


def test_what_was_thrown_away_has_no_waveform(client: TestClient, store: FolderOutputs):
    run = make(store)
    assert client.get(f"/v1/outputs/{run}/waveform").is_success
    client.delete(f"/v1/outputs/{run}")
    for id in (run, UNKNOWN, "..%2f"):
        answer = client.get(f"/v1/outputs/{id}/waveform")
        assert answer.status_code == 404, id


def test_an_output_without_sound_says_so(client: TestClient, store: FolderOutputs):
    run = make(store, files={})
    answer = client.get(f"/v1/outputs/{run}/waveform")
    assert answer.json()["error"]["code"] == "no_audio"


def test_what_cannot_be_read_is_said_to_be_damaged(
    client: TestClient, store: FolderOutputs, tmp_path: Path
):
    run = make(store)
    (sound,) = tmp_path.rglob("audio.wav")
    sound.write_bytes(b"RIFF" + bytes(60))
    answer = client.get(f"/v1/outputs/{run}/waveform")
    assert answer.json()["error"]["code"] == "record_damaged"
