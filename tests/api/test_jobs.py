import hashlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from uuid import UUID, uuid4

import httpx
import pytest

from shared import keys
from shared.audio.clip import dumps
from shared.settings import ROOT
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import METADATA
from tests.api.jobs import (
    LONG,
    PATIENCE,
    TEXT,
    ended,
    fault,
    forget,
    look,
    no_room,
    said,
    sounding,
    submit,
    wait_for,
)
from tests.shared.audio.sending import tone
from tests.shared.stores.runs import new_id, recipe
from tests.stack import Stack

UNKNOWN = "01900000-0000-7000-8000-000000000000"
STRANGE_IDS = [
    UNKNOWN,
    "no-such-job",
    "..%2F..%2Fetc%2Fpasswd",
    "%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    "....//etc/passwd",
    "%00",
    "a%00b",
    "%ff%fe",
    "*",
    "a" * 10_000,
]


# --- submit ---


def test_a_job_is_accepted_with_what_its_sender_needs(http):
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT})
    assert answer.status_code == 202
    job = answer.json()
    assert UUID(job["id"]).version == 7
    assert job["task"] == "custom_voice"
    assert job["state"] == "queued"
    assert job["position"] == 0
    assert job["eta_seconds"] > 0
    assert answer.headers["location"] == job["links"]["self"]
    assert datetime.fromisoformat(job["created_at"]).tzinfo
    ended(http, job["id"])


def test_a_job_has_the_fields_that_others_rely_on(http):
    expected = {
        *("id", "task", "state", "position", "progress", "eta_seconds", "created_at"),
        *("started_at", "finished_at", "attempts", "engine", "seed", "result", "warnings"),
        *("error", "links"),
    }
    assert expected <= said(http).keys()


def test_a_job_that_has_ended_says_how(http):
    job = said(http, seed=7)
    assert job["progress"] == 1
    assert job["eta_seconds"] == 0
    assert job["position"] is None
    assert job["attempts"] == 1
    assert job["engine"]["preview"] is True
    assert job["seed"] == 7
    assert job["error"] is None
    assert job["result"]["samples"] > 0
    assert job["created_at"] <= job["started_at"] <= job["finished_at"]


def test_every_link_of_an_ended_job_leads_somewhere(http):
    links = said(http)["links"]
    for name in ("self", "events", "audio", "output"):
        assert http.get(links[name]).status_code == 200, name


def test_a_seed_is_drawn_where_none_is_given(http):
    first, second = submit(http), submit(http)
    assert first["seed"] != second["seed"]
    assert ended(http, first["id"])["seed"] == first["seed"]
    ended(http, second["id"])


def test_jobs_wait_in_the_order_they_came(paced):
    http = paced.http()
    sounding(http)
    waiting = [submit(http)["id"] for _ in range(3)]
    assert [wait_for(http, job, lambda job: job["position"])["position"] for job in waiting] == [
        *(1, 2, 3)
    ]


def test_a_later_place_has_a_later_end(paced):
    http = paced.http()
    sounding(http)
    waiting = [submit(http, LONG)["id"] for _ in range(3)]
    ends = [wait_for(http, job, lambda job: job["position"])["eta_seconds"] for job in waiting]
    assert ends == sorted(set(ends))


def test_interactive_jobs_go_before_batch_jobs(paced):
    http = paced.http()
    sounding(http)
    body = {"text": TEXT, "language": "en"}
    batch = http.post("/v1/jobs/custom_voice", json=body, params={"priority": "batch"}).json()
    interactive = submit(http)
    assert wait_for(http, interactive["id"], lambda job: job["position"])["position"] == 1
    assert wait_for(http, batch["id"], lambda job: job["position"] == 2)


@pytest.mark.parametrize("query", ["priority=urgent", "priority="])
def test_an_unknown_priority_is_refused(http, query):
    answer = http.post(f"/v1/jobs/custom_voice?{query}", json={"text": TEXT})
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == "priority"


def test_an_unknown_task_is_named_with_those_there_are(http):
    answer = http.post("/v1/jobs/sing", json={"text": TEXT})
    assert fault(answer) == (404, "unknown_task")
    assert "custom_voice" in answer.json()["error"]["message"]


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid_request", "text"),
        ({"text": ""}, "nothing_to_say", "text"),
        ({"text": "  \n\t "}, "nothing_to_say", "text"),
        ({"text": "\u0000\u0007"}, "nothing_to_say", "text"),
        ({"text": "🙂🙃"}, "nothing_to_say", "text"),
        ({"text": "<|im_end|>"}, "nothing_to_say", "text"),
        ({"text": "a" * 20_001}, "text_too_long", "text"),
        ({"text": 5}, "invalid_request", "text"),
        ({"text": None}, "invalid_request", "text"),
        ({"text": TEXT, "speaker": "nobody"}, "unknown_speaker", "speaker"),
        ({"text": TEXT, "language": "klingon"}, "unknown_language", "language"),
        ({"text": TEXT, "format": "midi"}, "unknown_format", "format"),
        ({"text": TEXT, "speed": 2}, "unknown_field", "speed"),
        ({"text": TEXT, "seed": -1}, "invalid_request", "seed"),
        ({"text": TEXT, "seed": 2**32}, "invalid_request", "seed"),
        ({"text": TEXT, "seed": "7"}, "invalid_request", "seed"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_bad_request_is_answered_with_code_and_field(http, body, code, param):
    answer = http.post("/v1/jobs/custom_voice", json=body)
    assert fault(answer) == (422, code)
    assert answer.json()["error"]["param"] == param


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "5", "[[[1]]]"])
def test_a_body_that_is_no_object_is_refused(http, body):
    answer = http.post(
        "/v1/jobs/custom_voice", content=body, headers={"Content-Type": "application/json"}
    )
    assert fault(answer) == (422, "invalid_request")


@pytest.mark.parametrize(
    ("task", "body", "status", "code", "param"),
    [
        ("voice_clone", {"voice": "nobody"}, 404, "unknown_voice", "voice"),
        ("voice_clone", {"voice": "Vivian"}, 422, "invalid_request", "voice"),
        ("voice_clone", {"reference": "0" * 64}, 404, "unknown_upload", "reference"),
        ("voice_clone", {"reference": "../x"}, 422, "invalid_request", "reference"),
        ("voice_clone", {}, 422, "invalid_request", "voice"),
        ("custom_voice", {"preset": "nobody"}, 404, "unknown_preset", "preset"),
        ("custom_voice", {"emotion": "hungry"}, 422, "unknown_emotion", "emotion"),
        (
            "design_then_clone",
            {"description": "A warm alto.", "lock_as": "Vivian"},
            *(409, "conflict", "lock_as"),
        ),
        (
            "design_then_clone",
            {"description": "A warm alto.", "lock_as": "../x"},
            *(422, "invalid_request", "lock_as"),
        ),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_a_request_names_must_be_there(http, task, body, status, code, param):
    answer = http.post(f"/v1/jobs/{task}", json={"text": TEXT, **body})
    assert fault(answer) == (status, code)
    assert answer.json()["error"]["param"] == param


def test_a_bad_request_leaves_no_job(stack, http):
    before = stack.redis().zcard(keys.JOBS)
    http.post("/v1/jobs/custom_voice", json={"text": ""})
    assert stack.redis().zcard(keys.JOBS) == before


# --- the same request twice ---


def test_a_repeat_with_the_same_key_is_the_same_job(http):
    key = {"Idempotency-Key": uuid4().hex}
    first = http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=key)
    second = http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=key)
    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json()["id"] == first.json()["id"]
    assert second.headers["location"] == first.headers["location"]


def test_a_repeat_finds_its_job_after_the_end(http):
    key = {"Idempotency-Key": uuid4().hex}
    first = http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=key).json()
    ended(http, first["id"])
    again = http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=key)
    assert (again.status_code, again.json()["state"]) == (200, "succeeded")


def test_the_same_key_with_another_body_is_refused(http):
    key = {"Idempotency-Key": uuid4().hex}
    http.post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=key)
    other = http.post("/v1/jobs/custom_voice", json={"text": "Something else."}, headers=key)
    assert fault(other) == (422, "idempotency_conflict")


DESIGN = {
    "text": "Hi.",
    "description": "An old sailor, hoarse and slow.",
    "language": "english",
}
REFERENCE = (ROOT / "docs" / "examples" / "reference.flac").read_bytes()


def test_a_repeat_is_not_judged_by_what_its_job_has_made(http):
    key, body = {"Idempotency-Key": uuid4().hex}, DESIGN | {"lock_as": f"Sailor {uuid4().hex[:6]}"}
    first = http.post("/v1/jobs/design_then_clone", json=body, headers=key)
    made = ended(http, first.json()["id"])["result"]["locked_as"]
    again = http.post("/v1/jobs/design_then_clone", json=body, headers=key)
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    assert fault(http.post("/v1/jobs/design_then_clone", json=body)) == (409, "conflict")
    http.delete(f"/v1/voices/{made}")


def test_a_repeat_is_not_judged_by_what_its_preset_says_now(http):
    name, key = f"Story {uuid4().hex[:6]}", {"Idempotency-Key": uuid4().hex}
    body = {"text": TEXT, "preset": name}
    settings = {"task": "custom_voice", "request": {"speaker": "serena"}}
    http.post("/v1/presets", json=settings | {"name": name}).raise_for_status()
    first = http.post("/v1/jobs/custom_voice", json=body, headers=key)
    changed = settings | {"request": {"speaker": "ryan"}}
    http.put(f"/v1/presets/{name}", json=changed).raise_for_status()
    second = http.post("/v1/jobs/custom_voice", json=body, headers=key)
    http.delete(f"/v1/presets/{name}").raise_for_status()
    third = http.post("/v1/jobs/custom_voice", json=body, headers=key)
    assert first.status_code == 202, first.text
    assert {second.json()["id"], third.json()["id"]} == {first.json()["id"]}


def test_a_repeat_with_a_file_is_the_same_job(stack, http):
    key = {"Idempotency-Key": uuid4().hex}
    files = {"audio": ("a.flac", REFERENCE)}
    job = http.post("/v1/jobs/codec_encode", files=files, headers=key).json()
    for path in (stack.outputs_dir / ".uploads" / "audio").glob(f"{job['request']['audio']}.*"):
        path.unlink()
    again = http.post("/v1/jobs/codec_encode", files=files, headers=key)
    assert (again.status_code, again.json()["id"]) == (200, job["id"])
    other = {"audio": ("a.flac", REFERENCE + b" ")}
    answer = http.post("/v1/jobs/codec_encode", files=other, headers=key)
    assert fault(answer) == (422, "idempotency_conflict")
    ended(http, job["id"])


@pytest.mark.parametrize("keyed", [True, False], ids=["one-key", "no-key"])
def test_of_many_jobs_at_once_one_makes_the_voice(http, keyed):
    headers = {"Idempotency-Key": uuid4().hex} if keyed else {}
    body = DESIGN | {"lock_as": f"Sailor {uuid4().hex[:6]}"}
    gate = threading.Barrier(8)

    def send(_number: int) -> httpx.Response:
        gate.wait()
        return http.post("/v1/jobs/design_then_clone", json=body, headers=headers)

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(send, range(8)))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == ([200] * 7 + [202] if keyed else [202] + [409] * 7)
    (job,) = {answer.json()["id"] for answer in answers if answer.status_code < 300}
    http.delete(f"/v1/voices/{ended(http, job)['result']['locked_as']}")


def test_a_voice_is_made_by_one_job_at_a_time(paced):
    http = paced.http()
    sounding(http)
    first = http.post("/v1/jobs/design_then_clone", json=DESIGN | {"lock_as": "Old Sailor"}).json()
    answer = http.post("/v1/jobs/design_then_clone", json=DESIGN | {"lock_as": "old  SAILOR"})
    assert fault(answer) == (409, "conflict")
    assert first["id"] in answer.json()["error"]["message"]
    assert answer.json()["error"]["param"] == "lock_as"
    http.delete(f"/v1/jobs/{first['id']}")
    answer = http.post("/v1/jobs/design_then_clone", json=DESIGN | {"lock_as": "Old Sailor"})
    assert answer.status_code == 202


def test_a_key_of_201_characters_is_refused(http):
    answer = http.post(
        "/v1/jobs/custom_voice", json={"text": TEXT}, headers={"Idempotency-Key": "k" * 201}
    )
    assert fault(answer) == (422, "invalid_request")


def test_a_storm_of_one_key_makes_one_job(paced):
    keyed = {"Idempotency-Key": uuid4().hex}
    clients = [paced.http(number % 2) for number in range(8)]
    gate = threading.Barrier(16)

    def send(number: int) -> httpx.Response:
        if number < 16:
            gate.wait()
        return clients[number % 8].post("/v1/jobs/custom_voice", json={"text": TEXT}, headers=keyed)

    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(send, range(64)))
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sorted(answer.status_code for answer in answers) == [200] * 63 + [202]


# --- look ---


@pytest.mark.parametrize("job_id", STRANGE_IDS)
@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("GET", ""),
        ("DELETE", ""),
        ("POST", "/again"),
        ("GET", "/events"),
        ("GET", "/audio"),
        ("GET", "/audio?follow=1"),
        ("GET", "/files/audio.wav"),
    ],
    ids=lambda value: value or "-",
)
def test_an_unknown_id_is_answered_404(http, method, tail, job_id):
    answer = http.request(method, f"/v1/jobs/{job_id}{tail}")
    status, code = fault(answer)
    assert status == 404
    assert code in ("unknown_job", "not_found")
    assert "root:" not in answer.text


def test_jobs_are_listed_the_newest_first(http):
    made = [submit(http)["id"] for _ in range(3)]
    listed = [job["id"] for job in http.get("/v1/jobs").json()["items"]]
    assert listed[:3] == made[::-1]
    for job in made:
        ended(http, job)


def test_pages_follow_each_other_while_jobs_are_added(http):
    made = [submit(http)["id"] for _ in range(5)]
    first = http.get("/v1/jobs", params={"limit": 2}).json()
    added = [submit(http)["id"] for _ in range(3)]
    second = http.get("/v1/jobs", params={"limit": 2, "before": first["next"]}).json()
    third = http.get("/v1/jobs", params={"limit": 1, "before": second["next"]}).json()
    pages = [job["id"] for page in (first, second, third) for job in page["items"]]
    assert pages == made[::-1]
    for job in (*made, *added):
        ended(http, job)


@pytest.mark.slow
def test_the_last_page_has_no_next(make_stack):
    http = make_stack().http()
    for _ in range(3):
        said(http)
    page = http.get("/v1/jobs", params={"limit": 3}).json()
    assert (len(page["items"]), page["next"]) == (3, None)


def test_a_page_after_a_job_that_nobody_knows_is_refused(http):
    answer = http.get("/v1/jobs", params={"before": UNKNOWN})
    assert fault(answer) == (404, "unknown_job")


def test_jobs_are_filtered_by_state(paced):
    http = paced.http()
    running = sounding(http)["id"]
    waiting = submit(http)["id"]
    by_state = {
        state: [job["id"] for job in http.get("/v1/jobs", params={"state": state}).json()["items"]]
        for state in ("running", "queued")
    }
    assert by_state == {"running": [running], "queued": [waiting]}


def test_filtered_pages_miss_nothing(paced):
    http = paced.http()
    sounding(http)
    kept = [submit(http)["id"] for _ in range(4)]
    dropped = [submit(http)["id"] for _ in range(4)]
    for job in dropped:
        http.delete(f"/v1/jobs/{job}")
    found: list[str] = []
    page = {"next": None}
    while True:
        query = {"state": "queued", "limit": 1} | ({"before": page["next"]} if page["next"] else {})
        page = http.get("/v1/jobs", params=query).json()
        found += [job["id"] for job in page["items"]]
        if page["next"] is None:
            break
    assert found == kept[::-1]


def test_jobs_are_filtered_by_task(http):
    said(http)
    assert http.get("/v1/jobs", params={"task": "custom_voice"}).json()["items"]
    assert http.get("/v1/jobs", params={"task": "sing"}).json()["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=201", "limit=x", "state=done"])
def test_a_bad_filter_is_refused(http, query):
    answer = http.get(f"/v1/jobs?{query}")
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == query.split("=")[0]


# --- cancel ---


def test_a_waiting_job_is_cancelled_at_once(paced):
    http = paced.http()
    sounding(http)
    waiting = submit(http)["id"]
    answer = http.delete(f"/v1/jobs/{waiting}")
    assert (answer.status_code, answer.json()["state"]) == (202, "cancelled")


def test_those_behind_a_cancelled_job_move_up(paced):
    http = paced.http()
    sounding(http)
    first, second = submit(http)["id"], submit(http)["id"]
    assert wait_for(http, second, lambda job: job["position"] == 2)
    http.delete(f"/v1/jobs/{first}")
    assert wait_for(http, second, lambda job: job["position"] == 1)


def test_a_running_job_is_cancelled_within_frames(paced):
    http = paced.http()
    job = sounding(http)
    heard = look(http, job["id"])["audio_seconds"]
    assert http.delete(f"/v1/jobs/{job['id']}").status_code == 202
    stopped = ended(http, job["id"])
    assert stopped["state"] == "cancelled"
    assert stopped["audio_seconds"] < heard + 2


def test_a_cancelled_job_leaves_no_files(paced):
    http = paced.http()
    job = sounding(http)["id"]
    http.delete(f"/v1/jobs/{job}")
    ended(http, job)
    until = time.monotonic() + PATIENCE
    while list(paced.outputs_dir.rglob(f"*{job}*")):  # they go once the job has ended
        assert time.monotonic() < until
        time.sleep(0.01)


def test_the_next_job_runs_after_a_cancelled_one(paced):
    http = paced.http()
    job, following = sounding(http)["id"], submit(http, "Hello.")["id"]
    http.delete(f"/v1/jobs/{job}")
    assert ended(http, following)["state"] == "succeeded"


def test_a_job_that_has_ended_cannot_be_cancelled(http):
    answer = http.delete(said(http)["links"]["self"])
    assert fault(answer) == (409, "already_ended")


def test_a_cancelled_job_cannot_be_cancelled_again(paced):
    http = paced.http()
    sounding(http)
    waiting = submit(http)["id"]
    http.delete(f"/v1/jobs/{waiting}")
    assert fault(http.delete(f"/v1/jobs/{waiting}")) == (409, "already_ended")


# --- again ---


def test_again_makes_the_same_audio_as_a_new_job(http):
    job = said(http)
    answer = http.post(f"{job['links']['self']}/again")
    assert answer.status_code == 202
    assert answer.headers["location"] == answer.json()["links"]["self"]
    repeated = ended(http, answer.json()["id"])
    assert repeated["id"] != job["id"]
    assert repeated["seed"] == job["seed"]
    assert repeated["result"]["again_of"] == job["id"]
    assert _sum(repeated) == _sum(job)


def test_again_works_from_the_output_alone(stack, http):
    job = said(http)
    forget(stack, job)
    answer = http.post(f"{job['links']['self']}/again")
    assert answer.status_code == 202
    assert _sum(ended(http, answer.json()["id"])) == _sum(job)


@pytest.mark.slow
def test_again_makes_a_cancelled_job_after_all(paced):
    http = paced.http()
    job = sounding(http, "Hello there, this is a sentence of some length.")["id"]
    http.delete(f"/v1/jobs/{job}")
    ended(http, job)
    repeated = http.post(f"/v1/jobs/{job}/again").json()
    assert ended(http, repeated["id"])["state"] == "succeeded"


def test_a_repeated_again_with_the_same_key_is_one_job(http):
    job, key = said(http), {"Idempotency-Key": uuid4().hex}
    first = http.post(f"{job['links']['self']}/again", headers=key)
    second = http.post(f"{job['links']['self']}/again", headers=key)
    assert (first.status_code, second.status_code) == (202, 200)
    assert first.json()["id"] == second.json()["id"]


def test_again_says_so_where_texts_are_not_kept(make_stack):
    http = make_stack(STORE_TEXT="0").http()
    job = said(http)
    assert TEXT not in http.get(job["links"]["self"]).text
    assert fault(http.post(f"{job['links']['self']}/again")) == (409, "conflict")


def test_again_takes_a_file_that_was_purged_from_what_the_job_kept(stack, http):
    job, upload = _encoded(stack, kept=True)
    answer = http.post(f"/v1/jobs/{job}/again")
    assert answer.status_code == 202, answer.text
    http.delete(answer.json()["links"]["self"])
    assert http.get(f"/v1/uploads/reference/{upload}").status_code == 200


def test_again_keeps_no_file_where_the_queue_refuses_it(stack, http):
    job, upload = _encoded(stack, kept=True, seconds=5.5)
    with no_room(stack):
        assert fault(http.post(f"/v1/jobs/{job}/again")) == (429, "too_many_jobs")
    assert http.get(f"/v1/uploads/reference/{upload}").status_code == 404


def test_again_needs_no_text_where_a_task_has_none(http):
    files = {"codes": ("codes.json", (ROOT / "docs" / "examples" / "codes.json").read_bytes())}
    job = ended(http, http.post("/v1/jobs/codec_decode", files=files).json()["id"])
    again = http.post(f"{job['links']['self']}/again")
    assert again.status_code == 202, again.text
    assert _sum(ended(http, again.json()["id"])) == _sum(job)


def test_the_codec_teaches_a_pace_of_its_own(stack, http):
    stack.redis().hdel(keys.PACE, "preview codec")
    ended(
        http,
        http.post("/v1/jobs/codec_encode", files={"audio": ("a.flac", REFERENCE)}).json()["id"],
    )
    until = time.monotonic() + PATIENCE
    while not stack.redis().hexists(keys.PACE, "preview codec"):
        assert time.monotonic() < until
        time.sleep(0.01)


def test_again_says_so_where_a_file_was_purged_and_nobody_kept_it(stack, http):
    job, _ = _encoded(stack, kept=False)
    answer = http.post(f"/v1/jobs/{job}/again")
    assert fault(answer) == (404, "unknown_upload")
    assert answer.json()["error"]["param"] == "reference"


def _encoded(stack: Stack, kept: bool, seconds: float = 4) -> tuple[str, str]:
    """A finished clone of a recording that is no longer among the uploads; their ids."""
    sound = dumps(tone(seconds + 0.1 * kept))
    run, upload = new_id(), hashlib.sha256(sound).hexdigest()
    asked = {"text": TEXT, "reference": upload}
    told = recipe(run, sound, task="voice_clone").model_copy(update={"request": asked})
    growing = FolderOutputs(stack.outputs_dir).begin(run, 1)
    growing.append("audio.wav", sound if kept else b"something else")
    if not kept:
        told = told.model_copy(update={"files": {}})
    growing.append(METADATA, told.model_dump_json().encode())
    growing.finish()
    return run, upload


def _sum(job):
    return job["result"]["files"]["audio.wav"]["sha256"]


# --- what Redis has forgotten ---


def test_a_forgotten_job_is_told_from_its_output(stack, http):
    job = said(http)
    forget(stack, job)
    told = look(http, job["id"])
    for field in ("id", "task", "state", "seed", "request", "engine", "result", "links"):
        assert told[field] == job[field], field


def test_a_forgotten_job_has_ended(stack, http):
    job = said(http)
    forget(stack, job)
    assert fault(http.delete(job["links"]["self"])) == (409, "already_ended")


# --- room ---


def test_a_full_queue_answers_503(make_stack):
    http = make_stack(PREVIEW_PACE="1", MAX_QUEUE="2").http()
    sounding(http)
    submit(http)
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT})
    assert fault(answer) == (503, "queue_full")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_client_over_its_limit_is_answered_429(make_stack):
    http = make_stack(PREVIEW_PACE="1", MAX_CLIENT_JOBS="2").http()
    sounding(http)
    submit(http)
    answer = http.post("/v1/jobs/custom_voice", json={"text": TEXT})
    assert fault(answer) == (429, "too_many_jobs")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_repeat_is_answered_though_the_queue_is_full(make_stack):
    http = make_stack(PREVIEW_PACE="1", MAX_QUEUE="1").http()
    key = {"Idempotency-Key": "first"}
    first = http.post("/v1/jobs/custom_voice", json={"text": LONG}, headers=key)
    again = http.post("/v1/jobs/custom_voice", json={"text": LONG}, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)


def test_one_client_s_limit_is_not_another_s(make_stack):
    stack = make_stack(PREVIEW_PACE="1", MAX_CLIENT_JOBS="1", API_KEYS="one,two")
    one = stack.http(headers={"Authorization": "Bearer one"})
    two = stack.http(headers={"Authorization": "Bearer two"})
    submit(one, LONG)
    assert fault(one.post("/v1/jobs/custom_voice", json={"text": TEXT}))[0] == 429
    submit(two)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "room", "status"),
    [({"MAX_QUEUE": "7"}, 7, 503), ({"MAX_CLIENT_JOBS": "5"}, 5, 429)],
    ids=["queue", "client"],
)
def test_the_limit_is_exact_under_32_threads(make_stack, settings, room, status):
    stack = make_stack(apis=2, PREVIEW_PACE="1", **settings)
    clients = [stack.http(number % 2) for number in range(32)]

    def send(number: int) -> int:
        answer = clients[number % 32].post("/v1/jobs/custom_voice", json={"text": LONG})
        return answer.status_code

    with ThreadPoolExecutor(32) as pool:
        statuses = list(pool.map(send, range(96)))
    assert statuses.count(202) == room
    assert statuses.count(status) == 96 - room


def test_a_cancelled_job_gives_its_place_to_another(make_stack):
    http = make_stack(PREVIEW_PACE="1", MAX_QUEUE="2").http()
    sounding(http)
    waiting = submit(http)["id"]
    http.delete(f"/v1/jobs/{waiting}")
    submit(http)


def test_a_job_that_ends_gives_its_place_to_another(make_stack):
    http = make_stack(MAX_QUEUE="1").http()
    for _ in range(3):
        said(http)


@pytest.mark.slow
def test_places_are_given_back_within_the_time_of_retry_after(make_stack):
    http = make_stack(PREVIEW_PACE="1", MAX_QUEUE="1").http()
    submit(http, "Hello there.")
    refused = http.post("/v1/jobs/custom_voice", json={"text": "Hello again."})
    time.sleep(int(refused.headers["retry-after"]) + 1)
    submit(http, "Hello again.")
