"""What a request brings, where the machine has no room for it."""

import anyio
import pytest
from fastapi import FastAPI, UploadFile
from fastapi.testclient import TestClient
from starlette.requests import Request
from starlette.types import Message

from api import bodies, errors
from shared.errors import BodyTooLarge, StoreUnavailable
from tests.full_disk import full_disk

FORM = "multipart/form-data; boundary=x"
CONTENT = (
    b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'
    + b" " * (3 << 20)
    + b"\r\n--x--\r\n"
)
"""More than is held in memory."""


async def read_form() -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": CONTENT, "more_body": False}

    headers = [(b"content-type", FORM.encode())]
    request = Request({"type": "http", "method": "POST", "headers": headers}, receive)
    async with bodies.read(request, ["file"]):
        pass


def test_a_disk_without_room_is_no_fault_of_the_form():
    with full_disk(1 << 20), pytest.raises(StoreUnavailable) as caught:
        anyio.run(read_form)
    assert "free space" in (caught.value.next_step or "")


@pytest.mark.parametrize("body", [b"[%s1]" % (b"{}," * 1_000_000), "[" + "1," * 2_000_000 + "1]"])
def test_what_would_be_far_more_in_memory_is_refused_before_it_is_read(body: bytes | str):
    with pytest.raises(BodyTooLarge, match="values"):
        bodies._parsed(body)


def test_a_long_text_is_no_number_of_values():
    assert bodies._parsed(b'"%s"' % (b"x" * 3_000_000))


def test_a_form_that_fastapi_reads_is_refused_alike():
    app = FastAPI()
    errors.install(app)

    @app.post("/")
    def take(file: UploadFile) -> int | None:
        return file.size

    with full_disk(1 << 20):
        answer = TestClient(app).post("/", content=CONTENT, headers={"Content-Type": FORM})
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "store_unavailable")
