"""Jobs as the tests of the routes send and await them."""

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from shared import keys
from shared.settings import Settings
from tests.api.http import Answer, Http
from tests.stack import Stack

TEXT = "The lamp turned. Ten seconds; ten seconds; ten."
LONG = " ".join(f"This is sentence number {number} of a long story." for number in range(60))
"""More than a minute of speech."""
PATIENCE = 20.0
ENDED = ("succeeded", "failed", "cancelled")


def submit(http: Http, text: str = TEXT, **request: Any) -> dict[str, Any]:
    """Send a job; its first view."""
    answer = http.post("/v1/jobs/custom_voice", json={"text": text, "language": "en", **request})
    assert answer.status_code == 202, answer.text
    return answer.json()


def look(http: Http, job_id: str) -> dict[str, Any]:
    answer = http.get(f"/v1/jobs/{job_id}")
    assert answer.status_code == 200, answer.text
    return answer.json()


def wait_for(http: Http, job_id: str, reached: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """The job as soon as it is as it should be."""
    until = time.monotonic() + PATIENCE
    while not reached(job := look(http, job_id)):
        assert time.monotonic() < until, job
        time.sleep(0.01)
    return job


def ended(http: Http, job_id: str) -> dict[str, Any]:
    """The job once it has ended."""
    return wait_for(http, job_id, lambda job: job["state"] in ENDED)


def said(http: Http, text: str = TEXT, **request: Any) -> dict[str, Any]:
    """A job that has succeeded."""
    job = ended(http, submit(http, text, **request)["id"])
    assert job["state"] == "succeeded", job
    return job


def sounding(http: Http, text: str = LONG, **request: Any) -> dict[str, Any]:
    """A job that speaks at this moment."""
    return wait_for(http, submit(http, text, **request)["id"], lambda job: job["audio_seconds"] > 0)


def forget(stack: Stack, job: dict[str, Any]) -> None:
    """Let Redis forget a job, as it does after a day."""
    assert stack.redis().delete(keys.job(job["id"]), keys.stream(job["id"]))


@contextmanager
def no_room(stack: Stack) -> Generator[None]:
    """This client has as many jobs as it may have."""
    place = keys.client("address-127.0.0.1")
    others = {f"other-{number}": time.time() + 60 for number in range(Settings().max_client_jobs)}
    stack.redis().zadd(place, others)
    yield
    stack.redis().zrem(place, *others)


def fault(answer: Answer) -> tuple[int, str]:
    """Status and code of an error, whose body must be the one body of all errors."""
    body = answer.json()
    assert set(body) == {"error"}, body
    assert set(body["error"]) == {"message", "type", "param", "code", "hint"}
    assert "Traceback" not in answer.text
    return answer.status_code, body["error"]["code"]
