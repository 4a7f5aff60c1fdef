"""Lines of outputs without a worker: what is read, refused and told of them."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.deps import Context
from api.sheets import Sheets
from shared.jobs import JobView
from shared.plans.plan import Plan
from shared.plans.table import PLAN, LineTable
from shared.requests.narration import Narration
from shared.requests.script import Script
from shared.settings import load
from shared.states import JobState
from shared.stores import disk, takes
from shared.stores.index import OutputIndex
from shared.stores.outputs import METADATA
from shared.stores.recipe import Recipe
from shared.submission import Submission
from tests.api.jobs import fault
from tests.shared.stores.runs import make, new_id
from tests.shared.stores.test_takes import adopted, finished


@dataclass
class Service:
    """The API without a worker, and an output with three lines."""

    http: TestClient
    here: Context
    output: str

    def lines(self, number: int | str = "") -> str:
        return f"/v1/outputs/{self.output}/lines" + (f"/{number}" if number else "")

    def take(self, number: int, headers: dict[str, str] | None = None, **wanted: Any) -> JobView:
        answer = self.http.post(f"{self.lines(number)}/takes", json=wanted, headers=headers)
        assert answer.status_code in (200, 202), answer.text
        return JobView.model_validate(answer.json())

    def fail(self, number: int) -> None:
        """Make a line one that was not spoken."""
        table = takes.table_of(self.here.outputs, self.output)
        row = table.row(number)
        row.state, row.takes, row.why = "failed", [], "Nothing was heard."
        self.rewrite(table)

    def replan(self, plan: Plan) -> None:
        with self.here.outputs.amend(self.output) as folder:
            disk.write(folder / PLAN, plan.model_dump_json().encode())

    def rewrite(self, table: LineTable) -> None:
        with self.here.outputs.amend(self.output) as folder:
            takes._write(folder, table, [])


def assembled(service: Service) -> None:
    """Come back when the recording is of the takes that are chosen."""
    until = time.monotonic() + 60
    while (page := service.http.get(service.lines()).json())["assembly"]["state"] != "done":
        assert time.monotonic() < until, page["assembly"]
        time.sleep(0.05)


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[Service]:
    settings = load(
        redis_url=redis_url, outputs_dir=tmp_path / "outputs", voices_dir=tmp_path / "voices"
    )
    app = create(settings)
    with TestClient(app, base_url="http://127.0.0.1") as http:
        here: Context = app.state.context
        yield Service(http, here, finished(here.outputs, tmp_path))


# --- sheets ---


def test_lines_are_read_once_until_they_change(service: Service):
    sheets, run = service.here.sheets, service.output
    first = sheets.of(run)
    assert sheets.of(run) is first
    takes.choose(service.here.outputs, run, 2, takes.adopt(*_spoken(service)).number)
    assert [row.chosen for row in sheets.of(run).table.lines] == [1, 2, 1]
    assert not first.stale
    assert sheets.of(run).stale


def _spoken(service: Service) -> tuple[Any, str, int, takes.Spoken]:
    store = service.here.outputs
    line = takes.plan_of(store, service.output).by_number[2]
    return store, service.output, 2, takes.Spoken(make(store), 9, line.text, line.said, line.role)


def test_no_more_is_kept_than_there_is_room_for(service: Service, tmp_path: Path):
    store = service.here.outputs
    (tmp_path / "other").mkdir()
    sheets = Sheets(OutputIndex(store), store, room=1)
    first, other = sheets.of(service.output), finished(store, tmp_path / "other")
    assert sheets.of(service.output) is first
    sheets.of(other)
    assert sheets.of(service.output) is not first


# --- looking ---


def test_a_line_that_is_not_there_is_unknown_by_every_way(service: Service):
    line = service.lines(99)
    for answer in (
        service.http.get(line),
        service.http.patch(line, json={"take": 1}),
        service.http.post(f"{line}/takes", json={}),
    ):
        assert fault(answer) == (404, "unknown_line")


def test_an_output_of_a_task_has_no_lines(service: Service):
    run = make(service.here.outputs)
    assert fault(service.http.get(f"/v1/outputs/{run}/lines")) == (409, "conflict")


def test_a_plan_that_lacks_a_line_of_the_table_is_damaged(service: Service):
    table = takes.table_of(service.here.outputs, service.output)
    table.lines.append(table.lines[0].model_copy(update={"number": 77}))
    service.rewrite(table)
    assert fault(service.http.get(service.lines()))[1] == "record_damaged"


def test_a_take_of_a_line_that_failed_is_not_heard_before_it_is_chosen(service: Service):
    service.fail(2)
    store, run, number, spoken = _spoken(service)
    take = takes.adopt(store, run, number, spoken)
    line = service.http.get(service.lines(2)).json()
    assert (line["state"], line["text"], len(line["takes"])) == ("failed", "The second.", 1)
    page = service.http.patch(service.lines(2), json={"take": take.number}).json()
    assert page["items"][0]["state"] == "spoken"


# --- another take ---


def test_takes_that_are_asked_for_at_once_have_different_seeds(service: Service):
    jobs = [service.take(2) for _ in range(3)]
    known = takes.table_of(service.here.outputs, service.output).row(2).takes[0].seed
    assert len({known, *(job.seed for job in jobs)}) == 4
    page = service.http.get(service.lines()).json()
    assert page["pending"] == {job.id: 2 for job in jobs}


def test_a_take_that_is_asked_for_twice_with_one_key_is_one_job(service: Service):
    key = {"Idempotency-Key": "k"}
    first, second = service.take(2, key), service.take(2, key)
    assert first.id == second.id
    other = service.http.post(f"{service.lines(3)}/takes", json={}, headers=key)
    assert fault(other) == (422, "idempotency_conflict")


def test_a_voice_that_was_designed_and_not_kept_is_said_to_be_so(service: Service):
    plan = takes.plan_of(service.here.outputs, service.output)
    role = plan.lines[1].role.model_copy(update={"voice": None, "description": "A low voice."})
    plan.lines[1] = plan.lines[1].model_copy(update={"role": role})
    service.replan(plan)
    answer = service.http.post(f"{service.lines(2)}/takes", json={})
    assert answer.json()["error"]["hint"] == "Name a `voice` of the library instead."
    assert service.take(2, voice="serena").request["speaker"] == "serena"


def test_a_line_whose_voice_is_gone_is_spoken_by_another(service: Service):
    plan = takes.plan_of(service.here.outputs, service.output)
    role = plan.lines[1].role.model_copy(update={"voice": "gone"})
    plan.lines[1] = plan.lines[1].model_copy(update={"role": role})
    service.replan(plan)
    answer = service.http.post(f"{service.lines(2)}/takes", json={})
    assert fault(answer) == (404, "unknown_voice")
    assert answer.json()["error"]["param"] == "voice"
    assert service.take(2, voice="serena").request["speaker"] == "serena"


def test_what_another_version_made_is_not_spoken_again_but_told_of(service: Service):
    with service.here.outputs.amend(service.output) as folder:
        made = Recipe.model_validate_json((folder / METADATA).read_bytes())
        made = made.model_copy(update={"request": {"old": 1}})
        disk.write(folder / METADATA, made.model_dump_json().encode())
    answer = service.http.post(f"{service.lines(2)}/takes", json={})
    assert fault(answer) == (409, "conflict")


def test_a_job_tells_the_result_as_it_is_after_another_choice(service: Service):
    queue = service.here.queue
    record, _ = queue.submit(Submission(Script.parse(Script.example), "me", "batch", 1.0))
    queue.transition(record, JobState.RUNNING)
    (service.here.settings.outputs_dir / service.output).rename(
        service.here.settings.outputs_dir / record.id
    )
    path = service.here.settings.outputs_dir / record.id / "metadata.json"
    made = Recipe.model_validate_json(path.read_bytes()).model_copy(update={"id": record.id})
    path.write_text(made.model_dump_json())
    queue.transition(record, JobState.SUCCEEDED, result=made.result())
    service.output = record.id
    adopted(service.here.outputs, record.id, 2, 5.0)
    service.http.patch(service.lines(2), json={"take": 2})
    assembled(service)
    told = service.http.get(f"/v1/jobs/{record.id}").json()["result"]
    assert told["duration_seconds"] > made.duration_seconds + 2


def test_a_choice_is_a_number(service: Service):
    for take in (0, True, "1"):
        answer = service.http.patch(service.lines(2), json={"take": take})
        assert fault(answer)[0] == 422


# --- what a pipeline continues ---


def test_what_is_to_be_continued_must_be_there(service: Service):
    body = {**Narration.example, "continues": new_id()}
    answer = service.http.post("/v1/jobs/narration", json=body)
    assert fault(answer) == (404, "unknown_output")
    assert answer.json()["error"]["param"] == "continues"


def test_an_edited_document_continues_the_output_that_has_most_of_its_lines(service: Service):
    made = Recipe.model_validate(service.here.outputs.metadata(service.output)).request
    sent = {name: made[name] for name in ("text", "language", "loudness")}
    sent["text"] += "\n\nBEN: A fourth."
    answer = service.http.post("/v1/jobs/script", json=sent)
    assert answer.json()["request"]["continues"] == service.output
    answer = service.http.post("/v1/jobs/script", json={**sent, "fresh": True})
    assert answer.json()["request"]["continues"] is None
