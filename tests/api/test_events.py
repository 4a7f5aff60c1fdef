import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.api.jobs import LONG, fault, forget, said, sounding, submit


def told(http: httpx.Client, job: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of a job, to the end of the answer."""
    with http.stream("GET", job["links"]["events"], timeout=30) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


@pytest.mark.slow
def test_a_job_is_told_from_the_queue_to_the_end(paced):
    http = paced.http()
    seen = list(told(http, submit(http)))
    states = [event["state"] for name, event in seen if name == "progress"]
    assert states[0] in ("queued", "running")
    assert states[-1] == "succeeded"
    assert [name for name, _ in seen].count("header") == 1
    assert seen[-1][0] == "end"
    assert seen[-1][1]["state"] == "succeeded"


@pytest.mark.slow
def test_progress_never_falls(paced):
    http = paced.http()
    job = submit(http, "One sentence of some length. " * 4)
    shares = [event["progress"] for name, event in told(http, job) if name == "progress"]
    assert shares == sorted(shares)
    assert shares[-1] == 1


def test_the_name_of_an_event_is_its_type(http):
    for name, event in told(http, said(http)):
        assert event["type"] == name


def test_no_event_carries_sound(http):
    names = {name for name, _ in told(http, said(http))}
    assert names <= {"header", "progress", "warning", "error", "end"}


def test_a_waiting_job_tells_how_its_place_changes(paced):
    http, other = paced.http(), paced.http()
    sounding(http)
    first, second = submit(http, LONG), submit(http)
    places: list[int] = []
    for name, event in told(http, second):
        if name == "progress" and event["position"] is not None:
            if not places:
                other.delete(first["links"]["self"])
            places.append(event["position"])
            if event["position"] == 1:
                break
    assert places[0] == 2
    assert places[-1] == 1


def test_a_cancelled_job_ends_as_cancelled(paced):
    http, other = paced.http(), paced.http()
    job = submit(http, LONG)
    seen: list[tuple[str, dict[str, Any]]] = []
    for name, event in told(http, job):
        if name == "header":
            other.delete(job["links"]["self"])
        seen.append((name, event))
    assert seen[-1][0] == "end"
    assert seen[-1][1]["state"] == "cancelled"


def test_an_ended_job_is_told_at_once(http):
    job = said(http)
    name, event = list(told(http, job))[-1]
    assert (name, event["samples"]) == ("end", job["result"]["samples"])


def test_a_forgotten_job_is_told_from_its_output(stack, http):
    job = said(http)
    before = list(told(http, job))[-1]
    forget(stack, job)
    assert list(told(http, job))[-1] == before


def test_warnings_are_told(http):
    job = said(http, "The lamp turned.", language="auto")
    warnings = [event["message"] for name, event in told(http, job) if name == "warning"]
    assert warnings == job["warnings"]
    assert warnings


def test_an_unknown_job_has_no_events(http):
    assert fault(http.get("/v1/jobs/nobody/events")) == (404, "unknown_job")
