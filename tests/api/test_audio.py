import hashlib
import io
import threading
from uuid import uuid4

import httpx
import pytest
import soundfile

from shared.audio.formats import FORMATS
from shared.events import End, Header
from shared.stores.folder import FolderOutputs
from shared.stores.master import STREAM
from shared.stores.outputs import METADATA
from shared.stores.recipe import FileFact
from tests.api.hearing import pcm_of, samples
from tests.api.jobs import LONG, ended, fault, forget, said, sounding, submit
from tests.shared.audio.hearing import hear, likeness
from tests.shared.stores.runs import new_id, recipe, wav
from tests.stack import Stack

LIKENESS = 0.9
MASTERED = b"mastered"
CONTAINERS = ["wav", "flac", "mp3", "opus", "aac"]


@pytest.fixture(scope="module")
def spoken(stack: Stack) -> dict:
    """A finished job that the tests only read."""
    return said(stack.http())


# --- whole ---


def test_the_audio_is_the_file_whose_sum_the_job_tells(http, spoken):
    answer = http.get(spoken["links"]["audio"])
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "audio/wav"
    told = spoken["result"]["files"]["audio.wav"]
    assert len(answer.content) == told["bytes"]
    assert hashlib.sha256(answer.content).hexdigest() == told["sha256"]


def test_every_response_with_sound_says_that_it_is_a_preview(http, spoken):
    for query in ("", "?follow=1", "?format=mp3"):
        headers = http.get(spoken["links"]["audio"] + query).headers
        assert headers["x-tts-engine"] == "preview", query
        assert headers["x-tts-preview"] == "true", query


def test_a_part_is_served_by_range(http, spoken):
    whole = http.get(spoken["links"]["audio"]).content
    part = http.get(spoken["links"]["audio"], headers={"Range": "bytes=100-199"})
    assert part.status_code == 206
    assert part.content == whole[100:200]
    assert part.headers["content-range"] == f"bytes 100-199/{len(whole)}"


def test_a_range_outside_is_416(http, spoken):
    answer = http.get(spoken["links"]["audio"], headers={"Range": "bytes=99999999-"})
    assert fault(answer) == (416, "range_not_satisfiable")


@pytest.mark.parametrize("query", ["", "?follow=1", "?format=mp3", "?format=wav&follow=1"])
def test_head_tells_what_get_would_send(http, spoken, query):
    head = http.head(spoken["links"]["audio"] + query)
    get = http.get(spoken["links"]["audio"] + query)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("content-type", "x-tts-engine"):
        assert head.headers[name] == get.headers[name]


def test_head_tells_the_length_of_a_file(http, spoken):
    told = spoken["result"]["files"]["audio.wav"]["bytes"]
    assert http.head(spoken["links"]["audio"]).headers["content-length"] == str(told)


def test_samples_at_the_beginning_can_be_left_out(http, spoken):
    answer = http.get(spoken["links"]["audio"], params={"after": 1000, "format": "pcm"})
    assert answer.content == pcm_of(http, spoken)[2000:]


@pytest.mark.parametrize("follow", [{}, {"follow": 1}], ids=["whole", "follow"])
def test_nothing_is_left_beyond_the_end(http, spoken, follow):
    query = {"after": samples(spoken) + 5, "format": "pcm", **follow}
    answer = http.get(spoken["links"]["audio"], params=query)
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("query", ["format=midi", "after=-1", "after=x", f"after={2**60}"])
def test_a_bad_question_is_refused(http, spoken, query):
    answer = http.get(f"{spoken['links']['audio']}?{query}")
    assert fault(answer)[0] == 422
    assert answer.json()["error"]["param"] == query.split("=")[0]


# --- formats ---


@pytest.mark.parametrize("query", [{}, {"follow": 1}], ids=["whole", "follow"])
@pytest.mark.parametrize("format", CONTAINERS)
def test_a_finished_job_comes_in_every_format(http, spoken, format, query):
    answer = http.get(spoken["links"]["audio"], params={"format": format, **query})
    assert answer.headers["content-type"] == FORMATS[format].media_type
    assert likeness(hear(answer.content), pcm_of(http, spoken)) > LIKENESS


def test_pcm_is_the_samples_alone(http, spoken):
    answer = http.get(spoken["links"]["audio"], params={"format": "pcm"})
    assert answer.content == pcm_of(http, spoken)
    assert answer.headers["content-type"] == "audio/pcm;rate=24000;channels=1"


@pytest.mark.parametrize("query", ["", "?follow=1"])
@pytest.mark.parametrize("format", ["mp3", "flac", "aac"])
def test_a_job_of_another_format_is_served_in_it(http, format, query):
    job = said(http, format=format)
    answer = http.get(job["links"]["audio"] + query)
    assert answer.headers["content-type"] == FORMATS[format].media_type
    assert job["result"]["audio"] == f"audio.{format}"


# --- while it grows ---


def test_the_beginning_is_heard_before_the_end_is_made(paced):
    http = paced.http()
    job = submit(http, LONG)
    with http.stream("GET", f"{job['links']['audio']}?follow=1&format=pcm") as answer:
        heard = next(answer.iter_bytes())
        assert http.get(job["links"]["self"]).json()["state"] == "running"
    assert heard


@pytest.mark.slow
def test_what_was_followed_is_what_the_file_holds(paced):
    http = paced.http()
    job = submit(http)
    followed = http.get(job["links"]["audio"], params={"follow": 1, "format": "pcm"}).content
    assert followed == pcm_of(http, ended(http, job["id"]))


def test_following_may_begin_in_the_middle(paced):
    http = paced.http()
    job = sounding(http, "Hello there, this is a sentence of some length.")
    query = {"follow": 1, "format": "pcm", "after": 4_000}
    followed = http.get(job["links"]["audio"], params=query).content
    assert followed == pcm_of(http, ended(http, job["id"]))[8_000:]


def test_a_followed_job_that_is_cancelled_breaks_off(paced):
    http = paced.http()
    job = submit(http, LONG)
    query = {"follow": 1, "format": "pcm"}
    with http.stream("GET", job["links"]["audio"], params=query) as answer:
        pieces = answer.iter_bytes()
        next(pieces)
        http.delete(job["links"]["self"])
        with pytest.raises(httpx.RemoteProtocolError):
            for _ in pieces:
                pass


def test_one_who_goes_away_does_not_stop_the_job(paced):
    http = paced.http()
    job = submit(http, "Hello there, this is a sentence of some length.")
    with http.stream("GET", f"{job['links']['audio']}?follow=1") as answer:
        next(answer.iter_bytes())
    assert ended(http, job["id"])["state"] == "succeeded"


# --- pipelines ---


@pytest.fixture(scope="module")
def narrated(stack: Stack) -> str:
    """A finished pipeline, whose recording is another than what was streamed."""
    run, streamed = new_id(), wav(0.2)
    growing = FolderOutputs(stack.outputs_dir).begin(run, 1)
    growing.append(STREAM, streamed)
    growing.append("audio.m4b", MASTERED)
    told = recipe(
        run,
        streamed,
        task="narration",
        stream=STREAM,
        sample_rate=44_100,
        request={"format": "m4b"},
        audio="audio.m4b",
        files={"audio.m4b": FileFact(bytes=8, sha256="0" * 64, media_type="audio/mp4")},
    )
    growing.append(METADATA, told.model_dump_json().encode())
    growing.finish()
    return f"/v1/jobs/{run}/audio"


def test_the_recording_of_a_pipeline_is_served_as_it_was_finished(http, narrated):
    answer = http.get(narrated)
    assert (answer.content, answer.headers["content-type"]) == (MASTERED, "audio/mp4")
    assert fault(http.get(f"{narrated}?after=100")) == (409, "conflict")


def test_one_who_follows_a_pipeline_hears_what_was_streamed(stack, http, narrated):
    assert soundfile.read(io.BytesIO(http.get(narrated + "?follow=1").content))[1] == 24_000
    with stack.client().attach(narrated.split("/")[3]) as listening:
        messages = [frame for frame in listening if not isinstance(frame, bytes)]
    header, end = messages[0], messages[-1]
    assert isinstance(header, Header)
    assert isinstance(end, End)
    assert (header.mastered, header.sample_rate, end.samples) == (False, 24_000, 4_800)


# --- what is not there ---


def test_audio_that_is_not_ready_is_409(paced):
    http = paced.http()
    job = sounding(http)
    assert fault(http.get(job["links"]["audio"])) == (409, "audio_not_ready")
    assert fault(http.get(f"{job['links']['self']}/files/audio.wav")) == (409, "audio_not_ready")


@pytest.mark.parametrize("query", ["", "?follow=1", "?format=mp3"])
def test_a_cancelled_job_has_no_audio(paced, query):
    http = paced.http()
    job = sounding(http)
    http.delete(job["links"]["self"])
    ended(http, job["id"])
    assert fault(http.get(job["links"]["audio"] + query)) == (409, "no_audio")


def test_one_who_follows_a_waiting_job_hears_that_it_was_cancelled(paced):
    http, other = paced.http(), paced.http()
    sounding(http)
    job = submit(http)
    timer = threading.Timer(0.3, other.delete, [job["links"]["self"]])
    timer.start()
    answer = http.get(job["links"]["audio"], params={"follow": 1})
    timer.join()
    assert fault(answer) == (409, "no_audio")


@pytest.mark.parametrize("name", ["other.wav", "..%2Fmetadata.json", ".labels.json", "a%00b"])
def test_a_file_that_is_not_there_is_404(http, spoken, name):
    assert fault(http.get(f"{spoken['links']['self']}/files/{name}"))[0] == 404


def test_a_file_of_a_job_is_served_by_name(http, spoken):
    answer = http.get(f"{spoken['links']['self']}/files/audio.wav")
    assert answer.content == http.get(spoken["links"]["audio"]).content


# --- what Redis has forgotten ---


@pytest.mark.parametrize("query", ["", "?follow=1", "?format=pcm", "?follow=1&format=pcm&after=9"])
def test_a_forgotten_job_sounds_as_before(stack, http, query):
    job = said(http, f"Hello {uuid4().hex[:4]}.")
    before = http.get(job["links"]["audio"] + query)
    forget(stack, job)
    after = http.get(job["links"]["audio"] + query)
    assert (after.status_code, after.content) == (200, before.content)
    assert after.headers["content-type"] == before.headers["content-type"]
