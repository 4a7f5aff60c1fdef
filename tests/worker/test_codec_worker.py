"""A second worker that serves the codec's queue alone."""

import signal
from collections.abc import Iterator

import httpx
import pytest

from shared import keys
from shared.queue import JobQueue
from shared.requests.codec_encode import CodecEncode
from shared.requests.custom_voice import CustomVoice
from shared.settings import ROOT, load
from shared.submission import Submission
from tests.api.jobs import LONG, ended, look, submit, wait_for
from tests.stack import Stack

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """It speaks in real time, so that its first worker can be busy."""
    folder = tmp_path_factory.mktemp("codec")
    with Stack(folder, PREVIEW_PACE="1", WORKER_QUEUES="interactive,batch") as running:
        running.start_worker("codec-0", WORKER_QUEUES="codec")
        yield running


@pytest.fixture
def http(service: Stack) -> httpx.Client:
    return service.http()


def encode(http: httpx.Client) -> str:
    """Send a job for the codec; its id."""
    name = CodecEncode.example_files["audio"]
    files = {"request": (None, "{}", "application/json"), "audio": (ROOT / name).read_bytes()}
    answer = http.post("/v1/jobs/codec_encode", files=files)
    assert answer.status_code == 202, answer.text
    return answer.json()["id"]


def test_codec_job_ends_while_another_is_spoken(service: Stack, http: httpx.Client) -> None:
    spoken = submit(http, LONG)["id"]
    wait_for(http, spoken, lambda job: job["audio_seconds"] > 0)
    waiting = submit(http)["id"]
    encoded = encode(http)
    assert ended(http, encoded)["state"] == "succeeded"
    assert (look(http, spoken)["state"], look(http, waiting)["state"]) == ("running", "queued")
    assert JobQueue(service.redis(), load()).get(encoded).worker == "codec-0"
    for job_id in (waiting, spoken):
        http.delete(f"/v1/jobs/{job_id}")
        ended(http, job_id)


def test_checkpoints_are_loaded_by_the_worker_that_speaks(http: httpx.Client) -> None:
    assert http.post("/v1/models/0.6B-Base/load").json()["worker"] == "gpu-0"
    assert http.post("/v1/cache/clear").json()["worker"] == "codec-0, gpu-0"


def test_each_worker_says_which_queues_it_serves(http: httpx.Client) -> None:
    workers = http.get("/v1/status").json()["workers"]
    assert {worker["name"]: worker["queues"] for worker in workers} == {
        "codec-0": ["codec"],
        "gpu-0": ["interactive", "batch"],
    }


def test_queue_that_nobody_serves_is_named_and_its_jobs_wait(
    service: Stack, http: httpx.Client
) -> None:
    assert "No worker serves" not in http.get("/ready").json()["reason"]
    service.kill_worker(signal.SIGTERM, "codec-0")
    job = encode(http)
    found = http.get("/ready").json()
    assert found["ready"] is True
    assert "No worker serves the queue codec." in found["reason"]
    assert http.get("/v1/status").json()["queue"]["waiting"]["codec"] == 1
    service.start_worker("codec-0", WORKER_QUEUES="codec")
    assert ended(http, job)["state"] == "succeeded"


def test_job_of_a_dead_codec_worker_is_taken_up_by_its_next_life(
    service: Stack, http: httpx.Client
) -> None:
    """Its queue takes whatever is put into it; what speaks takes long enough to step in."""
    queue = JobQueue(service.redis(), load())
    request = CustomVoice.parse({"text": LONG, "language": "en"})
    job = queue.submit(Submission(request, client="me", queue=keys.CODEC, estimate=1.0))[0].id
    wait_for(http, job, lambda job: job["audio_seconds"] > 0)
    service.kill_worker(name="codec-0")
    service.start_worker("codec-0", WORKER_QUEUES="codec")
    wait_for(http, job, lambda job: job["attempts"] == 2 and job["state"] == "running")
    http.delete(f"/v1/jobs/{job}")
    assert ended(http, job)["state"] == "cancelled"


def test_worker_for_the_codec_alone_is_no_voice(service: Stack, http: httpx.Client) -> None:
    service.kill_worker(signal.SIGTERM)
    answer = http.get("/ready")
    assert answer.status_code == 503
    assert answer.json()["reason"].startswith("No worker that speaks is alive.")
    assert http.post("/v1/models/0.6B-Base/load").status_code == 503
    service.start_worker()
    assert http.get("/ready").status_code == 200
