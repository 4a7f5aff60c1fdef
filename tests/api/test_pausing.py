"""Pipelines rest, give way and go on, as clients and listeners see it."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api import relay
from api.app import create
from api.deps import Context
from shared import events, keys
from shared.jobs import JobRecord
from shared.requests.custom_voice import CustomVoice
from shared.requests.declared import Declared
from shared.requests.narration import Narration
from shared.settings import load
from shared.states import JobState
from shared.stores.uploads import UploadFacts
from shared.submission import Submission
from tests.api.http import Answer
from tests.api.jobs import fault
from tests.api.speaker import Listener, Speaker, listen, serving, until
from tests.shared.stores.runs import make

PLAN = UploadFacts(task="narration", seconds=2.0)


@dataclass
class Service:
    """The API without a worker: jobs do what the test says."""

    http: TestClient
    here: Context

    def submit(self, request: Declared, lane: str = keys.BATCH) -> JobRecord:
        return self.here.queue.submit(Submission(request, "me", lane, estimate=1.0))[0]

    def narrate(self, **fields: Any) -> JobRecord:
        plan = self.here.uploads.put("plan", b"{}", PLAN).id
        return self.submit(Narration.parse({"plan": plan, "format": "mp3", **fields}))

    def end(self, record: JobRecord, state: JobState) -> None:
        self.here.queue.transition(record, JobState.RUNNING)
        self.here.queue.transition(record, state)

    def post(self, job_id: str, step: str, **options: Any) -> Answer:
        return self.http.post(f"/v1/jobs/{job_id}/{step}", **options)


@pytest.fixture
def service(redis_url: str, tmp_path: Path) -> Iterator[Service]:
    settings = load(
        redis_url=redis_url, outputs_dir=tmp_path / "outputs", voices_dir=tmp_path / "voices"
    )
    app = create(settings)
    with TestClient(app, base_url="http://127.0.0.1") as http:
        yield Service(http, app.state.context)


# --- pause and resume ---


def test_a_pipeline_is_paused_and_resumed(service: Service):
    job = service.narrate().id
    paused = service.post(job, "pause")
    assert paused.status_code == 202
    assert (paused.json()["state"], paused.json()["stage"]) == ("paused", "paused")
    assert paused.json()["links"]["resume"] == f"/v1/jobs/{job}/resume"
    assert service.http.get("/v1/jobs", params={"state": "paused"}).json()["items"]
    resumed = service.post(job, "resume")
    assert resumed.status_code == 202
    assert (resumed.json()["id"], resumed.json()["state"]) == (job, "queued")
    assert resumed.json()["position"] == 0


def test_a_task_cannot_be_paused(service: Service):
    job = service.submit(CustomVoice.parse({"text": "Hello."})).id
    assert fault(service.post(job, "pause")) == (409, "not_pausable")


def test_what_nobody_knows_is_neither_paused_nor_resumed(service: Service):
    for step in ("pause", "resume"):
        assert fault(service.post("no-such-job", step)) == (404, "unknown_job")


@pytest.mark.parametrize("step", ["pause", "resume"])
def test_what_has_succeeded_has_ended_even_if_redis_forgot_it(service: Service, step: str):
    done, forgotten = service.narrate(), make(service.here.outputs)
    service.end(done, JobState.SUCCEEDED)
    for job in (done.id, forgotten):
        answer = service.post(job, step)
        assert fault(answer) == (409, "already_ended")
        assert step == "pause" or "again" in answer.json()["error"]["hint"]


# --- going on with what has ended ---


@pytest.mark.parametrize("state", [JobState.FAILED, JobState.CANCELLED])
def test_a_pipeline_that_ended_early_goes_on_as_another_job(service: Service, state: JobState):
    first = service.narrate(seed=7, fresh=True)
    service.end(first, state)
    assert fault(service.post(first.id, "pause")) == (409, "already_ended")
    answer = service.post(first.id, "resume", headers={"Idempotency-Key": "on"})
    assert answer.status_code == 202, answer.text
    second = answer.json()
    assert answer.headers["location"] == f"/v1/jobs/{second['id']}"
    other = {"continues": first.id, "fresh": False}
    assert second["request"] == {**first.request, **other}
    assert (second["seed"], service.here.queue.get(second["id"]).queue) == (7, keys.BATCH)
    assert service.here.queue.get(first.id).state is state
    repeat = service.post(first.id, "resume", headers={"Idempotency-Key": "on"})
    assert (repeat.status_code, repeat.json()["id"]) == (200, second["id"])


def test_a_task_that_ended_early_cannot_go_on(service: Service):
    record = service.submit(CustomVoice.parse({"text": "Hello."}))
    service.end(record, JobState.FAILED)
    answer = service.post(record.id, "resume")
    assert fault(answer) == (409, "not_pausable")
    assert "again" in answer.json()["error"]["hint"]


def test_again_speaks_every_line_of_a_pipeline_anew(service: Service):
    first = service.narrate()
    service.end(first, JobState.CANCELLED)
    second = service.post(first.id, "resume").json()
    third = service.post(second["id"], "again").json()
    assert third["request"] == {**first.request, "continues": None, "fresh": True}


# --- those who listen ---


@pytest.fixture
def speaker(redis_url: str, tmp_path: Path) -> Speaker:
    return Speaker(redis_url, tmp_path)


@pytest.mark.parametrize("state", [JobState.QUEUED, JobState.PAUSED])
def test_nobody_attached_notices_that_the_job_stepped_aside(speaker: Speaker, state: JobState):
    async def scenario() -> Listener:
        heard = Listener()
        async with serving(speaker) as context:
            speaker.begin()
            listening = asyncio.create_task(listen(context, speaker, heard))
            speaker.say()
            await until(lambda: heard.pcm == speaker.said())
            before = speaker.queue.get(speaker.id)
            speaker.redis.hset(keys.job(speaker.id), "pause", 1)
            speaker.queue.step_aside(before, before.attempt, state)
            await until(lambda: heard.of(events.Waiting)[-1].state is state)
            speaker.queue.resume(speaker.id)
            speaker.begin()
            for _ in range(2):
                speaker.say()
            assert speaker.queue.get(speaker.id).attempt == before.attempt
            speaker.end(JobState.CANCELLED)
            return await listening

    heard = asyncio.run(scenario())
    assert heard.pcm == speaker.said()
    assert len(heard.pcm) == 2 * 2 * 2_000
    assert not heard.of(events.Restart)


def test_a_worker_knows_whether_somebody_listens(speaker: Speaker, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(relay, "_TELL", 0.02)
    place = keys.listening(speaker.id)

    async def scenario() -> None:
        async with serving(speaker) as context:
            assert not speaker.queue.listened(speaker.id)
            with context.hub.listen(speaker.id):
                await until(lambda: speaker.queue.listened(speaker.id))
                speaker.redis.delete(place)
                await until(lambda: speaker.queue.listened(speaker.id))
            speaker.redis.delete(place)
            await asyncio.sleep(0.1)
            assert not speaker.queue.listened(speaker.id)

    asyncio.run(scenario())


def test_that_somebody_listened_is_soon_forgotten(speaker: Speaker):
    async def scenario() -> None:
        async with serving(speaker) as context:
            with context.hub.listen(speaker.id):
                await until(lambda: speaker.queue.listened(speaker.id))

    asyncio.run(scenario())
    assert 0 < speaker.redis.ttl(keys.listening(speaker.id)) <= 10
