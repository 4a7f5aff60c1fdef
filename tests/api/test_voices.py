"""The library over HTTP: what goes in, what comes out, and what is refused with nothing left."""

import base64
import io
import json
import socket
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlparse

import numpy as np
import pytest
import redis
from fastapi import FastAPI
from fastapi.testclient import TestClient

from api import voices as routes
from api.app import open_context
from api.deps import Context
from api.errors import install
from shared import asking
from shared.requests.voice_clone import VoiceClone
from shared.settings import ROOT, Settings
from shared.speakers import SPEAKERS
from shared.stores.folder import FolderOutputs
from shared.stores.recipe import Candidate
from shared.stores.voice_record import dumps
from shared.submission import Submission
from tests.announcing import announce
from tests.api.http import Answer, Http
from tests.api.jobs import said
from tests.shared.audio.sending import encoded, tone, with_film
from tests.shared.stores.runs import new_id, recipe, wav
from tests.shared.voices.people import SOUND, voice
from tests.stack import Stack

WORDS = "The light on the point was lit at dusk, as it had been every evening."
REFERENCE = (ROOT / "docs" / "examples" / "reference.flac").read_bytes()
FACTS = {"name": "Sailor", "language": "en", "tags": ["npc", "sea"], "consent": "She agreed."}


@pytest.fixture
def voices(stack: Stack) -> Path:
    return stack.folder / "voices"


@pytest.fixture(autouse=True)
def as_found(stack: Stack, voices: Path) -> Iterator[None]:
    """The shared service is left as it was found: with the preset speakers alone."""
    yield
    http = stack.http()
    for kept in list(kept_in(voices)):
        assert http.delete(f"/v1/voices/{kept}").status_code == 204


@pytest.fixture
def alone(tmp_path: Path, redis_url: str) -> TestClient:
    """The routes with a Redis, and no worker."""
    app = FastAPI()
    install(app)
    app.include_router(routes.router)
    app.state.context = open_context(
        Settings(
            voices_dir=tmp_path / "voices", outputs_dir=tmp_path / "outputs", redis_url=redis_url
        )
    )
    return TestClient(app)


def kept_in(voices: Path) -> list[str]:
    """Everything in the library's folder; what begins with a dot is the store's own."""
    found = voices.iterdir() if voices.exists() else []
    return sorted(path.name for path in found if not path.name.startswith((".", "_")))


def send(http: Http, data: bytes = REFERENCE, **fields: Any) -> Answer:
    files = {
        "voice": (None, json.dumps(FACTS | fields), "application/json"),
        "reference": ("voice.flac", data),
    }
    return http.post("/v1/voices", files=files)


def make(http: Http, **fields: Any) -> dict[str, Any]:
    answer = send(http, **fields)
    assert answer.status_code == 201, answer.text
    return answer.json()


def bring(http: Http, data: bytes, **form: str) -> Answer:
    return http.post("/v1/voices/import", files={"file": ("voice.zip", data)}, data=form)


def zipped(files: dict[str, bytes]) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return target.getvalue()


def refusal(answer: Answer) -> tuple[int, str, str | None]:
    error = answer.json()["error"]
    return answer.status_code, error["code"], error["param"]


def designed(stack: Stack, text: str = WORDS, **changes: Any) -> str:
    """A finished job with two candidates, as a worker leaves one; returns its id."""
    store, run, sound = FolderOutputs(stack.outputs_dir), new_id(), wav(4)
    candidates = [
        Candidate(
            number=number,
            seed=number,
            file=f"candidate-{number}.wav",
            duration_seconds=4,
            text=text,
            language="german",
            description="An old sailor.",
        )
        for number in (1, 2)
    ]
    made = recipe(run, sound, task="voice_design", candidates=candidates, **changes)
    growing = store.begin(run, 1)
    for name in ("audio.wav", "candidate-1.wav", "candidate-2.wav"):
        growing.append(name, sound)
    growing.append("metadata.json", made.model_dump_json().encode())
    growing.finish()
    return run


# --- find ---


def test_the_preset_speakers_are_voices(http: Http):
    page = http.get("/v1/voices").json()
    assert {item["id"] for item in page["items"]} == SPEAKERS.keys()
    assert {item["kind"] for item in page["items"]} == {"preset"}
    assert (page["total"], page["damaged"]) == (len(SPEAKERS), [])


def test_voices_are_found_by_words_tags_language_and_kind(http: Http):
    made = make(http)
    for query in ("q=SAIL", "tag=npc&tag=SEA", "language=en-GB&kind=cloned"):
        assert http.get(f"/v1/voices?{query}").json()["items"] == [
            made | {"warnings": http.get("/v1/voices/sailor").json()["warnings"]}
        ]
    assert http.get("/v1/voices?tag=npc&q=nobody").json()["items"] == []


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("limit=0", "limit"),
        ("kind=loud", "kind"),
        ("language=xx", "language"),
        ("colour=x", "colour"),
    ],
)
def test_a_wrong_question_is_named(http: Http, query: str, param: str):
    assert refusal(http.get(f"/v1/voices?{query}"))[::2] == (422, param)


def test_a_voice_that_is_not_there_is_named_by_what_named_it(http: Http):
    path = "/v1/voices/nobody"
    for answer in (http.get(path), http.patch(path, json={}), http.delete(path)):
        assert refusal(answer) == (404, "unknown_voice", "id")


@pytest.mark.parametrize("id", ["nobody", "..%2Fx", "Ryan", "x" * 3_000, "%00"])
@pytest.mark.parametrize("path", ["", "/sample", "/export", "/clips/reference.wav"])
def test_an_unknown_voice_is_not_found(http: Http, id: str, path: str):
    assert http.get(f"/v1/voices/{id}{path}").status_code == 404


# --- make, from a recording ---


def test_a_recording_becomes_a_voice_that_is_found_under_its_link(http: Http, voices: Path):
    answer = send(http, transcript=WORDS, settings={"seed": 7, "language": "de"})
    made = answer.json()
    assert answer.status_code == 201
    assert answer.headers["location"] == made["links"]["self"] == "/v1/voices/sailor"
    assert (made["kind"], made["language"], made["transcript"]) == ("cloned", "english", WORDS)
    assert made["settings"] == {"seed": 7, "language": "german"}
    assert made["clips"][0]["seconds"] > 3
    assert http.get(made["links"]["self"]).json()["name"] == "Sailor"
    assert {path.name for path in (voices / "sailor").iterdir()} == {
        "voice.yaml",
        "reference.wav",
        "reference.txt",
    }


def test_a_recording_may_have_been_sent_before(http: Http):
    sent = http.post("/v1/uploads?kind=reference", files={"file": ("a.flac", REFERENCE)}).json()
    answer = http.post("/v1/voices", json=FACTS | {"reference": sent["id"], "transcript": WORDS})
    assert answer.status_code == 201
    assert answer.json()["clips"][0]["seconds"] == pytest.approx(sent["seconds"], abs=1e-3)


def test_a_voice_without_consent_is_made_with_a_warning(http: Http):
    warnings = make(http, consent="")["warnings"]
    assert any("agrees" in warning for warning in warnings)
    assert any("speaker_only" in warning for warning in warnings)


def test_two_voices_of_one_name_are_refused(http: Http, voices: Path):
    make(http)
    assert refusal(send(http, name="SAILOR")) == (409, "conflict", "name")
    assert refusal(send(http, name="Uncle Fu")) == (409, "conflict", "name")
    assert kept_in(voices) == ["sailor"]


@pytest.mark.parametrize("name", ["../sailor", "a/b", "a\\b", "..", " ", "a\0b", "x" * 81])
def test_a_name_with_a_path_in_it_is_refused(http: Http, voices: Path, name: str):
    assert refusal(send(http, name=name)) == (422, "invalid_request", "name")
    assert kept_in(voices) == []


PACKAGED = zipped({"prompt/data.pkl": b"x", "prompt/version": b"3"})
"""What `torch.save` makes, as far as it is looked at here."""

BAD = {
    "a text file": (b"This is text, whatever it is called.", "unreadable_audio"),
    "nothing": (b"", "unreadable_audio"),
    "NaN samples": (
        encoded("wav", "pcm_f32le", np.full((1, 96_000), np.nan, np.float32)),
        "unreadable_audio",
    ),
    "a film": (with_film(tone(4)), "unreadable_audio"),
    "8 bits": (encoded("wav", "pcm_u8", tone(4)[None]), "unsuitable_reference"),
    "a telephone": (
        encoded("wav", "pcm_mulaw", tone(4, 8_000)[None], 8_000),
        "unsuitable_reference",
    ),
    "two seconds": (wav(2), "unsuitable_reference"),
    "two minutes": (wav(120), "unsuitable_reference"),
    "silence": (encoded("wav", "pcm_s16le", np.zeros((1, 96_000), np.float32)), None),
}


@pytest.mark.parametrize(("data", "code"), BAD.values(), ids=BAD)
def test_a_bad_recording_is_refused_and_nothing_is_kept(
    http: Http, voices: Path, data: bytes, code: str | None
):
    assert refusal(send(http, data)) == (422, code or "unsuitable_reference", "reference")
    assert kept_in(voices) == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"transcript": WORDS * 30}, "transcript"),
        ({"transcript": "..."}, "text"),
        ({"settings": {"text": "x"}}, "settings.text"),
        ({"settings": {"temperature": 9}}, "settings.temperature"),
        ({"language": "klingon"}, "language"),
        ({"kind": "preset"}, "kind"),
        ({"tags": ["x" * 41]}, "tags.0"),
        ({"reference": "0" * 64}, "reference"),
        ({"from_job": "x"}, "reference"),
    ],
)
def test_what_does_not_fit_is_named(http: Http, voices: Path, fields: dict[str, Any], param: str):
    assert refusal(send(http, **fields))[::2] == (422, param)
    assert kept_in(voices) == []


def test_a_form_without_its_json_and_json_without_a_source_are_refused(http: Http):
    assert http.post("/v1/voices", files={"reference": ("a.flac", REFERENCE)}).status_code == 422
    assert refusal(http.post("/v1/voices", json=FACTS))[::2] == (422, "reference")
    unsent = http.post("/v1/voices", json=FACTS | {"reference": "0" * 64})
    assert refusal(unsent)[:2] == (404, "unknown_upload")


def test_an_interrupted_upload_leaves_nothing(stack: Stack, http: Http, voices: Path):
    body = http.build_request(
        "POST",
        "/v1/voices",
        files={"voice": (None, json.dumps(FACTS)), "reference": ("a.flac", REFERENCE)},
    )
    whole = body.read()
    address = urlparse(stack.url)
    head = (
        f"POST /v1/voices HTTP/1.1\r\nHost: {address.netloc}\r\n"
        f"Content-Type: {body.headers['content-type']}\r\nContent-Length: {len(whole)}\r\n\r\n"
    )
    with socket.create_connection((address.hostname, address.port)) as line:
        line.sendall(head.encode() + whole[: len(whole) // 2])
        line.shutdown(socket.SHUT_WR)
        line.recv(1 << 16)
    assert kept_in(voices) == []
    assert make(http)["id"] == "sailor"


# --- make, from a job ---


def test_a_candidate_becomes_a_voice(stack: Stack, http: Http):
    job = designed(stack)
    answer = http.post(
        "/v1/voices", json={"name": "Sailor", "from_job": job, "candidate": 2, "tags": ["npc"]}
    )
    made = answer.json()
    assert answer.status_code == 201
    assert (made["kind"], made["language"], made["transcript"]) == ("designed", "german", WORDS)
    assert made["origin"] == {"job": job, "candidate": 2, "description": "An old sailor."}
    assert made["sample"] == {"engine": "preview", "preview": True}
    assert made["tags"] == ["npc"]
    assert http.get(made["links"]["sample"]).status_code == 200


def test_a_candidate_whose_words_were_not_kept_is_warned_of(stack: Stack, http: Http):
    answer = http.post("/v1/voices", json={"name": "Sailor", "from_job": designed(stack, text="")})
    assert any("speaker_only" in warning for warning in answer.json()["warnings"])


def test_a_candidate_that_is_not_there_is_refused(stack: Stack, http: Http, voices: Path):
    job = designed(stack)
    none = http.post("/v1/voices", json={"name": "A", "from_job": job, "candidate": 3})
    assert refusal(none) == (422, "invalid_request", "candidate")
    plain = said(http)["id"]
    assert refusal(http.post("/v1/voices", json={"name": "A", "from_job": plain}))[0] == 422
    unknown = http.post("/v1/voices", json={"name": "A", "from_job": new_id()})
    assert refusal(unknown)[:2] == (404, "unknown_job")
    assert kept_in(voices) == []


# --- make, from voices ---


def test_voices_are_mixed_with_a_warning(http: Http):
    make(http, name="Adam")
    make(http, name="Beth")
    mix = [{"voice": "ADAM", "weight": 2}, {"voice": "beth"}]
    made = http.post("/v1/voices", json={"name": "Blend", "mix": mix}).json()
    assert made["kind"] == "mixed"
    assert [(one["voice"], one["weight"]) for one in made["clips"]] == [("adam", 2), ("beth", 1)]
    assert any("experimental" in warning for warning in made["warnings"])


def test_a_preset_speaker_cannot_be_mixed(http: Http):
    make(http, name="Adam")
    answer = http.post(
        "/v1/voices", json={"name": "Blend", "mix": [{"voice": "adam"}, {"voice": "ryan"}]}
    )
    assert refusal(answer) == (422, "invalid_request", "mix")


# --- change and delete ---


def test_a_change_holds_and_the_rest_stays(http: Http):
    make(http)
    changed = http.patch("/v1/voices/sailor", json={"name": "Captain", "settings": {"seed": 1}})
    assert changed.status_code == 200
    shown = http.get("/v1/voices/sailor").json()
    assert (shown["name"], shown["settings"], shown["tags"]) == (
        "Captain",
        {"seed": 1},
        ["npc", "sea"],
    )


def test_what_is_odd_about_another_transcript_is_said(http: Http):
    make(http)
    changed = http.patch("/v1/voices/sailor", json={"transcript": "Yes."}).json()
    assert any("words missing" in warning for warning in changed["warnings"])


@pytest.mark.parametrize(
    "body",
    [{"colour": "red"}, {"name": None}, {"name": "a/b"}, {"tags": "x"}, {"kind": "mixed"}, []],
)
def test_a_wrong_change_is_refused_and_changes_nothing(http: Http, body: object):
    make(http)
    before = http.get("/v1/voices/sailor").json()
    assert http.patch("/v1/voices/sailor", json=body).status_code == 422
    assert http.get("/v1/voices/sailor").json() == before


def test_a_preset_speaker_can_be_marked_and_put_back(http: Http):
    marked = http.patch("/v1/voices/ryan", json={"tags": ["mine"]}).json()
    assert (marked["tags"], marked["name"]) == (["mine"], "Ryan")
    assert refusal(http.patch("/v1/voices/ryan", json={"name": "Bob"})) == (409, "conflict", "name")
    assert http.delete("/v1/voices/ryan").status_code == 204
    assert http.get("/v1/voices/ryan").json()["tags"] == []
    assert refusal(http.delete("/v1/voices/ryan"))[:2] == (409, "conflict")


def test_a_deleted_voice_is_gone(http: Http, voices: Path):
    make(http)
    answer = http.delete("/v1/voices/sailor")
    assert (answer.status_code, answer.content) == (204, b"")
    assert http.get("/v1/voices/sailor").status_code == 404
    assert kept_in(voices) == []


# --- moods ---


def test_a_voice_is_given_a_mood_and_loses_it(http: Http):
    make(http)
    path = "/v1/voices/sailor/clips/happy"
    answer = http.put(path, files={"file": ("a.flac", REFERENCE)}, data={"transcript": WORDS})
    assert answer.status_code == 200, answer.text
    happy = answer.json()["clips"][1]
    assert (happy["emotion"], happy["transcript"]) == ("happy", WORDS)
    assert http.get(path).content == http.get(f"/v1/voices/sailor/clips/{happy['file']}").content
    assert len(http.delete(path).json()["clips"]) == 1
    assert refusal(http.get(path))[:2] == (404, "unknown_file")


def test_a_mood_that_does_not_fit_is_refused(http: Http, voices: Path):
    make(http)
    clips = "/v1/voices/sailor/clips"
    before = sorted(path.name for path in (voices / "sailor").iterdir())
    good, bad = {"file": ("a.flac", REFERENCE)}, {"file": ("a.wav", b"text")}
    assert refusal(http.put(f"{clips}/grumpyish", files=good))[1] == "unknown_emotion"
    assert refusal(http.put(f"{clips}/happy", files=bad)) == (422, "unreadable_audio", "file")
    long = http.put(f"{clips}/happy", files=good, data={"transcript": WORDS * 25})
    assert refusal(long)[1] == "transcript_mismatch"
    assert refusal(http.put("/v1/voices/ryan/clips/happy", files=good))[0] == 409
    assert sorted(path.name for path in (voices / "sailor").iterdir()) == before


def test_a_mood_is_looked_at_before_the_recording(http: Http):
    bad = {"file": ("a.wav", b"text")}
    make(http)
    assert refusal(http.put("/v1/voices/sailor/clips/hungry", files=bad))[1] == "unknown_emotion"
    preset = http.put("/v1/voices/ryan/clips/happy", files=bad)
    assert refusal(preset) == (409, "conflict", "id")


@pytest.mark.parametrize("path", ["import", "sailor/clips/happy"])
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"json": {"file": "x"}}, "file"),
        ({"files": {"name": (None, "Captain")}}, None),
        ({"files": [("file", ("a", b"x")), ("file", ("b", b"x"))]}, "file"),
        ({"files": {"file": ("a", b"x"), "colour": (None, "red")}}, "colour"),
        ({"files": {"file": ("a", b"x"), "transcript": ("b", b"x")}}, "transcript"),
        ({"files": {"file": (None, "x")}}, "file"),
        ({"content": b"x", "headers": {"Content-Type": "multipart/form-data"}}, None),
        ({"content": b"x"}, None),
    ],
)
def test_a_form_that_cannot_be_met_is_explained(
    http: Http, voices: Path, path: str, body: dict[str, Any], param: str | None
):
    make(http)
    method = "POST" if path == "import" else "PUT"
    answer = http.request(method, f"/v1/voices/{path}", **body)
    assert refusal(answer)[:2] == (422, "invalid_request")
    assert param in (None, answer.json()["error"]["param"])
    assert kept_in(voices) == ["sailor"]


def test_json_instead_of_a_file_is_answered_with_what_to_do(http: Http):
    answer = http.post("/v1/voices/import", json={})
    assert "multipart/form-data" in answer.json()["error"]["hint"]


# --- hear ---


def test_a_recording_stands_in_for_a_sample_whole_and_in_part(http: Http):
    make(http)
    whole = http.get("/v1/voices/sailor/sample")
    assert whole.content == http.get("/v1/voices/sailor/clips/reference.wav").content
    assert whole.headers["content-type"] == "audio/wav"
    assert whole.headers["x-content-type-options"] == "nosniff"
    part = http.get("/v1/voices/sailor/sample", headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole.content[4:10])
    assert http.head("/v1/voices/sailor/sample").headers["content-length"] == str(
        len(whole.content)
    )


def test_what_a_preset_speaker_said_becomes_its_sample(http: Http):
    assert refusal(http.get("/v1/voices/ryan/sample")) == (404, "no_sample", "id")
    job = said(http, speaker="ryan", format="mp3")["id"]
    shown = http.put("/v1/voices/ryan/sample", json={"job": job}).json()
    assert (shown["has_sample"], shown["sample"]["preview"]) == (True, True)
    heard = http.get("/v1/voices/ryan/sample").content
    assert heard[-1_000:] == http.get(f"/v1/outputs/{job}/files/audio.wav").content[-1_000:]


def test_a_voice_reads_a_sentence_in_its_language_for_its_sample(http: Http):
    make(http)
    for who, task in (("sohee", "custom_voice"), ("sailor", "voice_clone")):
        once = {"Idempotency-Key": f"sample-of-{who}"}
        answer, twin = (http.post(f"/v1/voices/{who}/sample", headers=once) for _ in range(2))
        job = answer.json()
        assert (answer.status_code, job["task"]) == (202, task)
        assert (twin.status_code, twin.json()["id"]) == (200, job["id"])
        assert answer.headers["Location"].endswith(job["id"])
        assert http.get(f"/v1/jobs/{job['id']}/audio?follow=1").content
        shown = http.put(f"/v1/voices/{who}/sample", json={"job": job["id"]}).json()
        assert shown["sample"]["preview"]
        assert job["request"]["language"] == shown["language"]
        http.delete(f"/v1/voices/{who}")
    assert refusal(http.post("/v1/voices/nobody/sample"))[:2] == (404, "unknown_voice")


def test_only_a_job_in_which_the_voice_spoke_makes_its_sample(http: Http):
    job = said(http, speaker="ryan")["id"]
    other = http.put("/v1/voices/vivian/sample", json={"job": job})
    assert refusal(other) == (409, "conflict", "job")
    unknown = http.put("/v1/voices/vivian/sample", json={"job": new_id()})
    assert refusal(unknown)[:2] == (404, "unknown_job")
    assert not http.get("/v1/voices/vivian").json()["has_sample"]


# --- out and in ---


def test_a_voice_goes_out_and_comes_in_as_it_was(http: Http):
    made = make(http, transcript=WORDS)
    packed = http.get(made["links"]["export"])
    assert packed.headers["content-disposition"] == 'attachment; filename="sailor.zip"'
    assert packed.content == http.get(made["links"]["export"]).content
    assert refusal(bring(http, packed.content)) == (409, "conflict", "name")
    copy = bring(http, packed.content, name="Captain")
    assert copy.status_code == 201, copy.text
    assert copy.headers["location"] == "/v1/voices/captain"
    http.delete("/v1/voices/sailor")
    again = bring(http, packed.content).json()
    assert again["created"] == made["created"]
    assert http.get(again["links"]["export"]).content == packed.content


def test_a_name_that_is_taken_is_refused_before_a_recording_is_decoded(http: Http):
    make(http)
    spoilt = {"sailor/voice.yaml": dumps(voice("Sailor")), "sailor/reference.wav": b"text"}
    assert refusal(bring(http, zipped(spoilt))) == (409, "conflict", "name")
    assert refusal(bring(http, zipped(spoilt), name="Captain"))[1] == "unreadable_audio"


@pytest.mark.parametrize("name", ["../evil.wav", "/etc/evil.wav", "sailor\\evil.wav", "evil.wav"])
def test_a_zip_with_a_path_outside_is_refused(http: Http, voices: Path, name: str):
    good = {"sailor/voice.yaml": dumps(voice("Sailor")), "sailor/reference.wav": SOUND}
    answer = bring(http, zipped(good | {name: b"x"}))
    assert refusal(answer) == (422, "unreadable_voice", "file")
    assert "evil.wav" in answer.json()["error"]["message"]
    assert kept_in(voices) == []
    assert not (voices.parent / "evil.wav").exists()


@pytest.mark.parametrize("data", [b"", b"text", b"\x80\x04 a bare pickle", SOUND])
def test_what_is_no_voice_is_refused(http: Http, voices: Path, data: bytes):
    assert refusal(bring(http, data)) == (422, "unreadable_voice", "file")
    assert kept_in(voices) == []


def test_a_prompt_of_the_package_needs_a_name(http: Http, voices: Path):
    assert refusal(bring(http, PACKAGED)) == (422, "invalid_request", "name")
    assert kept_in(voices) == []


def test_a_prompt_of_the_package_is_read_by_a_worker(alone: TestClient, redis_url: str):
    prompt = {"checkpoint": "0.6B-Base", "file": base64.b64encode(b"tensors").decode()}
    with redis.Redis.from_url(redis_url, protocol=2) as connection, ThreadPoolExecutor() as threads:
        announce(connection)
        answer = threads.submit(bring, alone, PACKAGED, name="Sailor", checkpoint="0.6B-Base")
        asked = asking.receive(connection, 10)
        assert asked is not None
        assert isinstance(asked.question, asking.ReadPrompt)
        assert base64.b64decode(asked.question.file) == PACKAGED
        assert asked.question.checkpoint == "0.6B-Base"
        asking.reply(connection, asked, {"prompts": [prompt]})
        made = answer.result().json()
    assert (made["kind"], made["prompts"], made["clips"]) == ("cloned", ["0.6B-Base"], [])
    assert not made["has_sample"]


def test_without_a_worker_a_prompt_of_the_package_is_refused(alone: TestClient, tmp_path: Path):
    answer = bring(alone, PACKAGED, name="Sailor")
    assert refusal(answer)[:2] == (503, "worker_silent")
    assert kept_in(tmp_path / "voices") == []


# --- in use ---


def test_a_voice_that_a_waiting_job_speaks_with_is_not_deleted(alone: TestClient):
    make(alone, name="Adam")
    make(alone)
    here: Context = cast(FastAPI, alone.app).state.context
    request = VoiceClone(text="Hello.", voice="sailor")
    submission = Submission(request=request, client="test", queue="interactive", estimate=1.0)
    job, _ = here.queue.submit(submission)
    assert refusal(alone.delete("/v1/voices/sailor")) == (409, "voice_in_use", "id")
    assert alone.delete("/v1/voices/adam").status_code == 204
    here.queue.cancel(job.id)
    assert alone.delete("/v1/voices/sailor").status_code == 204


def test_what_a_waiting_job_will_hear_is_neither_replaced_nor_taken_away(alone: TestClient):
    make(alone)
    clips, file = "/v1/voices/sailor/clips", {"file": ("a.flac", REFERENCE)}
    assert alone.put(f"{clips}/happy", files=file).status_code == 200
    here: Context = cast(FastAPI, alone.app).state.context
    request = VoiceClone(text="Hello.", voice="sailor")
    submission = Submission(request=request, client="test", queue="interactive", estimate=1)
    job, _ = here.queue.submit(submission)
    for answer in (
        alone.put(f"{clips}/happy", files=file),
        alone.delete(f"{clips}/happy"),
        alone.patch("/v1/voices/sailor", json={"transcript": WORDS}),
    ):
        assert refusal(answer) == (409, "voice_in_use", "id")
    assert alone.put(f"{clips}/sad", files=file).status_code == 200
    assert alone.patch("/v1/voices/sailor", json={"tags": ["sea"]}).status_code == 200
    here.queue.cancel(job.id)
    assert alone.delete(f"{clips}/happy").status_code == 200


def test_a_job_that_is_being_taken_in_is_waited_for(alone: TestClient):
    make(alone)
    here: Context = cast(FastAPI, alone.app).state.context
    with ThreadPoolExecutor() as threads:
        with here.library.settled():
            deleted = threads.submit(alone.delete, "/v1/voices/sailor")
            wait([deleted], 0.2)
            request = VoiceClone(text="Hello.", voice="sailor")
            here.queue.submit(
                Submission(request=request, client="test", queue="interactive", estimate=1)
            )
        assert refusal(deleted.result()) == (409, "voice_in_use", "id")


# --- the contract ---


def test_a_damaged_voice_is_told_and_can_be_deleted(http: Http, voices: Path):
    make(http)
    (voices / "sailor" / "voice.yaml").write_text("name: [")
    page = http.get("/v1/voices").json()
    assert page["damaged"] == ["sailor"]
    assert len(page["items"]) == len(SPEAKERS)
    answer = http.get("/v1/voices/sailor")
    assert refusal(answer)[:2] == (500, "record_damaged")
    assert "sailor/voice.yaml" in answer.json()["error"]["message"]
    assert http.delete("/v1/voices/sailor").status_code == 204
