"""Settings under a name."""

import json
from uuid import uuid4

import httpx
import pytest

from tests.api.jobs import TEXT, fault, said

JSON = {"Content-Type": "application/json"}


@pytest.fixture
def name() -> str:
    return f"Story {uuid4().hex}"


def save(http: httpx.Client, name: str, task: str = "custom_voice", **request: object):
    return http.post("/v1/presets", json={"name": name, "task": task, "request": request})


def test_a_preset_is_saved_listed_used_and_deleted(http, name):
    answer = save(http, name, speaker="serena", seed=7)
    assert answer.status_code == 201, answer.text
    preset = answer.json()
    assert preset in http.get("/v1/presets").json()["items"]
    assert http.get(f"/v1/presets/{name}").json() == preset
    job = said(http, preset=name, temperature=0.5)
    assert (job["seed"], job["request"]["speaker"]) == (7, "serena")
    assert http.delete(f"/v1/presets/{name}").status_code == 204
    assert fault(http.get(f"/v1/presets/{name}")) == (404, "unknown_preset")


def test_a_job_outlives_its_preset(http, name):
    save(http, name, seed=7)
    job = said(http, preset=name)
    http.delete(f"/v1/presets/{name}")
    assert http.post(f"{job['links']['self']}/again").json()["seed"] == 7


def test_a_taken_name_is_refused_and_can_be_replaced(http, name):
    save(http, name, seed=1)
    assert fault(save(http, name.upper(), seed=2)) == (409, "conflict")
    answer = http.put(f"/v1/presets/{name}", json={"task": "custom_voice", "request": {"seed": 3}})
    assert answer.status_code == 200
    assert http.get(f"/v1/presets/{name}").json()["request"] == {"seed": 3}


def test_a_preset_is_made_by_putting_it(http, name):
    http.put(f"/v1/presets/{name}", json={"task": "custom_voice", "request": {"seed": 3}})
    assert http.get(f"/v1/presets/{name}").json()["name"] == name


@pytest.mark.parametrize(
    ("body", "status", "param"),
    [
        ({"name": "../x", "task": "custom_voice", "request": {}}, 422, "name"),
        ({"name": "x", "task": "sing", "request": {}}, 404, None),
        ({"name": "x", "task": "custom_voice", "request": {"speaker": "nobody"}}, 422, "speaker"),
        ({"name": "x", "task": "custom_voice", "request": {"voice": "x"}}, 422, "voice"),
        ({"name": "x", "task": "custom_voice", "request": {"instruct": "\ud800"}}, 422, "instruct"),
        ({"name": "x", "task": "custom_voice"}, 422, "request"),
        ({"name": "x", "task": "custom_voice", "request": {}, "y": 1}, 422, "y"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_preset_that_cannot_work_is_refused(http, body, status, param):
    answer = http.post("/v1/presets", content=json.dumps(body), headers=JSON)
    assert fault(answer)[0] == status
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("name", ["nobody", "..%2fx", "%00", "a" * 5_000])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_preset_is_refused(http, method, name):
    assert fault(http.request(method, f"/v1/presets/{name}"))[0] in (404, 422)


def test_a_request_that_names_no_preset_there_is_is_404(http):
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT, "preset": "nobody"})
    assert fault(answer) == (404, "unknown_preset")
    assert answer.json()["error"]["param"] == "preset"
