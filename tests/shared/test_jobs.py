from typing import Any

import pytest
import redis
from pydantic import ValidationError

from shared.connection import Connection
from shared.jobs import EngineInfo, JobRecord, Progress, encode, flat, links, moment, view
from shared.states import JobState


def connected(url: str) -> Connection:
    return redis.Redis.from_url(url, protocol=2)


ENGINE = EngineInfo(
    name="preview",
    version="1",
    device="cpu",
    precision="int16",
    preview=True,
    checkpoint="preview",
    revision="1",
)
FIELDS: dict[str, Any] = {
    "id": "a",
    "task": "custom_voice",
    "queue": "interactive",
    "client": "address-127.0.0.1",
    "request": {"text": "灯台 \x00 \n 🙂", "seed": None},
    "seed": 7,
    "estimate": 1.25,
    "created_at": 1_700_000_000.5,
}
ENDED: dict[str, Any] = {
    "state": JobState.SUCCEEDED,
    "attempt": 2,
    "crashes": 1,
    "samples": 48_000,
    "take": 1,
    "cancel": True,
    "started_at": 1_700_000_001.0,
    "finished_at": 1_700_000_002.0,
    "engine": ENGINE,
    "progress": Progress(fraction=0.5, stage="speaking", audio_seconds=2.0),
    "warnings": ["Slow."],
    "result": {"samples": 48_000},
}


def record(**fields: Any) -> JobRecord:
    """A record as it comes back from Redis."""
    return JobRecord.decode(
        {name.encode(): value.encode() for name, value in encode(**FIELDS, **fields).items()}
    )


@pytest.mark.parametrize("fields", [{}, ENDED], ids=["new", "ended"])
def test_a_record_survives_its_hash(redis_url, fields):
    with connected(redis_url) as connection:
        connection.hset("job", mapping=encode(**FIELDS, **fields))
        found = JobRecord.decode(connection.hgetall("job"))
    for name, value in {**FIELDS, **fields}.items():
        assert getattr(found, name) == value, name


def test_what_is_not_known_is_not_written():
    assert "engine" not in encode(engine=None, seed=7)


def test_the_fields_of_scripts_are_plain():
    assert encode(state=JobState.QUEUED, samples=5, cancel=True) == {
        "state": "queued",
        "samples": "5",
        "cancel": "1",
    }


def test_fields_are_laid_flat_for_scripts():
    assert flat({"a": "1", "b": "2"}) == ["a", "1", "b", "2"]


def test_half_a_record_is_refused():
    with pytest.raises(ValidationError):
        JobRecord.decode({b"id": b"a"})


def test_a_waiting_job_shows_its_place():
    shown = view(record(), position=3, eta_seconds=4.5)
    assert (shown.state, shown.position, shown.eta_seconds) == (JobState.QUEUED, 3, 4.5)
    assert (shown.progress, shown.stage) == (0, "waiting")


def test_an_ended_job_shows_its_end():
    shown = view(record(**ENDED))
    assert (shown.progress, shown.stage, shown.eta_seconds) == (1, "succeeded", 0)
    assert shown.attempts == 2
    assert shown.engine == ENGINE
    assert shown.finished_at == moment(1_700_000_002)


@pytest.mark.parametrize(
    ("state", "stage"),
    [
        (JobState.QUEUED, "waiting"),
        (JobState.RUNNING, "speaking"),
        (JobState.PAUSED, "paused"),
        (JobState.FAILED, "failed"),
    ],
)
def test_a_job_that_has_begun_shows_what_it_is_at(state, stage):
    shown = view(record(state=state, progress=ENDED["progress"]))
    assert (shown.stage, shown.progress) == (stage, 0.5)


@pytest.mark.parametrize("task", ["custom_voice", "narration", "of another version"])
def test_links_name_the_job(task):
    assert links("a", task)["self"] == "/v1/jobs/a"
    assert all("/a" in link for link in links("a", task).values())


@pytest.mark.parametrize(
    ("state", "pause", "steps"),
    [
        (JobState.QUEUED, False, {"pause"}),
        (JobState.RUNNING, False, {"pause"}),
        (JobState.RUNNING, True, {"resume"}),
        (JobState.PAUSED, True, {"resume"}),
        (JobState.SUCCEEDED, False, set()),
        (JobState.FAILED, False, {"resume"}),
        (JobState.CANCELLED, True, {"resume"}),
    ],
)
def test_links_of_a_pipeline_say_what_can_be_done_with_it(state, pause, steps):
    found = links("a", "narration", state, pause)
    assert found["lines"] == "/v1/outputs/a/lines"
    assert found.keys() & {"pause", "resume"} == steps
    assert not links("a", "custom_voice", state, pause).keys() & {"lines", "pause", "resume"}


def test_times_carry_their_zone():
    assert moment(0).isoformat() == "1970-01-01T00:00:00+00:00"
