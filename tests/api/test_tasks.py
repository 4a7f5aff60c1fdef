import json
from typing import Any

from shared.languages import CODES
from shared.requests import CONTRACTS
from shared.settings import ROOT
from shared.speakers import SPEAKERS
from tests.api.jobs import ended, fault


def test_every_contract_is_listed_with_its_schema(http):
    listed = {task["name"]: task for task in http.get("/v1/tasks").json()}
    assert listed.keys() == CONTRACTS.keys()
    for name, declared in CONTRACTS.items():
        assert listed[name]["json_schema"] == declared.model_json_schema()
        assert listed[name]["kind"] == declared.kind


def test_a_listed_example_can_be_sent_as_it_stands(http):
    for task in http.get("/v1/tasks").json():
        answer = http.post(task["submit"], **_body(task["name"]))
        assert answer.status_code == 202, answer.text
        assert ended(http, answer.json()["id"])["state"] == "succeeded"


def _body(task: str) -> dict[str, Any]:
    """The example of a task as httpx sends it, with the files that go with it."""
    declared = CONTRACTS[task]
    if not declared.example_files:
        return {"json": declared.example}
    files = {name: (ROOT / path).read_bytes() for name, path in declared.example_files.items()}
    return {"data": {"request": json.dumps(declared.example)}, "files": files}


def test_one_task_is_shown_as_it_is_listed(http):
    assert http.get("/v1/tasks/custom_voice").json() in http.get("/v1/tasks").json()


def test_an_unknown_task_is_404(http):
    assert fault(http.get("/v1/tasks/sing")) == (404, "unknown_task")


def test_every_speaker_that_is_listed_can_be_asked_for(http):
    listed = http.get("/v1/speakers").json()
    assert {speaker["id"] for speaker in listed} == SPEAKERS.keys()
    for speaker in listed:
        body = {"text": "Hello.", "language": "en", "speaker": speaker["name"]}
        assert http.post("/v1/jobs/custom_voice", json=body).status_code == 202


def test_every_language_that_is_listed_can_be_asked_for(http):
    listed = http.get("/v1/languages").json()
    assert {language["id"] for language in listed} == {"auto", *CODES}
    for language in listed:
        for written in language.values():
            body = {"text": "Hello.", "language": written}
            assert http.post("/v1/jobs/custom_voice", json=body).status_code == 202
