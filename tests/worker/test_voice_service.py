"""Every task of voices behind the service, on three random-weight checkpoints, one at a time.

On random weights only the plumbing is testable: that there is a similarity, not how high it is.
"""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shared.audio import clip, codes
from shared.jobs import JobView
from shared.states import JobState
from shared.stores.uploads import content_id
from tests.listening import hear, samples_of
from tests.stack import Stack
from tests.worker.engine.speech import carry_on, recording
from worker.engine.cache import Cache

WORDS = "The old lamp is lit again."
DESIGN = {"text": "Hi there.", "description": "An old sailor.", "language": "english", "seed": 7}
SPEAK = {"text": "Hi.", "language": "english", "seed": 7}

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, three_models: Path) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("voices")
    with Stack(folder, ENGINE="qwen3", DEVICE="cpu", MODELS_DIR=str(three_models)) as running:
        yield running


@pytest.fixture(scope="module")
def designed(service: Stack) -> JobView:
    """Two candidates, the second of them kept as Old Sailor."""
    job = made(service, "voice_design", DESIGN | {"candidates": 2})
    service.client().create_voice({"name": "Old Sailor", "from_job": job.id, "candidate": 2})
    return job


def reference() -> io.BytesIO:
    return io.BytesIO(clip.dumps(recording()))


def made(stack: Stack, task: str, request: dict[str, Any], **files: io.BytesIO) -> JobView:
    client = stack.client()
    job = client.wait(client.submit(task, request, files=files).id)
    assert job.state is JobState.SUCCEEDED, job.error
    return job


def result(job: JobView) -> dict[str, Any]:
    assert job.result is not None
    return job.result


def spoke(job: JobView) -> str:
    assert job.engine is not None
    assert job.engine.revision.startswith("local-")
    return job.engine.checkpoint


def file(stack: Stack, job: JobView, name: str) -> bytes:
    answer = stack.http().get(f"/v1/outputs/{job.id}/files/{name}")
    assert content_id(answer.content) == result(job)["files"][name]["sha256"]
    return answer.content


def test_the_task_decides_the_checkpoint(service: Stack, designed: JobView) -> None:
    speaking = made(service, "custom_voice", SPEAK)
    cloning = made(service, "voice_clone", SPEAK, reference=reference())
    assert [spoke(job) for job in (speaking, designed, cloning)] == [
        "custom_voice",
        "voice_design",
        "base",
    ]
    (engine,) = result(cloning)["engines"]
    assert engine["checkpoint"] == "base"


def test_candidates_are_files_of_the_result(service: Stack, designed: JobView) -> None:
    first, second = result(designed)["candidates"]
    assert (first["seed"], second["seed"]) == (7, 8)
    assert file(service, designed, first["file"]) != file(service, designed, second["file"])
    assert result(designed)["files"][first["file"]]["media_type"] == "audio/wav"


def test_a_locked_candidate_is_the_same_voice_every_time(service: Stack, designed: JobView) -> None:
    jobs = [made(service, "voice_clone", SPEAK | {"voice": "Old Sailor"}) for _ in range(2)]
    jobs.append(made(service, "voice_clone", SPEAK | {"voice": "old_sailor", "seed": 8}))
    candidate = io.BytesIO(file(service, designed, "candidate-2.wav"))
    jobs.append(
        made(service, "voice_clone", SPEAK | {"transcript": "Hi there."}, reference=candidate)
    )
    assert len({result(job)["voice"]["digest"] for job in jobs}) == 1
    assert result(jobs[0])["voice"]["name"] == "Old Sailor"
    assert result(jobs[0])["files"] == result(jobs[1])["files"]
    assert -1 <= result(jobs[0])["similarity"] <= 1
    assert all(-1 <= part["similarity"] <= 1 for part in result(jobs[0])["segments"])


def test_design_lock_and_clone_in_one_job(service: Stack) -> None:
    request = SPEAK | {"description": "A warm alto.", "sample_text": "Hi there.", "candidates": 2}
    job = made(service, "design_then_clone", request | {"choose": 2, "lock_as": "Warm Alto"})
    assert result(job)["locked_as"] == "warm_alto"
    assert [engine["checkpoint"] for engine in result(job)["engines"]] == ["voice_design", "base"]
    assert spoke(job) == "base"
    later = made(service, "voice_clone", SPEAK | {"voice": "warm_alto"})
    assert result(later)["voice"]["digest"] == result(job)["voice"]["digest"]
    assert result(later)["files"]["audio.wav"] == result(job)["files"]["audio.wav"]


def listened(
    stack: Stack, task: str, request: dict[str, Any], **files: io.BytesIO
) -> tuple[str, list[str]]:
    """The job of a request over the WebSocket, heard as it is kept, and what it warned of."""
    with stack.client().stream(task, request, files=files) as listening:
        heard = hear(listening)
    assert heard.end.state is JobState.SUCCEEDED
    assert heard.pcm == samples_of(stack.client(), heard.end.id)
    return heard.end.id, list(heard.end.warnings)


def test_every_task_is_heard_over_the_websocket(service: Stack) -> None:
    described = SPEAK | {"description": "A warm alto."}
    listened(service, "custom_voice", SPEAK)
    listened(service, "voice_design", described)
    listened(service, "design_then_clone", described | {"sample_text": "Hi there."})
    encoded, _ = listened(service, "codec_encode", {}, audio=reference())
    packed = file(service, service.client().job(encoded), "codes.npz")
    listened(service, "codec_decode", {}, codes=io.BytesIO(packed))
    request = SPEAK | {"transcript": WORDS, "instruct": "whisper"}
    cloned, warnings = listened(service, "voice_clone", request, reference=reference())
    for told in (warnings, service.client().job(cloned).warnings):
        assert any("instruct was ignored" in warning for warning in told)


def test_a_clone_can_be_made_again_from_what_it_kept(service: Stack) -> None:
    first = made(service, "voice_clone", SPEAK | {"transcript": WORDS}, reference=reference())
    kept = io.BytesIO(file(service, first, "reference.wav"))
    second = made(service, "voice_clone", SPEAK | {"transcript": WORDS}, reference=kept)
    assert result(first)["files"] == result(second)["files"]
    assert first.request == second.request


def test_codes_come_back_as_the_sound_that_they_are(service: Stack, tiny_cache: Cache) -> None:
    sound = clip.loads(reference().getvalue())
    encoded = made(service, "codec_encode", {}, audio=reference())
    packed = file(service, encoded, "codes.npz")
    model = tiny_cache.get("base")
    assert np.array_equal(codes.loads(packed, 60).codes, model.encode(sound, carry_on))
    assert result(encoded)["files"]["codes.json"]["media_type"] == "application/json"
    decoded = made(service, "codec_decode", {}, codes=io.BytesIO(packed))
    assert result(decoded)["files"]["audio.wav"] == result(encoded)["files"]["audio.wav"]
    assert result(decoded)["segments"] == []
    cloned = made(service, "voice_clone", SPEAK | {"transcript": WORDS}, codes=io.BytesIO(packed))
    assert result(cloned)["voice"]["kind"] == "codes"
    assert "codes.npz" in result(cloned)["files"]
