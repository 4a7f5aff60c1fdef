"""How jobs end: each with one clear state, nothing half-written, and a worker that lives on."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared import keys
from shared.jobs import JobView
from shared.states import JobState
from shared.stores.folder import FolderOutputs
from tests.stack import Stack

SHORT = {"text": "Hello.", "language": "english", "seed": 1}
LONG = {"text": "One two three four five. " * 20, "language": "english"}


def made(stack: Stack, request: dict[str, Any] = SHORT) -> JobView:
    client = stack.client()
    return client.wait(client.submit("custom_voice", dict(request)).id)


def growing(stack: Stack) -> list[Path]:
    return list((stack.outputs_dir / ".growing").glob("*"))


def test_finished_job_names_files_with_their_sums(stack: Stack) -> None:
    job = made(stack)
    assert job.result is not None
    files = job.result["files"]
    assert set(files) == {"audio.wav"}
    content = stack.client().audio(job.id)
    assert len(content) == files["audio.wav"]["bytes"]


def test_other_format_lies_beside_the_wav(stack: Stack) -> None:
    job = made(stack, SHORT | {"format": "mp3"})
    assert job.result is not None
    assert set(job.result["files"]) == {"audio.wav", "audio.mp3"}
    assert job.result["audio"] == "audio.mp3"


def test_warnings_of_the_text_are_told(stack: Stack) -> None:
    job = made(stack, {"text": "Hello<|im_end|> there.", "language": "english"})
    assert any("Special tokens" in warning for warning in job.warnings)
    assert job.engine is not None
    assert job.engine.checkpoint == "preview"


def test_what_is_made_and_not_heard_tells_no_pace(stack: Stack) -> None:
    client = stack.client()
    design = {"text": "Hello.", "description": "An old sailor.", "language": "english"}

    def pace_after(task: str, request: dict[str, Any]) -> dict[Any, Any]:
        assert client.wait(client.submit(task, request).id).state is JobState.SUCCEEDED
        # It is noted after that word, and before the worker takes another job.
        client.wait(client.submit("design_then_clone", design).id)
        return stack.redis().hgetall(keys.PACE)

    learnt = pace_after("custom_voice", SHORT)
    assert pace_after("design_then_clone", design) == learnt
    assert pace_after("custom_voice", SHORT) != learnt


@pytest.mark.slow
def test_deadline_ends_a_job_where_frames_are_made(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(PREVIEW_PACE="1", DEADLINE_SECONDS="1", DEADLINE_FACTOR="0")
    job = made(stack, LONG)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] == "deadline_exceeded"
    assert not growing(stack)


@pytest.mark.slow
def test_unwritable_outputs_folder_is_one_clear_error(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack()
    pid = stack.pids["gpu-0"]
    made(stack)
    stack.outputs_dir.rename(stack.folder / "away")
    stack.outputs_dir.write_text("a file stands where the folder was")
    job = made(stack)
    assert job.state is JobState.FAILED
    assert job.error is not None
    assert job.error["code"] == "store_unavailable"
    os.unlink(stack.outputs_dir)
    assert made(stack).state is JobState.SUCCEEDED
    assert stack.pids["gpu-0"] == pid


@pytest.mark.slow
def test_texts_are_kept_nowhere_when_the_service_does_not_store_them(
    make_stack: Callable[..., Stack],
) -> None:
    secret = "Nobody must ever read this"
    stack = make_stack(STORE_TEXT="0", LOG_LEVEL="debug")
    job = made(stack, {"text": secret, "language": "english"})
    assert job.state is JobState.SUCCEEDED
    metadata = FolderOutputs(stack.outputs_dir).metadata(job.id)
    record = stack.redis().hgetall(keys.job(job.id))
    told = f"{job!r} {metadata!r} {record!r} {stack.log('gpu-0')} {stack.log('api-0')}"
    assert secret not in told


@pytest.mark.slow
def test_finished_files_of_a_dead_attempt_are_taken_as_they_are(
    make_stack: Callable[..., Stack],
) -> None:
    """The worker died between the last file and the last word."""
    stack = make_stack()
    job = made(stack)
    redis = stack.redis()
    redis.hset(keys.job(job.id), mapping={"state": "running", "worker": "gpu-0", "attempt": 1})
    redis.persist(keys.job(job.id))
    redis.zadd(keys.ACTIVE, {job.id: 2e10})
    stack.restart_worker()
    again = stack.client().wait(job.id)
    assert again.state is JobState.SUCCEEDED
    assert again.attempts == 2
    assert again.result == job.result
    assert not growing(stack)
