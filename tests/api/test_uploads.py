"""Files that are sent before their requests, or with them."""

import http.client
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from shared.requests.voice_clone import VoiceClone
from shared.settings import ROOT
from tests.api.jobs import TEXT, fault, no_room, said
from tests.shared.audio.sending import encoded, tone
from tests.stack import Stack

REFERENCE = (ROOT / "docs" / "examples" / "reference.flac").read_bytes()
CODES = (ROOT / "docs" / "examples" / "codes.json").read_bytes()
UNKNOWN = "0" * 64
BOUNDARY = "----frame"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}


def send(http: httpx.Client, kind: str, content: bytes, name: str = "voice.wav") -> httpx.Response:
    return http.post("/v1/uploads", params={"kind": kind}, files={"file": (name, content)})


def part(name: str, content: str, filename: str = "") -> str:
    """A part of a form, as it goes over the wire."""
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n{content}\r\n"


def kept(stack: Stack) -> set[str]:
    return {path.name for path in (stack.outputs_dir / ".uploads").rglob("*.*")}


# --- before a request ---


@pytest.mark.parametrize(
    ("kind", "content"), [("reference", REFERENCE), ("audio", REFERENCE), ("codes", CODES)]
)
def test_a_file_is_sent_and_looked_at(http, kind, content):
    answer = send(http, kind, content)
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    assert upload["kind"] == kind
    assert upload["seconds"] > 1
    assert answer.headers["location"] == f"/v1/uploads/{kind}/{upload['id']}"
    assert http.get(answer.headers["location"]).json() == upload


def test_a_document_keeps_its_name_and_says_when_it_goes(http):
    answer = send(http, "document", b"# One\n\nThe lamp turned.", "../a book.md")
    assert answer.status_code == 201, answer.text
    upload = answer.json()
    assert (upload["name"], upload["media"]) == ("a book.md", "markdown")
    assert upload["expires_at"] > upload["created_at"]
    assert http.get(answer.headers["location"]).json() == upload


def test_the_same_sound_has_the_same_id(http):
    assert (
        send(http, "audio", REFERENCE).json()["id"] == send(http, "audio", REFERENCE).json()["id"]
    )


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\\b", "x" * 500, "voice.exe", "\u202ecod.wav", "\x00.wav"]
)
def test_the_name_of_a_file_means_nothing(http, name):
    assert send(http, "audio", REFERENCE, name).json().keys() >= {"id", "kind"}


def test_what_is_wrong_but_bearable_is_said(http):
    long = encoded("flac", "flac", tone(25)[None])
    assert send(http, "reference", long).json()["warnings"]


def test_a_file_of_an_output_is_taken_as_it_lies_there(http):
    job = said(http)
    body = {"job": job["id"], "file": "audio.wav"}
    upload = http.post("/v1/uploads", params={"kind": "audio"}, json=body).json()
    assert upload["seconds"] == pytest.approx(job["result"]["duration_seconds"], abs=0.01)


@pytest.mark.parametrize(
    ("file", "code"), [("nothing.wav", "unknown_file"), ("../audio.wav", "unknown_file")]
)
def test_a_file_that_an_output_lacks_is_unknown(http, file, code):
    body = {"job": said(http)["id"], "file": file}
    answer = http.post("/v1/uploads", params={"kind": "audio"}, json=body)
    assert fault(answer) == (404, code)


def test_a_file_of_an_output_is_checked_like_any_other(http):
    body = {"job": said(http)["id"], "file": "metadata.json"}
    assert fault(http.post("/v1/uploads", params={"kind": "audio"}, json=body))[0] in (404, 422)


@pytest.mark.parametrize(
    ("kind", "content", "code"),
    [
        ("reference", b"This is a text, not a sound.", "unreadable_audio"),
        ("reference", b"", "unreadable_audio"),
        ("reference", encoded("wav", "pcm_s16le", tone(1)[None]), "unsuitable_reference"),
        ("codes", REFERENCE, "unreadable_codes"),
        ("document", REFERENCE, "unreadable_document"),
        ("document", b"", "nothing_to_say"),
        ("plan", b"{}", "invalid_request"),
        ("cover", REFERENCE, "unreadable_picture"),
    ],
    ids=["text", "nothing", "short", "sound-as-codes", "document", "empty", "plan", "cover"],
)
def test_a_bad_file_is_refused_and_nothing_is_kept(stack, http, kind, content, code):
    before = kept(stack)
    answer = send(http, kind, content)
    assert fault(answer) == (422, code)
    assert answer.json()["error"]["param"] == "file"
    assert kept(stack) == before


@pytest.mark.parametrize("kind", ["video", "", None])
def test_a_file_is_of_a_kind(http, kind):
    query = {} if kind is None else {"kind": kind}
    answer = http.post("/v1/uploads", params=query, files={"file": ("a.wav", REFERENCE)})
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == "kind"


FORMS: dict[str, tuple[str, str | None]] = {
    "no-parts": (f"--{BOUNDARY}--\r\n", "file"),
    "other-part": (part("voice", "x", "a.wav") + f"--{BOUNDARY}--\r\n", "voice"),
    "several": (part("file", "x", "a.wav") * 2 + f"--{BOUNDARY}--\r\n", "file"),
    "no-file-name": (part("file", "x") + f"--{BOUNDARY}--\r\n", "file"),
    "broken-off": (part("file", "x", "a.wav")[:-20], "file"),
    "nameless": (f"--{BOUNDARY}\r\nContent-Type: a/b\r\n\r\nx\r\n--{BOUNDARY}--\r\n", None),
    "no-form": ("hello", None),
    "many": ("".join(part(f"p{n}", "x") for n in range(50)) + f"--{BOUNDARY}--\r\n", None),
}


@pytest.mark.parametrize(("body", "param"), FORMS.values(), ids=list(FORMS))
def test_a_form_that_is_wrong_is_refused_once(stack, http, body, param):
    before = kept(stack)
    answer = http.post("/v1/uploads?kind=audio", content=body, headers=FORM)
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == param
    assert kept(stack) == before


@pytest.mark.parametrize("kind", ["audio/wav", "text/plain", "", "multipart/mixed; boundary=x"])
def test_a_file_that_is_not_in_a_form_is_refused_with_a_hint(http, kind):
    answer = http.post("/v1/uploads?kind=audio", content=REFERENCE, headers={"Content-Type": kind})
    assert fault(answer) == (422, "invalid_request")
    assert "multipart/form-data" in answer.json()["error"]["hint"]


@pytest.mark.parametrize("body", [{}, {"job": "x"}, {"job": 5, "file": "a"}, [], "x", None])
def test_json_names_a_job_and_a_file(http, body):
    answer = http.post("/v1/uploads?kind=audio", json=body)
    assert fault(answer) == (422, "invalid_request")


@pytest.mark.parametrize("upload_id", [UNKNOWN, "x", "..%2f..%2fmetadata", "a" * 10_000])
def test_an_unknown_file_is_404(http, upload_id):
    answer = http.get(f"/v1/uploads/reference/{upload_id}")
    assert fault(answer)[0] == 404


def test_nothing_is_left_of_a_file_whose_sender_went_away(stack):
    """More than Starlette holds in memory, so that it lies on disk when the sender goes."""
    before = kept(stack)
    address = urlsplit(stack.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=10)
    connection.putrequest("POST", "/v1/uploads?kind=audio")
    connection.putheader("Content-Length", str(8 << 20))
    connection.putheader("Content-Type", FORM["Content-Type"])
    connection.endheaders(part("file", "x" * (3 << 20), "a.wav").encode())
    connection.close()
    assert stack.http().get("/health").status_code == 200
    assert kept(stack) == before


@pytest.mark.parametrize(
    "content",
    [encoded("wav", "pcm_s16le", tone(60)[None]), b"This is a text. " * (2 << 16)],
    ids=["taken", "refused"],
)
def test_a_large_file_is_closed_before_the_answer(stack, http, content):
    """Above 1 MB it lies in a temporary file, which has no name and goes when it is closed."""
    assert len(content) > 1 << 20
    before = temporary(stack)
    assert send(http, "audio", content).status_code in (201, 422)
    assert temporary(stack) == before


def temporary(stack: Stack) -> list[str]:
    """Files without a name that the API holds open."""
    held: list[str] = []
    for link in Path(f"/proc/{stack.pids['api-0']}/fd").iterdir():
        with suppress(FileNotFoundError):  # closed a moment ago
            held.append(os.readlink(link))
    return sorted(name for name in held if name.endswith("(deleted)"))


# --- with a request ---


def clone(http: httpx.Client, files: Any, **body: Any) -> httpx.Response:
    fields = {"text": TEXT, "language": "en", **body}
    return http.post("/v1/jobs/voice_clone", data={"request": json.dumps(fields)}, files=files)


def withdraw(http: httpx.Client, answer: httpx.Response) -> dict[str, Any]:
    """A job that was admitted, taken back."""
    assert answer.status_code == 202, answer.text
    http.delete(answer.json()["links"]["self"])
    return answer.json()


def test_a_file_may_come_with_the_request(http):
    transcript = VoiceClone.example["transcript"]
    answer = clone(http, {"reference": ("a.flac", REFERENCE)}, transcript=transcript)
    request = withdraw(http, answer)["request"]
    sent = send(http, "reference", REFERENCE).json()
    assert request["reference"] == sent["id"]
    assert request["transcript"] == transcript


def test_the_json_may_come_as_a_file(http):
    files = {
        "request": ("request.json", json.dumps({"text": TEXT}), "application/json"),
        "reference": ("a.flac", REFERENCE),
    }
    withdraw(http, http.post("/v1/jobs/voice_clone", files=files))


def test_a_file_alone_is_a_request_where_nothing_else_is_needed(http):
    answer = http.post("/v1/jobs/codec_encode", files={"audio": ("a.flac", REFERENCE)})
    assert withdraw(http, answer)["request"]["audio"] == send(http, "audio", REFERENCE).json()["id"]


def test_an_id_stands_for_a_file_that_was_sent(http):
    upload = send(http, "codes", CODES).json()
    job = withdraw(http, http.post("/v1/jobs/codec_decode", json={"codes": upload["id"]}))
    assert job["request"]["codes"] == upload["id"]


def test_warnings_about_a_file_are_those_of_the_job(http):
    long = encoded("flac", "flac", tone(25)[None])
    warnings = send(http, "reference", long).json()["warnings"]
    job = withdraw(http, clone(http, {"reference": ("a.flac", long)}))
    assert job["warnings"][: len(warnings)] == warnings


def test_nothing_is_kept_of_a_request_that_is_refused(stack, http):
    before = kept(stack)
    strange = encoded("flac", "flac", tone(7)[None])
    answer = clone(http, {"reference": ("a.flac", strange)}, text="")
    assert fault(answer) == (422, "nothing_to_say")
    assert kept(stack) == before


def test_nothing_is_kept_of_a_request_that_the_queue_refuses(stack, http):
    before = kept(stack)
    strange = encoded("flac", "flac", tone(8)[None])
    with no_room(stack):
        assert fault(clone(http, {"reference": ("a.flac", strange)})) == (429, "too_many_jobs")
    assert kept(stack) == before


def test_a_file_that_was_sent_before_outlives_a_request_that_is_refused(stack, http):
    sent = send(http, "reference", REFERENCE)
    with no_room(stack):
        assert clone(http, {"reference": ("a.flac", REFERENCE)}).status_code == 429
    assert http.get(sent.headers["location"]).status_code == 200


def test_the_json_is_looked_at_before_the_file_is(http):
    answer = clone(http, {"reference": ("a.flac", b"no sound")}, languag="en")
    assert fault(answer) == (422, "unknown_field")


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("reference", b"text", "unreadable_audio"),
        ("codes", REFERENCE, "unreadable_codes"),
        ("voice", REFERENCE, "invalid_request"),
        ("audio", REFERENCE, "invalid_request"),
    ],
)
def test_a_bad_file_is_named_by_its_field(http, name, content, code):
    answer = clone(http, {name: ("a.wav", content)})
    assert fault(answer) == (422, code)
    assert answer.json()["error"]["param"] == name


@pytest.mark.parametrize("request_", ["", "{", "[]", "5", '{"text": "\\ud800"}', "[" * 100_000])
def test_the_json_of_a_form_is_as_strict_as_any(http, request_):
    files = {"reference": ("a.flac", REFERENCE)}
    answer = http.post("/v1/jobs/voice_clone", data={"request": request_}, files=files)
    assert fault(answer)[0] == 422


def test_a_task_without_files_takes_no_form(http):
    files = {"request": ("request.json", json.dumps({"text": TEXT}))}
    answer = http.post("/v1/jobs/custom_voice", files=files)
    assert fault(answer) == (422, "invalid_request")
    assert "application/json" in answer.json()["error"]["hint"]


def test_codec_tasks_wait_in_a_queue_of_their_own(stack, http):
    upload = send(http, "codes", CODES).json()
    job = withdraw(http, http.post("/v1/jobs/codec_decode", json={"codes": upload["id"]}))
    assert stack.redis().hget(f"tts:job:{job['id']}", "queue") == b"codec"
    assert float(stack.redis().hget(f"tts:job:{job['id']}", "estimate")) == upload["seconds"]
