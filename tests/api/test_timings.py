"""When what is heard, of a job that the service has spoken."""

from itertools import pairwise
from typing import Any

import httpx
import pytest

from shared.jobs import JobView
from tests.stack import Stack

TEXT = "In 1990, Dr. Smith came home. [pause:1] [speed:1.5] Nobody was there.[/speed]"
UNKNOWN = "01890000-0000-7000-8000-000000000000"


@pytest.fixture(scope="module")
def job(stack: Stack) -> JobView:
    """A job whose words were asked for."""
    client = stack.client()
    request = {"text": TEXT, "words": True, "normalise": True, "language": "english"}
    return client.wait(client.submit("custom_voice", request).id)


@pytest.fixture(scope="module")
def wordless(stack: Stack) -> JobView:
    client = stack.client()
    return client.wait(client.submit("custom_voice", {"text": "Nobody."}).id)


def asked(http: httpx.Client, job: JobView, **query: str) -> httpx.Response:
    return http.get(f"/v1/jobs/{job.id}/timings", params=query)


def test_the_result_has_every_word_as_it_is_written(job: JobView):
    segments: list[dict[str, Any]] = (job.result or {})["segments"]
    shown = [" ".join(word["text"] for word in segment["words"]) for segment in segments]
    assert shown == [segment["text"] for segment in segments]
    assert "1990," in [word["text"] for word in segments[0]["words"]]


def test_words_follow_one_another_within_their_segments(job: JobView):
    segments: list[dict[str, Any]] = (job.result or {})["segments"]
    for segment in segments:
        words = segment["words"]
        assert segment["start"] - 0.001 <= words[0]["start"]
        assert words[-1]["end"] <= segment["end"] + 0.001
        assert all(one["end"] <= other["start"] for one, other in pairwise(words))
    assert segments[1]["words"][0]["start"] >= segments[0]["words"][-1]["end"] + 1


def test_the_level_decides_whether_words_are_told(http: httpx.Client, job: JobView):
    coarse, fine = (asked(http, job, level=level).json() for level in ("segment", "word"))
    assert [segment["words"] for segment in coarse["segments"]] == [None, None]
    assert fine["segments"][0]["words"] == (job.result or {})["segments"][0]["words"]
    assert fine["duration_seconds"] == (job.result or {})["duration_seconds"]


def test_subtitles_are_of_segments_or_of_words(http: httpx.Client, job: JobView):
    srt = asked(http, job, format="srt")
    assert srt.headers["content-type"].startswith("application/x-subrip")
    assert srt.text.startswith("1\n00:00:00,000 --> ")
    vtt = asked(http, job, format="vtt", level="word")
    assert vtt.headers["content-type"].startswith("text/vtt")
    assert "came <00:00:" in vtt.text


def test_the_output_tells_the_same_as_its_job(http: httpx.Client, job: JobView):
    told = http.get(f"/v1/outputs/{job.id}/timings", params={"level": "word"})
    assert told.json() == asked(http, job, level="word").json()


def test_words_that_nobody_asked_for_are_not_there(http: httpx.Client, wordless: JobView):
    answer = asked(http, wordless, level="word")
    assert answer.status_code == 409
    assert answer.json()["error"]["code"] == "no_word_times"
    assert asked(http, wordless).json()["segments"][0]["text"] == "Nobody."


def test_a_pipeline_tells_its_lines(stack: Stack, http: httpx.Client):
    client = stack.client()
    script = "ANNA: It was enough.\nBEN: It was not."
    made = client.wait(client.submit("script", {"text": script}).id)
    told = asked(http, made).json()
    assert [(it["speaker"], it["line"]) for it in told["segments"]] == [("ANNA", 1), ("BEN", 2)]
    assert "<v ANNA>It was enough." in asked(http, made, format="vtt").text


def test_an_unknown_job_is_not_found(http: httpx.Client):
    assert http.get(f"/v1/jobs/{UNKNOWN}/timings").json()["error"]["code"] == "unknown_job"
    assert http.get(f"/v1/outputs/{UNKNOWN}/timings").json()["error"]["code"] == "unknown_output"
