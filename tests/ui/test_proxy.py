"""The sound of a job under the dashboard's own address, and nothing else."""

from collections.abc import Callable
from uuid import uuid4

import httpx
import pytest
from fastapi.testclient import TestClient

from shared.client import Client
from shared.jobs import JobView
from shared.requests import CONTRACTS
from shared.settings import ROOT
from tests.stack import Stack
from tools import ports

UNKNOWN = "01890000-0000-7000-8000-000000000000"
"""An id that no job has."""


pytestmark = pytest.mark.redis

Inside = Callable[..., TestClient]
TEXT = "The lamp turned. Ten seconds; ten seconds; ten."


def spoken(client: Client, text: str = TEXT) -> JobView:
    job = client.wait(client.submit("custom_voice", {"text": text, "language": "english"}).id)
    assert job.state == "succeeded"
    return job


NOBODY = f"http://127.0.0.1:{ports.any_free()}"


@pytest.fixture
def client(stack: Stack) -> Client:
    return stack.client()


@pytest.fixture
def ui(stack: Stack, inside: Inside) -> TestClient:
    return inside(api_url=stack.url)


def test_live_sound_is_the_samples_of_the_file(ui: TestClient, client: Client):
    job = spoken(client)
    answer = ui.get(f"/live/{job.id}.pcm")
    assert answer.status_code == 200
    assert answer.content == client.audio(job.id, "pcm")


def test_live_sound_begins_where_it_is_asked_to(ui: TestClient, client: Client):
    job = spoken(client)
    answer = ui.get(f"/live/{job.id}.pcm", params={"after": 1000})
    assert answer.headers["x-speech-after"] == "1000"
    assert answer.content == client.audio(job.id, "pcm")[2000:]


def test_a_cursor_of_another_take_begins_anew(ui: TestClient, client: Client):
    job = spoken(client)
    answer = ui.get(f"/live/{job.id}.pcm", params={"after": 1000, "take": 7})
    assert answer.headers["x-speech-after"] == "0"
    assert answer.headers["x-speech-take"] == "0"
    assert answer.content == client.audio(job.id, "pcm")


def test_after_the_last_sample_it_says_how_the_job_ended(ui: TestClient, client: Client):
    job = spoken(client)
    samples = (job.result or {})["samples"]
    answer = ui.get(f"/live/{job.id}.pcm", params={"after": samples})
    assert (answer.status_code, answer.headers["x-speech-state"]) == (204, "succeeded")


def test_sound_comes_through_while_the_job_still_runs(
    slow_stack: Stack, make_dashboard: Callable[..., str]
):
    client, address = slow_stack.client(), make_dashboard(API_URL=slow_stack.url)
    job = client.submit("custom_voice", {"text": TEXT * 8, "language": "english"})
    with httpx.stream("GET", f"{address}/live/{job.id}.pcm", trust_env=False) as answer:
        assert next(answer.iter_bytes())
        assert client.job(job.id).state == "running"
    client.cancel(job.id)


def test_what_a_job_failed_of_is_told_to_its_listener(
    make_stack: Callable[..., Stack], inside: Inside
):
    short = make_stack(PREVIEW_PACE="1", DEADLINE_SECONDS="1", DEADLINE_FACTOR="0")
    job = short.client().submit("custom_voice", {"text": TEXT * 8, "language": "english"})
    assert short.client().wait(job.id).state == "failed"
    answer = inside(api_url=short.url).get(f"/live/{job.id}.pcm", params={"after": 10_000_000})
    assert answer.status_code == 409
    assert answer.json()["error"]["message"]


def test_a_range_of_the_file_passes_through(ui: TestClient, client: Client):
    job = spoken(client)
    whole = client.audio(job.id)
    answer = ui.get(f"/audio/{job.id}.wav", headers={"Range": "bytes=44-143"})
    assert answer.status_code == 206
    assert answer.headers["content-range"] == f"bytes 44-143/{len(whole)}"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.content == whole[44:144]


def test_a_range_beyond_the_file_is_refused_as_the_service_refuses_it(
    ui: TestClient, client: Client
):
    job = spoken(client)
    answer = ui.get(f"/audio/{job.id}.wav", headers={"Range": "bytes=99999999-"})
    assert answer.status_code == 416
    assert answer.json()["error"]["code"] == "range_not_satisfiable"


@pytest.mark.parametrize(
    ("format", "magic"), [("wav", b"RIFF"), ("flac", b"fLaC"), ("opus", b"OggS"), ("mp3", b"ID3")]
)
def test_every_download_is_in_its_format(ui: TestClient, client: Client, format: str, magic: bytes):
    answer = ui.get(f"/audio/{spoken(client).id}.{format}")
    assert answer.status_code == 200
    assert answer.content.startswith(magic)


def test_a_range_of_a_file_of_a_result_passes_through(ui: TestClient, client: Client):
    job = client.wait(client.submit("voice_design", CONTRACTS["voice_design"].example).id)
    answer = ui.get(f"/file/{job.id}/candidate-2.wav", headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"RIFF")


def test_a_voice_is_heard_and_exported(ui: TestClient, client: Client):
    reference = ROOT / "docs" / "examples" / "reference.flac"
    voice = client.create_voice({"name": "Passed on"}, reference)
    sample = ui.get(f"/voice/{voice.id}/sample", headers={"Range": "bytes=0-3"})
    assert (sample.status_code, sample.content) == (206, b"RIFF")
    clip = ui.get(f"/voice/{voice.id}/clips/{voice.clips[0].file}")
    assert clip.content == client.voice_clip(voice.id, voice.clips[0].file)
    assert ui.get(f"/voice/{voice.id}/export").content.startswith(b"PK")
    client.delete_voice(voice.id)


@pytest.mark.parametrize(
    "path",
    [
        "/live/..%2f..%2fready.pcm",
        "/live/x.pcm",
        "/audio/http:%2f%2fexample.com.wav",
        "/audio/..%2fstatus.wav",
        f"/audio/{UNKNOWN}.exe",
        f"/live/{UNKNOWN}.pcm?after=-1",
        "/waveform/..%2fstatus",
        f"/waveform/{UNKNOWN}?points=1000000",
        f"/file/{UNKNOWN}/..%2f..%2fmetadata.json",
        f"/file/{UNKNOWN}/.env",
        "/file/..%2f..%2fvoices/codes.npz",
        "/voice/..%2fjobs/sample",
        "/voice/Ryan%3f/sample",
        "/voice/ryan/clips/..%2fvoice.yaml",
        "/voice/_presets/export",
    ],
)
def test_nothing_but_a_job_or_a_voice_can_be_asked_for(ui: TestClient, path: str):
    answer = ui.get(path)
    assert answer.status_code in (404, 422)


def test_a_waveform_passes_through_with_how_long_it_may_be_kept(ui: TestClient, client: Client):
    job = spoken(client)
    answer = ui.get(f"/waveform/{job.id}", params={"points": 50, "v": "2"})
    assert answer.json() == client.waveform(job.id, 50).model_dump()
    assert "immutable" in answer.headers["cache-control"]


def test_what_the_browser_has_already_is_not_sent_again(ui: TestClient, client: Client):
    job = spoken(client)
    for path in (f"/audio/{job.id}.wav", f"/waveform/{job.id}", "/own/player.js"):
        tag = ui.get(path).headers["etag"]
        again = ui.get(path, headers={"If-None-Match": tag})
        assert (again.status_code, again.content) == (304, b""), path
        assert ui.get(path, headers={"If-None-Match": '"another"'}).status_code == 200, path


def test_scripts_are_asked_for_again_after_an_update(ui: TestClient):
    assert ui.get("/own/player.js").headers["cache-control"] == "no-cache"


@pytest.mark.parametrize("path", ["/live/{}.pcm", "/audio/{}.wav"])
def test_an_unknown_job_is_said_to_be_unknown(ui: TestClient, path: str):
    answer = ui.get(path.format(uuid4()))
    assert answer.status_code == 404
    assert answer.json()["error"]["code"] == "unknown_job"


@pytest.mark.parametrize("path", ["/live/{}.pcm", "/audio/{}.wav"])
def test_without_the_service_it_says_so_and_what_to_do(inside: Inside, path: str):
    ui = inside(api_url=NOBODY)
    answer = ui.get(path.format(uuid4()))
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (503, "service_unreachable")
    assert "API_URL" in error["hint"]


def test_the_key_of_the_service_never_reaches_the_browser(
    make_stack: Callable[..., Stack], inside: Inside
):
    keyed = make_stack(API_KEYS="only-for-the-dashboard")
    client = keyed.client(api_key="only-for-the-dashboard")
    ui = inside(api_url=keyed.url, api_key="only-for-the-dashboard")
    job = spoken(client)
    for path in ("/", f"/live/{job.id}.pcm", f"/audio/{job.id}.wav", "/own/player.js"):
        answer = ui.get(path)
        assert answer.is_success
        assert b"only-for-the-dashboard" not in answer.content
        assert "only-for-the-dashboard" not in str(answer.headers)


def test_voices_are_listed_for_pickers_and_read_for_their_samples(ui: TestClient, client: Client):
    listed = ui.get("/voice").json()
    sohee = next(voice for voice in listed["voices"] if voice["id"] == "sohee")
    assert (sohee["name"], sohee["facts"], sohee["sample"]) == ("Sohee", "Preset · Korean", False)
    job = ui.post("/voice/sohee/sample").json()["job"]
    assert client.wait(job).state == "succeeded"
    assert ui.put(f"/voice/sohee/sample/{job}").json() == {"preview": True}
    assert ui.get("/voice/sohee/sample").content == client.voice_sample("sohee")
    assert ui.post("/voice/nobody/sample").json()["error"]["code"] == "unknown_voice"
    client.delete_voice("sohee")
