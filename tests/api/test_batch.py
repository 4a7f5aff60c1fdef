"""`POST /v1/jobs/batch`: all or none, in part if asked, once for one key."""

from typing import Any

import httpx
import pytest

from shared import keys
from shared.connection import Connection
from tests.api.jobs import ended, fault, no_room
from tests.stack import Stack

GOOD = {"request": {"text": "Hi."}}
BAD = {"request": {"text": "Hi.", "speaker": "nobody"}}


def send(http: httpx.Client, *items: Any, key: str = "", **more: Any) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    return http.post("/v1/jobs/batch", json={"items": [*items], **more}, headers=headers)


def active(stack: Stack) -> int:
    return stack.redis().zcard(keys.ACTIVE)  # pyright: ignore[reportReturnType]


@pytest.fixture
def idle(stack: Stack, http: httpx.Client) -> Stack:
    """The shared service, once nothing waits that another test has left."""
    for job in http.get("/v1/jobs", params={"active": True, "limit": 200}).json()["items"]:
        ended(http, job["id"])
    return stack


def test_every_item_becomes_a_job(http: httpx.Client):
    answer = send(
        http,
        {"id": "one", **GOOD},
        {"task": "voice_design", "request": {"text": "Ho.", "description": "An old man."}},
        defaults={"language": "english"},
    )
    assert answer.status_code == 202, answer.text
    batch = answer.json()
    assert answer.headers["Location"] == f"/v1/batches/{batch['batch']}"
    jobs = [ended(http, item["job"]) for item in batch["items"]]
    assert [job["state"] for job in jobs] == ["succeeded"] * 2
    assert [job["task"] for job in jobs] == ["custom_voice", "voice_design"]
    assert [job["request"]["language"] for job in jobs] == ["english"] * 2
    assert [job["label"] for job in jobs] == ["one", None]
    listed = http.get("/v1/jobs", params={"batch": batch["batch"]}).json()["items"]
    assert {job["id"] for job in listed} == {item["job"] for item in batch["items"]}
    shown = http.get(f"/v1/batches/{batch['batch']}").json()
    assert (shown["left"], {item["state"] for item in shown["items"]}) == (0, {"succeeded"})
    assert shown["finished_at"]


def test_one_bad_item_stops_all(http: httpx.Client, idle: Stack):
    answer = send(http, GOOD, BAD, GOOD)
    assert fault(answer) == (422, "unknown_speaker")
    assert answer.json()["error"]["param"] == "items.1.request.speaker"
    assert answer.json()["error"]["message"].startswith("Item 1: ")
    assert active(idle) == 0


def test_in_part_the_bad_items_are_answered_with_their_errors(http: httpx.Client):
    batch = send(http, GOOD, {"id": "b", **BAD}, GOOD, partial=True).json()
    first, second, third = batch["items"]
    assert first["job"]
    assert third["job"]
    assert (second["job"], second["id"]) == (None, "b")
    assert second["error"]["code"] == "unknown_speaker"
    assert second["error"]["param"] == "items.1.request.speaker"
    assert fault(send(http, BAD, partial=True))[1] == "invalid_request"


def test_a_repeat_with_its_key_is_the_same_batch(http: httpx.Client):
    first = send(http, GOOD, BAD, key="b-1", partial=True)
    again = send(http, GOOD, BAD, key="b-1", partial=True)
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json()["batch"] == first.json()["batch"]
    told = [[(it["job"], it["error"]) for it in batch.json()["items"]] for batch in (first, again)]
    assert told[0] == told[1]
    assert fault(send(http, GOOD, key="b-1")) == (422, "idempotency_conflict")


def test_without_room_for_all_none_stays_behind(http: httpx.Client, idle: Stack):
    with no_room(idle):
        answer = send(http, GOOD, GOOD, key="b-2")
        assert fault(answer) == (429, "too_many_jobs")
        assert answer.headers["Retry-After"]
    assert active(idle) == 0
    assert send(http, GOOD, GOOD, key="b-2").status_code == 202


def test_a_full_queue_refuses_the_whole(http: httpx.Client, idle: Stack):
    connection: Connection = idle.redis()
    others = {f"other-{number}": 2**40 for number in range(199)}
    connection.zadd(keys.ACTIVE, others)
    try:
        assert fault(send(http, GOOD, GOOD)) == (503, "queue_full")
        batch = send(http, GOOD, GOOD, partial=True).json()
    finally:
        connection.zrem(keys.ACTIVE, *others)
    assert batch["items"][0]["job"]
    assert batch["items"][1]["error"]["code"] == "queue_full"
    assert batch["left"] == 1


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"items": []},
        {"items": [GOOD] * 51},
        {"items": [{"request": "x"}]},
        {"items": [{**GOOD, "text": "x"}]},
        {"items": [{**GOOD, "task": "nothing"}]},
        {"items": [GOOD], "defaults": []},
    ],
)
def test_what_is_no_batch_is_refused(http: httpx.Client, body: dict[str, Any]):
    assert http.post("/v1/jobs/batch", json=body).status_code in (404, 422)


def test_two_items_do_not_make_voices_of_one_name(http: httpx.Client, idle: Stack):
    request = {"text": "Hi.", "description": "An old man.", "lock_as": "Twin"}
    item = {"task": "design_then_clone", "request": request}
    assert fault(send(http, item, item)) == (409, "conflict")
    assert active(idle) == 0
    first, second = send(http, item, item, partial=True).json()["items"]
    assert first["job"]
    assert (second["job"], second["error"]["param"]) == (None, "items.1.request.lock_as")
    http.delete(f"/v1/jobs/{first['job']}")


def test_an_unknown_batch_is_not_found(http: httpx.Client):
    assert fault(http.get("/v1/batches/none")) == (404, "unknown_batch")
