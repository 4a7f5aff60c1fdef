"""Jobs that are tried again, and the queue as it is listed: whose turn it is, and how much."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from api.app import create
from shared import keys
from shared.requests.custom_voice import CustomVoice
from shared.requests.design_then_clone import DesignThenClone
from shared.settings import load
from shared.states import JobState
from shared.submission import Submission
from tests.api.jobs import fault
from tests.api.test_pausing import Service

HELLO = CustomVoice.parse({"text": "Hello.", "seed": 7})


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[Service]:
    settings = load(
        redis_url=redis_url, outputs_dir=tmp_path / "outputs", voices_dir=tmp_path / "voices"
    )
    app = create(settings)
    with TestClient(app, base_url="http://127.0.0.1") as http:
        yield Service(http, app.state.context)


# --- try again ---


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_task_that_ended_early_is_spoken_anew_with_its_seed(service: Service, state: JobState):
    first = service.submit(HELLO, keys.INTERACTIVE)
    service.end(first, state)
    link = service.http.get(f"/v1/jobs/{first.id}").json()["links"]["retry"]
    key = {"Idempotency-Key": "once"}
    answers = [service.http.post(link, headers=key) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [202, 200]
    second = answers[0].json()
    assert answers[1].json()["id"] == second["id"] != first.id
    assert (second["seed"], second["request"]) == (7, first.request)
    record = service.here.queue.get(second["id"])
    assert (record.again_of, record.queue) == (first.id, keys.INTERACTIVE)


def test_a_voice_that_was_to_be_made_is_still_wanted(service: Service):
    wanted = {"text": "Hello.", "description": "A warm alto.", "lock_as": "Alto"}
    first = service.submit(DesignThenClone.parse(wanted))
    service.end(first, JobState.FAILED)
    assert service.post(first.id, "retry").json()["request"]["lock_as"] == "Alto"


def test_a_pipeline_takes_over_what_was_spoken(service: Service):
    first = service.narrate(seed=7)
    service.end(first, JobState.FAILED)
    second = service.post(first.id, "retry").json()
    assert second["request"] == {**first.request, "continues": first.id, "fresh": False}


def test_what_never_began_goes_on_from_where_it_was_to_go_on(service: Service):
    first, others = service.narrate(seed=7), "01890000-0000-7000-8000-000000000000"
    waits = service.narrate(seed=7, continues=others)
    for job, lines_of in ((first, None), (waits, others)):
        service.http.delete(f"/v1/jobs/{job.id}")
        for step in ("retry", "resume"):
            assert service.post(job.id, step).json()["request"]["continues"] == lines_of


def test_a_take_of_a_line_is_tried_again_for_that_line(service: Service):
    line = "01890000-0000-7000-8000-000000000000/3"
    wanted = Submission(HELLO, "me", keys.INTERACTIVE, estimate=1, line=line, speed=0.8)
    first, _ = service.here.queue.submit(wanted)
    service.end(first, JobState.FAILED)
    second = service.here.queue.get(service.post(first.id, "retry").json()["id"])
    assert (second.line, second.speed) == (line, 0.8)


def test_only_what_ended_early_is_tried_again(service: Service):
    waits, done = service.submit(HELLO), service.submit(HELLO)
    service.end(done, JobState.SUCCEEDED)
    assert fault(service.post(waits.id, "retry")) == (409, "conflict")
    assert fault(service.post(done.id, "retry")) == (409, "already_ended")
    assert fault(service.post("no-such-job", "retry")) == (404, "unknown_job")
    for job in (waits, done):
        assert "retry" not in service.http.get(f"/v1/jobs/{job.id}").json()["links"]


def test_what_was_not_kept_offers_no_other_try(redis_url: str, tmp_path: Path):
    app = create(load(redis_url=redis_url, outputs_dir=tmp_path, store_text=False))
    with TestClient(app, base_url="http://127.0.0.1") as http:
        service = Service(http, app.state.context)
        job = service.submit(HELLO)
        service.end(job, JobState.CANCELLED)
        assert "retry" not in http.get(f"/v1/jobs/{job.id}").json()["links"]
        assert fault(service.post(job.id, "retry")) == (409, "conflict")


# --- the queue as it is listed ---


def test_what_has_not_ended_is_listed_in_the_order_of_its_turns(service: Service):
    paused, runs, next_, last, ended = (service.narrate(), *(service.submit(HELLO) for _ in "1234"))
    service.post(paused.id, "pause")
    service.here.queue.transition(runs, JobState.RUNNING)
    service.end(ended, JobState.FAILED)
    first = service.http.get("/v1/jobs", params={"active": True, "limit": 3}).json()
    assert [job["id"] for job in first["items"]] == [runs.id, next_.id, last.id]
    rest = {"active": True, "limit": 3, "before": first["next"]}
    second = service.http.get("/v1/jobs", params=rest).json()
    assert ([job["id"] for job in second["items"]], second["next"]) == ([paused.id], None)
    backlog = first["backlog"]
    assert (backlog["running"], backlog["waiting"], backlog["paused"]) == (1, 2, 1)
    assert backlog["seconds"] > 0
    others = service.http.get("/v1/jobs", params={"active": False}).json()["items"]
    assert [job["id"] for job in others] == [ended.id]
