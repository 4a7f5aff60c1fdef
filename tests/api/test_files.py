import hashlib
from pathlib import Path

import pytest
from fastapi import FastAPI, Request, Response
from fastapi.testclient import TestClient
from hypothesis import given
from hypothesis import strategies as st

from api.errors import install
from api.files import BLOCK, Span, blocks, parse_range, serve
from shared.errors import RangeNotSatisfiable, StoreUnavailable
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import Growing
from tests.shared.stores.runs import new_id

DATA = bytes(range(256)) * 4 * 1024
"""Several blocks."""
RUN = new_id()


@pytest.fixture
def store(tmp_path: Path) -> FolderOutputs:
    store = FolderOutputs(tmp_path)
    growing = store.begin(RUN, 1)
    growing.append("audio.wav", DATA)
    growing.append("empty.txt", b"")
    return store


@pytest.fixture
def growing(store: FolderOutputs) -> Growing:
    return store.begin(RUN, 1)


@pytest.fixture
def client(store: FolderOutputs) -> TestClient:
    app = FastAPI()
    install(app)

    @app.head("/{name}")
    @app.get("/{name}")
    def file(name: str, request: Request, save_as: str = "sound.wav") -> Response:
        return serve(
            store,
            RUN,
            name,
            request.headers.get("range"),
            "audio/wav",
            download_name=save_as,
            etag=hashlib.sha256(DATA).hexdigest(),
            head=request.method == "HEAD",
        )

    return TestClient(app)


def test_without_a_range_the_whole_file_comes(client: TestClient):
    answer = client.get("/audio.wav")
    assert answer.status_code == 200
    assert answer.content == DATA
    assert answer.headers["content-length"] == str(len(DATA))
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-type"] == "audio/wav"


@pytest.mark.parametrize(
    ("asked", "first", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=100-", 100, len(DATA)),
        ("bytes=-100", len(DATA) - 100, len(DATA)),
        (f"bytes=-{len(DATA) * 2}", 0, len(DATA)),
        (f"bytes=5-{len(DATA) * 2}", 5, len(DATA)),
        (f"bytes={BLOCK - 1}-{BLOCK}", BLOCK - 1, BLOCK + 1),
        ("BYTES=0-9", 0, 10),
    ],
)
def test_a_range_comes_as_asked(client: TestClient, asked: str, first: int, end: int):
    answer = client.get("/audio.wav", headers={"Range": asked})
    assert answer.status_code == 206
    assert answer.content == DATA[first:end]
    assert answer.headers["content-range"] == f"bytes {first}-{end - 1}/{len(DATA)}"
    assert answer.headers["content-length"] == str(end - first)


@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,5-6", "bytes=9-5", "bytes=-", "bytes=a-b", "lines=1-2", "bytes", "bytes=١-٢"],
)
def test_what_is_no_single_range_gives_the_whole(client: TestClient, asked: str):
    answer = client.get("/audio.wav", headers=[(b"Range", asked.encode())])
    assert answer.status_code == 200
    assert answer.content == DATA


@pytest.mark.parametrize("asked", [f"bytes={len(DATA)}-", "bytes=9999999999-", "bytes=-0"])
def test_a_range_outside_the_file_is_416(client: TestClient, asked: str):
    answer = client.get("/audio.wav", headers={"Range": asked})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(DATA)}"
    assert answer.json()["error"]["code"] == "range_not_satisfiable"


def test_an_empty_file_is_served_empty_and_has_no_ranges(client: TestClient):
    assert client.get("/empty.txt").content == b""
    assert client.get("/empty.txt", headers={"Range": "bytes=0-"}).status_code == 416


def test_head_tells_the_same_without_the_bytes(client: TestClient):
    whole = client.head("/audio.wav")
    assert (whole.status_code, whole.content) == (200, b"")
    assert whole.headers["content-length"] == str(len(DATA))
    part = client.head("/audio.wav", headers={"Range": "bytes=0-9"})
    assert (part.status_code, part.headers["content-length"]) == (206, "10")


def test_the_etag_is_the_sum_of_the_file(client: TestClient):
    answer = client.head("/audio.wav")
    assert answer.headers["etag"] == f'"{hashlib.sha256(DATA).hexdigest()}"'


def test_a_browser_is_told_not_to_guess(client: TestClient):
    assert client.head("/audio.wav").headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("sound.wav", "sound.wav"),
        ('a"; filename="b.exe', "a_filename_b.exe"),
        ("a\r\nX-Evil: 1", "a_X-Evil_1"),
        ("../../etc/passwd", "etc_passwd"),
        ("灯台", "file"),
        ("x" * 500, "x" * 100),
    ],
)
def test_the_name_to_save_under_is_plain(client: TestClient, name: str, sent: str):
    answer = client.head("/audio.wav", params={"save_as": name})
    assert answer.headers["content-disposition"] == f'inline; filename="{sent}"'
    assert "x-evil" not in answer.headers


@pytest.mark.parametrize("name", ["other.wav", "..%2Faudio.wav", "audio.wav%00", ".hidden.wav"])
def test_what_is_not_there_is_unknown(client: TestClient, name: str):
    answer = client.get(f"/{name}")
    assert answer.status_code == 404


def test_a_growing_file_is_served_as_far_as_it_is(client: TestClient, growing: Growing):
    growing.append("growing.wav", b"abc")
    assert client.get("/growing.wav").content == b"abc"
    growing.append("growing.wav", b"def")
    assert client.get("/growing.wav", headers={"Range": "bytes=2-"}).content == b"cdef"


def test_a_file_that_shrinks_breaks_the_answer_off(store: FolderOutputs, growing: Growing):
    pieces = blocks(store, RUN, "audio.wav", Span(0, len(DATA)))
    assert next(pieces) == DATA[:BLOCK]
    growing.truncate("audio.wav", BLOCK)
    with pytest.raises(StoreUnavailable):
        next(pieces)


@given(header=st.text(alphabet="bytes=0123456789-, ", max_size=20), size=st.integers(0, 300))
def test_every_range_lies_inside_the_file(header: str, size: int):
    try:
        span = parse_range(header, size)
    except RangeNotSatisfiable:
        return
    assert span is None or 0 <= span.start < span.end <= size
