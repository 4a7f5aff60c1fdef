"""Documents become plans when a pipeline is submitted, on every surface alike."""

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from api.app import create
from api.guards import MAX_TEXT_BODY
from api.planning import MOST_CARRIED
from shared.requests import CONTRACTS
from shared.requests.declared import Declared
from shared.requests.pipeline import LONGEST_DOCUMENT
from shared.requests.subtitles import Subtitles
from shared.settings import ROOT, load
from tests.api.http import Answer, Http
from tests.api.jobs import fault

TEXT: str = Subtitles.example["text"]
SOURCE = (ROOT / "tests" / "data" / "dubbing.srt").read_bytes()
PNG = (
    b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\0\1\0\0\0\1\x08\0\0\0\0"
    + bytes(12)
    + b"\0\0\0\0IEND\xae\x42\x60\x82"
)
"""One black dot, as far as its head says."""
UNKNOWN = "0" * 64
NOWHERE = "redis://127.0.0.1:1/0"


def serving(folder: Path, redis_url: str, **settings: Any) -> TestClient:
    made = load(
        redis_url=redis_url,
        outputs_dir=folder / "outputs",
        voices_dir=folder / "voices",
        **settings,
    )
    return TestClient(create(made), base_url="http://127.0.0.1:8000", client=("127.0.0.1", 1))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("planning")


@pytest.fixture(scope="module")
def http(folder: Path, redis_server_url: str) -> Iterator[TestClient]:
    """An API without a worker: a plan needs none, and a job waits."""
    with serving(folder, redis_server_url) as client:
        yield client


def send(http: Http, task: str = "subtitles", **body: Any) -> Answer:
    return http.post(f"/v1/jobs/{task}", json=body)


def plan(http: Http, task: str = "subtitles", **body: Any) -> dict[str, Any]:
    answer = http.post(f"/v1/jobs/{task}", params={"plan": 1}, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def upload(http: Http, kind: str, content: bytes, name: str = "a.srt") -> Answer:
    return http.post("/v1/uploads", params={"kind": kind}, files={"file": (name, content)})


def kept(folder: Path) -> set[str]:
    return {path.name for path in (folder / "outputs" / ".uploads").rglob("*.*")}


# --- the plan alone ---


def test_a_plan_says_what_would_be_spoken_and_is_kept(http: TestClient):
    made = plan(http, text=TEXT, cast={"ANNA": "serena"})
    assert [line["text"] for line in made["lines"]] == [
        "The river froze in November.",
        "It was enough.",
    ]
    assert [line["role"]["voice"] for line in made["lines"]] == ["ryan", "serena"]
    assert made["seconds"] > 1
    assert http.get(f"/v1/uploads/plan/{made['id']}").json()["seconds"] == made["seconds"]


def test_equal_documents_have_one_plan(http: TestClient):
    assert plan(http, text=TEXT) == plan(http, text=TEXT)


def test_a_plan_needs_neither_worker_nor_redis(tmp_path: Path):
    with serving(tmp_path, NOWHERE) as http:
        assert plan(http, text=TEXT)["lines"]
        assert fault(send(http, text=TEXT)) == (503, "queue_unavailable")


def test_no_job_is_made_of_a_plan_alone(http: TestClient):
    before = http.get("/v1/jobs").json()
    plan(http, text=TEXT)
    assert http.get("/v1/jobs").json() == before


@pytest.mark.parametrize(
    "declared", [task for task in CONTRACTS.values() if task.kind == "pipeline"]
)
def test_the_example_of_every_pipeline_has_a_plan(http: TestClient, declared: type[Declared]):
    made = plan(http, declared.name, **declared.example)
    assert made["task"] == declared.name
    assert made["lines"]


# --- jobs ---


def test_a_job_carries_the_plan_of_its_document(http: TestClient):
    made = plan(http, text=TEXT, language="english")
    answer = send(http, text=TEXT, language="english")
    assert answer.status_code == 202, answer.text
    request = answer.json()["request"]
    assert (request["plan"], request["text"]) == (made["id"], TEXT)


def test_a_plan_that_was_changed_is_spoken_as_it_stands(http: TestClient):
    made = plan(http, text=TEXT)
    made["lines"][0] |= {"text": "The river thawed.", "said": "The river thawed."}
    files = {"plan": ("plan.json", json.dumps(made))}
    request = http.post("/v1/jobs/subtitles", files=files).json()["request"]
    assert request["plan"] != made["id"]
    again = plan(http, plan=request["plan"])
    assert [line["text"] for line in again["lines"]] == ["The river thawed.", "It was enough."]


def test_a_plan_that_was_not_changed_keeps_its_id(http: TestClient):
    made = plan(http, text=TEXT)
    assert upload(http, "plan", json.dumps(made).encode()).json()["id"] == made["id"]


def test_a_document_may_be_a_file(http: TestClient):
    files = {"source": ("film.srt", SOURCE), "request": json.dumps({"voice": "aiden"})}
    beside = http.post("/v1/jobs/subtitles", files=files).json()["request"]
    sent = upload(http, "document", SOURCE).json()
    before = send(http, source=sent["id"], voice="aiden").json()["request"]
    assert beside == before
    assert beside["source"] == sent["id"]
    assert beside["plan"]


def test_a_name_is_part_of_what_was_sent(http: TestClient):
    """Its ending decides how the document is read."""

    def repeat(name: str) -> Answer:
        headers = {"Idempotency-Key": "one-film"}
        files = {"source": (name, SOURCE)}
        return http.post("/v1/jobs/subtitles", files=files, headers=headers)

    first = repeat("film.srt").json()
    assert repeat("film.srt").json()["id"] == first["id"]
    assert fault(repeat("film.txt")) == (422, "idempotency_conflict")


def test_a_long_text_becomes_a_file(http: TestClient):
    text = "The lamp turned. " * (MOST_CARRIED // 16)
    answer = send(http, "narration", text=text)
    assert answer.status_code == 202, answer.text
    request = answer.json()["request"]
    assert request["text"] is None
    assert http.get(f"/v1/uploads/document/{request['source']}").json()["media"] == "text"
    assert request["plan"] == plan(http, "narration", source=request["source"])["id"]


def epub(cover: bytes) -> bytes:
    """A book of one page, with a cover."""
    package = """<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><manifest>
<item id="c" href="c.png" media-type="image/png" properties="cover-image"/>
<item id="p" href="p.xhtml" media-type="application/xhtml+xml"/></manifest>
<spine><itemref idref="p"/></spine></package>"""
    page = """<html xmlns="http://www.w3.org/1999/xhtml"><body><h1>One</h1>
<p>The lamp turned.</p></body></html>"""
    container = """<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container">
<rootfiles><rootfile full-path="b.opf"/></rootfiles></container>"""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as packed:
        packed.writestr("mimetype", "application/epub+zip")
        packed.writestr("META-INF/container.xml", container)
        packed.writestr("b.opf", package)
        packed.writestr("p.xhtml", page)
        packed.writestr("c.png", cover)
    return file.getvalue()


def test_the_cover_of_a_book_goes_with_it(http: TestClient):
    book = upload(http, "document", epub(PNG), "book.epub").json()["id"]
    request = send(http, "narration", source=book).json()["request"]
    assert request["cover"] == upload(http, "cover", PNG).json()["id"]
    planned = plan(http, "narration", source=book)["id"]
    assert send(http, "narration", source=book, plan=planned).json()["request"] == request


def test_a_damaged_cover_is_left_out_and_told(http: TestClient):
    book = upload(http, "document", epub(PNG[:-20]), "book.epub").json()["id"]
    job = send(http, "narration", source=book).json()
    assert job["request"]["cover"] is None
    assert any("cover" in warning for warning in job["warnings"])


def test_again_asks_for_the_same_plan(http: TestClient, folder: Path):
    """The document itself is needed no more."""
    sent = upload(http, "document", SOURCE + b"\n").json()["id"]
    job = send(http, source=sent).json()
    for path in (folder / "outputs" / ".uploads" / "document").glob(f"{sent}.*"):
        path.unlink()
    answer = http.post(f"/v1/jobs/{job['id']}/again")
    assert answer.status_code == 202, answer.text
    request = answer.json()["request"]
    assert (request["plan"], request["source"]) == (job["request"]["plan"], None)


def test_a_socket_plans_as_a_post_does(http: TestClient):
    with http.websocket_connect("ws://127.0.0.1:8000/v1/stream") as socket:
        body = {"text": TEXT, "cast": {"ANNA": "nobody"}}
        socket.send_json({"type": "start", "task": "subtitles", "request": body})
        error = socket.receive_json()["error"]
    assert (error["code"], error["param"]) == ("unknown_voice", "cast.ANNA")


def test_nothing_is_kept_of_a_job_that_the_queue_refuses(folder: Path):
    with serving(folder, NOWHERE) as http:
        before = kept(folder)
        assert fault(send(http, text=TEXT, seed=99))[0] == 503
        assert kept(folder) == before


# --- bad input ---


def damaged(**changes: Any) -> bytes:
    """A plan whose second line has these changes."""
    line = {"text": "One.", "said": "One.", "language": "english", "seed": 1, "seconds": 2}
    lines = [{"number": number, "role": {"voice": "ryan"}, **line} for number in (1, 2)]
    lines[1] |= changes
    return json.dumps({"task": "subtitles", "language": "english", "lines": lines}).encode()


def test_a_damaged_line_of_a_plan_is_named(http: TestClient):
    answer = upload(http, "plan", damaged(said=""))
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["message"].startswith("lines.1.said: ")


def test_a_plan_is_for_one_pipeline(http: TestClient):
    answer = send(http, "narration", plan=upload(http, "plan", damaged()).json()["id"])
    assert fault(answer) == (422, "invalid_request")
    assert answer.json()["error"]["param"] == "plan"


def test_a_voice_that_a_plan_lacks_is_named_with_its_line(http: TestClient):
    made = damaged(role={"voice": "nobody"})
    answer = send(http, plan=upload(http, "plan", made).json()["id"])
    assert fault(answer) == (404, "unknown_voice")
    assert answer.json()["error"]["message"].startswith("lines.1.role.voice: ")


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        ({}, "invalid_request", "text"),
        ({"text": ""}, "nothing_to_say", "text"),
        ({"text": "  \n"}, "nothing_to_say", "text"),
        ({"text": TEXT, "source": UNKNOWN}, "invalid_request", "source"),
        ({"source": UNKNOWN}, "unknown_upload", "source"),
        ({"plan": UNKNOWN}, "unknown_upload", "plan"),
        ({"text": TEXT, "voice": "nobody"}, "unknown_voice", "voice"),
        ({"text": TEXT, "cast": {"ANNA": "nobody"}}, "unknown_voice", "cast.ANNA"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_request_without_a_document_or_voice_is_refused(
    http: TestClient, body: dict[str, Any], code: str, param: str
):
    answer = send(http, **body)
    assert fault(answer)[1] == code
    assert answer.json()["error"]["param"] == param


def test_a_text_of_any_length_that_is_read_may_be_in_the_json(http: TestClient):
    """Every letter escaped, as the most careful clients send it."""
    body = json.dumps({"text": TEXT + "é" * (LONGEST_DOCUMENT - len(TEXT)), "voice": "nobody"})
    json_alone = http.post(
        "/v1/jobs/subtitles", content=body, headers={"Content-Type": "application/json"}
    )
    assert fault(json_alone) == (404, "unknown_voice")
    beside_a_file = http.post("/v1/jobs/subtitles", files={"request": (None, body), **picture()})
    assert fault(beside_a_file) == (422, "invalid_request"), "subtitles have no cover"


def picture() -> dict[str, Any]:
    return {"cover": ("a.png", b"\x89PNG")}


@pytest.mark.parametrize("length", [LONGEST_DOCUMENT + 1, MAX_TEXT_BODY + 1])
def test_a_longer_text_is_413_and_a_file_is_asked_for(http: TestClient, length: int):
    answer = send(http, text="a" * length)
    assert fault(answer) == (413, "body_too_large")
    assert "file" in answer.json()["error"]["hint"]
