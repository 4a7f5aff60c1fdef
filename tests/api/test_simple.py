"""The routes for scripts: what goes in by every way, what comes out, and what it took."""

import io
import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import get_args

import httpx
import pytest
import soundfile

from shared.dialects.simple import SpokenTask
from shared.emotions import EMOTIONS
from shared.requests import CONTRACTS
from shared.requests.spoken import Spoken
from shared.requests.voice_clone import VoiceClone
from shared.settings import ROOT
from tests.api.jobs import ENDED, LONG, PATIENCE, TEXT, ended, fault, look, no_room
from tests.stack import Stack

REFERENCE = ROOT / VoiceClone.example_files["reference"]
WORDS = str(VoiceClone.example["transcript"])


def job_of(http: httpx.Client, answer: httpx.Response):
    assert answer.status_code == 200, answer.text
    return look(http, answer.headers["X-Job-Id"])


def seconds(answer: httpx.Response) -> float:
    """Length of the sound in an answer."""
    data, rate = soundfile.read(io.BytesIO(answer.content))
    return len(data) / rate


def newest(http: httpx.Client) -> dict:
    return http.get("/v1/jobs", params={"limit": 1}).json()["items"][0]


# --- what goes in ---


@pytest.mark.parametrize("how", ["json", "data", "params"])
def test_a_text_is_spoken_however_it_is_sent(http, how: str):
    fields = {"text": TEXT, "voice": "serena", "language": "en", "seed": "7", "top_k": "20"}
    method = "GET" if how == "params" else "POST"

    job = job_of(http, http.request(method, "/tts", **{how: fields}))

    asked = job["request"]
    assert (job["task"], asked["speaker"], asked["language"]) == (
        "custom_voice",
        "serena",
        "english",
    )
    assert (job["seed"], asked["top_k"]) == (7, 20)


def test_fields_go_by_the_names_that_others_have_for_them(http):
    fields = {
        "input": TEXT,
        "speaker": "alloy",
        "instructions": "calm",
        "response_format": "flac",
    }

    answer = http.post("/tts", json=fields)

    asked = job_of(http, answer)["request"]
    assert (asked["text"], asked["speaker"], asked["instruct"]) == (TEXT, "serena", "calm")
    assert answer.headers["Content-Type"] == "audio/flac"


@pytest.mark.parametrize("name", ["reference", "audio", "ref_audio"])
def test_a_recording_in_a_form_is_cloned(http, name: str):
    with REFERENCE.open("rb") as recording:
        answer = http.post(
            "/tts", data={"text": TEXT, "ref_text": WORDS, "seed": 7}, files={name: recording}
        )

    job = job_of(http, answer)
    assert job["task"] == "voice_clone"
    assert job["result"]["voice"]["mode"] == "in_context"


def test_a_described_voice_reads(http):
    asked = {"text": TEXT, "task": "voice_design", "instruct": "An old sailor, hoarse."}
    job = job_of(http, http.post("/tts", json=asked))
    assert job["request"]["description"] == "An old sailor, hoarse."


def test_a_lexicon_comes_as_json_also_in_a_form(http):
    spelt = {"lamp": "lantern"}
    job = job_of(http, http.post("/tts", data={"text": TEXT, "lexicon": json.dumps(spelt)}))
    assert job["request"]["lexicon"] == spelt
    refused = http.post("/tts", data={"text": TEXT, "lexicon": "lamp"})
    assert refused.json()["error"]["param"] == "lexicon"


def test_what_a_form_leaves_empty_was_left_out(http):
    job = job_of(http, http.post("/tts", data={"text": TEXT, "voice": "", "seed": ""}))
    assert job["request"]["speaker"] == "ryan"


def test_every_task_that_reads_a_text_can_be_named():
    reads = {name for name, declared in CONTRACTS.items() if issubclass(declared, Spoken)}
    assert set(get_args(SpokenTask)) == reads


# --- what is refused ---


@pytest.mark.parametrize(
    ("fields", "refusal", "param"),
    [
        ({}, (422, "invalid_request"), "text"),
        ({"text": "  "}, (422, "nothing_to_say"), "text"),
        ({"text": TEXT, "voice": "nobody at all"}, (404, "unknown_voice"), "voice"),
        ({"text": TEXT, "speed": 9}, (422, "invalid_request"), "speed"),
        ({"text": TEXT, "format": "tape"}, (422, "unknown_format"), "format"),
        ({"text": TEXT, "volume": 3}, (422, "unknown_field"), "volume"),
        ({"text": TEXT, "input": "Another."}, (422, "invalid_request"), "text"),
        ({"text": TEXT, "task": "voice_clone", "voice": "ryan"}, (422, "invalid_request"), "task"),
        ({"text": TEXT, "voice": "ryan", "description": "old"}, (422, "invalid_request"), "voice"),
        ({"text": TEXT, "task": "narration"}, (422, "invalid_request"), "task"),
        ([], (422, "invalid_request"), None),
    ],
)
def test_what_cannot_be_met_is_refused(http, fields, refusal, param):
    answer = http.post("/tts", json=fields)
    assert fault(answer) == refusal
    assert answer.json()["error"]["param"] == param


def test_json_that_was_sent_as_a_form_is_told_from_one(http):
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = http.post("/tts", content=json.dumps({"text": TEXT}), headers=form)
    assert fault(answer) == (422, "invalid_request")
    assert "application/json" in answer.json()["error"]["hint"]


def test_a_form_says_nothing_twice(http):
    both = {"reference": REFERENCE.read_bytes(), "audio": REFERENCE.read_bytes()}
    assert fault(http.post("/tts", data={"text": TEXT}, files=both))[0] == 422
    assert fault(http.get("/tts?text=One.&text=Two."))[0] == 422


def test_a_long_text_does_not_fit_into_an_address(http):
    long = "One sentence of some length. " * 70
    assert fault(http.get("/tts", params={"text": long})) == (422, "text_too_long")


def test_no_more_is_taken_than_there_is_room_for(http, stack: Stack):
    with no_room(stack):
        assert fault(http.get("/tts", params={"text": TEXT})) == (429, "too_many_jobs")


def test_a_page_of_another_site_cannot_embed_it(http):
    def embedded(**headers: str) -> httpx.Response:
        about = {"Sec-Fetch-Site": "cross-site", **headers}
        return http.get("/tts", params={"text": TEXT}, headers=about)

    assert fault(embedded(Referer="https://elsewhere.example/page"))[1] == "forbidden_host"
    assert fault(embedded())[1] == "forbidden_host"
    assert embedded(Referer="http://localhost:3000/page").status_code == 200


# --- what comes out ---


def test_the_answer_is_the_finished_file_and_says_what_it_took(http):
    answer = http.post("/tts", json={"text": TEXT, "seed": 7, "format": "wav"})

    job = job_of(http, answer)
    told, timings = answer.headers, job["result"]["timings"]
    assert answer.content == http.get(job["links"]["audio"]).content
    assert int(told["Content-Length"]) == len(answer.content)
    assert told["Content-Type"] == "audio/wav"
    assert "Accept-Ranges" not in told
    assert told["X-Seed"] == "7"
    assert (told["X-TTS-Engine"], told["X-TTS-Preview"]) == ("preview", "true")
    assert told["X-TTS-Cache"] == "none"
    assert float(told["X-Audio-Seconds"]) == pytest.approx(seconds(answer), abs=0.001)
    assert float(told["X-Real-Time-Factor"]) == pytest.approx(
        timings["real_time_factor"], abs=0.001
    )
    assert [
        int(told[name]) for name in ("X-Queue-Ms", "X-First-Audio-Ms", "X-Generation-Ms")
    ] == pytest.approx(
        [1_000 * timings[name] for name in ("queued", "first_audio", "generation")], abs=1
    )


def test_warnings_come_along(http):
    asked = {"text": TEXT, "description": "An old sailor, hoarse.", "size": "0.6B"}
    answer = http.post("/tts", json=asked)
    streamed = http.post("/tts", json={**asked, "stream": True})
    job = job_of(http, answer)
    told = [json.loads(it.headers["X-TTS-Warnings"]) for it in (answer, streamed)]
    assert told == [job["warnings"]] * 2
    assert "no 0.6B checkpoint" in job["warnings"][0]


@pytest.mark.parametrize("format", ["wav", "mp3", "pcm"])
def test_speed_is_heard(http, format: str):
    usual = http.post("/tts", json={"text": TEXT, "seed": 7})
    fast = http.post("/tts", json={"text": TEXT, "seed": 7, "speed": 2, "format": format})

    assert fast.status_code == 200
    assert int(fast.headers["Content-Length"]) == len(fast.content)
    told = float(fast.headers["X-Audio-Seconds"])
    assert told == pytest.approx(float(usual.headers["X-Audio-Seconds"]) / 2, rel=0.1)
    if format == "wav":
        assert seconds(fast) == pytest.approx(told, abs=0.001)


def test_a_stream_is_the_same_sound(http):
    asked = {"text": TEXT, "seed": 7, "format": "pcm"}
    with http.stream("POST", "/tts", params={"stream": 1}, json=asked) as answer:
        heard = b"".join(answer.iter_bytes())

    job = ended(http, answer.headers["X-Job-Id"])
    assert heard == http.get(job["links"]["audio"], params={"format": "pcm"}).content
    assert answer.headers["X-Seed"] == "7"
    assert "X-Queue-Ms" in answer.headers
    assert "X-Generation-Ms" not in answer.headers


@pytest.mark.parametrize("stream", ["0", "1"])
def test_a_job_that_nobody_waits_for_is_cancelled(paced: Stack, stream: str):
    http, name = paced.http(), f"gone-{stream}"
    asked = {"text": LONG, "instruct": name}
    if stream == "1":
        with http.stream("POST", "/tts", params={"stream": stream}, json=asked) as answer:
            next(answer.iter_bytes())
    else:
        with pytest.raises(httpx.ReadTimeout):
            http.post("/tts", json=asked, timeout=httpx.Timeout(10, read=1))

    job = newest(http)
    assert job["request"]["instruct"] == name
    until = time.monotonic() + PATIENCE
    while (state := look(http, job["id"])["state"]) not in ENDED and time.monotonic() < until:
        time.sleep(0.05)
    assert state == "cancelled"


def test_a_job_that_somebody_stops_is_an_error(paced: Stack):
    http = paced.http()
    with ThreadPoolExecutor() as aside:
        answer = aside.submit(http.post, "/tts", json={"text": LONG}, timeout=PATIENCE)
        until = time.monotonic() + PATIENCE
        while not (active := http.get("/v1/jobs?active=true").json()["items"]):
            assert time.monotonic() < until
        http.delete(f"/v1/jobs/{active[0]['id']}")
        assert fault(answer.result()) == (500, "job_failed")


def test_a_stream_that_ends_early_breaks_off(paced: Stack):
    http = paced.http()
    with http.stream("POST", "/tts", params={"stream": 1}, json={"text": LONG}) as answer:
        blocks = answer.iter_bytes()
        next(blocks)
        paced.http(1).delete(f"/v1/jobs/{answer.headers['X-Job-Id']}")
        with pytest.raises(httpx.RemoteProtocolError):
            list(blocks)


# --- what there is ---


def test_every_voice_that_is_listed_speaks(http):
    listed = http.get("/voices").json()

    assert {"id", "name", "kind", "language"} <= listed[0].keys()
    assert [voice["id"] for voice in listed] == [
        voice["id"] for voice in http.get("/v1/voices").json()["items"]
    ]
    for name in {listed[0]["id"], listed[-1]["name"]}:
        job = job_of(http, http.post("/tts", json={"text": "Yes.", "voice": name}))
        assert job["state"] == "succeeded"


def test_voices_are_narrowed_as_in_the_library(http):
    assert {voice["kind"] for voice in http.get("/voices?kind=preset").json()} == {"preset"}
    assert len(http.get("/voices?limit=2").json()) == 2


def test_moods_and_caches_are_those_of_the_other_routes(http):
    assert [mood["id"] for mood in http.get("/emotions").json()] == list(EMOTIONS)
    cleared = http.post("/cache/clear")
    assert (cleared.status_code, cleared.json()["action"]) == (202, "clear_caches")
