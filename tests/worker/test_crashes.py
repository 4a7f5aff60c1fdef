"""Whatever dies, the job goes on: nothing is lost, nothing is heard twice."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from shared import events, keys
from shared.jobs import JobView
from shared.states import JobState
from tests.listening import Heard, hear, samples_of
from tests.stack import Stack

TEXT = "One two three four five. " * 3
REQUEST = {"text": TEXT, "language": "english", "seed": 3}


def ended(stack: Stack, job_id: str) -> JobView:
    return stack.client().wait(job_id)


@pytest.mark.parametrize("chunk", [1, 3, 8])
@pytest.mark.slow
def test_job_survives_sigkill_after_chunk(make_stack: Callable[..., Stack], chunk: int) -> None:
    stack = make_stack(PREVIEW_PACE="0.3")

    def kill_at(number: int) -> None:
        if number == chunk:
            stack.kill_worker()
            stack.start_worker(wait=False)

    with stack.client().stream("custom_voice", REQUEST) as listening:
        heard = hear(listening, kill_at)

    assert heard.end.state is JobState.SUCCEEDED
    assert ended(stack, heard.end.id).attempts == 2
    assert heard.pcm == samples_of(stack.client(), heard.end.id)
    assert not heard.of(events.Restart)


@pytest.mark.slow
def test_job_fails_with_a_reason_when_every_worker_dies_over_it(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(PREVIEW_PACE="1", MAX_ATTEMPTS="2")
    job = stack.client().submit("custom_voice", REQUEST)
    for attempt in (1, 2):
        wait_for_samples(stack, job.id, attempt)
        stack.kill_worker()
        stack.start_worker(wait=False)
    view = ended(stack, job.id)
    assert view.state is JobState.FAILED
    assert view.error is not None
    assert view.error["code"] == "worker_lost"
    wait_until(lambda: not list((stack.outputs_dir / ".growing").glob("*")))
    after = stack.client().submit("custom_voice", {"text": "Still alive."})
    assert ended(stack, after.id).state is JobState.SUCCEEDED


@pytest.mark.slow
def test_service_runs_in_a_folder_with_a_space() -> None:
    """RQ and redis-py cannot read the address of a socket with a space in its path."""
    with TemporaryDirectory(prefix="a folder ") as folder, Stack(Path(folder)) as stack:
        assert "%20" in stack.redis_url
        job = stack.client().submit("custom_voice", REQUEST)
        assert ended(stack, job.id).state is JobState.SUCCEEDED


@pytest.mark.slow
def test_waiting_jobs_survive_the_death_of_the_worker(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(PREVIEW_PACE="0.2")
    jobs = [stack.client().submit("custom_voice", REQUEST | {"seed": n}) for n in range(4)]
    wait_for_samples(stack, jobs[0].id)
    stack.restart_worker()
    assert [ended(stack, job.id).state for job in jobs] == [JobState.SUCCEEDED] * 4


@pytest.mark.slow
def test_changed_engine_restarts_the_audio_and_says_so(make_stack: Callable[..., Stack]) -> None:
    """The listener forgets what it heard and gets the new audio whole."""
    stack = make_stack(PREVIEW_PACE="0.5")
    heard = Heard()

    with stack.client().stream("custom_voice", REQUEST) as listening:
        for frame in listening:
            if isinstance(frame, bytes):
                heard.pcm += frame
                heard.chunks += 1
                if heard.chunks == 2:
                    stack.kill_worker()
                    forge_another_fingerprint(stack)
                    stack.start_worker(wait=False)
            else:
                if isinstance(frame, events.Restart):
                    heard.pcm = b""
                heard.messages.append(frame)

    assert heard.of(events.Restart)
    assert heard.pcm == samples_of(stack.client(), heard.end.id)


def forge_another_fingerprint(stack: Stack) -> None:
    """As if the dead worker had run another engine."""
    redis = stack.redis()
    for job_id in map(bytes.decode, redis.zrange(keys.ACTIVE, 0, -1)):  # pyright: ignore
        redis.hset(keys.job(job_id), "fingerprint", "another/engine")


@pytest.mark.slow
@pytest.mark.parametrize("wakes", ["during", "after"])
def test_frozen_worker_spoils_nothing_when_it_wakes(
    make_stack: Callable[..., Stack], wakes: str
) -> None:
    """SIGSTOP beyond the lease: another worker takes the job, the sleeper's word counts no more."""
    stack = make_stack(PREVIEW_PACE="0.5", LEASE_SECONDS="3")
    job = stack.client().submit("custom_voice", REQUEST)
    wait_for_samples(stack, job.id)
    sleeper = stack.pids["gpu-0"]
    os.kill(sleeper, signal.SIGSTOP)
    stack.start_worker("gpu-1")
    if wakes == "during":
        wait_for_samples(stack, job.id, attempt=2)
        os.kill(sleeper, signal.SIGCONT)
    with stack.client().attach(job.id) as listening:
        heard = hear(listening)
    if wakes == "after":
        os.kill(sleeper, signal.SIGCONT)
    assert heard.end.state is JobState.SUCCEEDED
    assert heard.pcm == samples_of(stack.client(), job.id)
    assert heard.pcm == undisturbed(stack)
    later = stack.client().submit("custom_voice", {"text": "And on it goes."})
    assert ended(stack, later.id).state is JobState.SUCCEEDED


def undisturbed(stack: Stack) -> bytes:
    """The same audio made by a worker that nobody troubles."""
    job = stack.client().submit("custom_voice", REQUEST)
    assert ended(stack, job.id).state is JobState.SUCCEEDED
    return samples_of(stack.client(), job.id)


@pytest.mark.slow
def test_redis_away_for_longer_than_the_lease_costs_no_attempt(
    make_stack: Callable[..., Stack],
) -> None:
    stack = make_stack(PREVIEW_PACE="1", LEASE_SECONDS="3")
    job = stack.client().submit("custom_voice", REQUEST | {"text": TEXT * 4})
    wait_for_samples(stack, job.id)
    stack.stop_redis()
    time.sleep(5)
    stack.start_redis()
    view = ended(stack, job.id)
    assert view.state is JobState.SUCCEEDED
    assert view.attempts == 1


@pytest.mark.slow
def test_long_job_is_taken_up_at_once_by_the_next_life_of_its_worker(
    make_stack: Callable[..., Stack],
) -> None:
    """The predecessor's lease has not run out, but it is known to be dead."""
    stack = make_stack(PREVIEW_PACE="0.5", LEASE_SECONDS="60")
    job = stack.client().submit("custom_voice", REQUEST)
    wait_for_samples(stack, job.id)
    stack.restart_worker()
    wait_for_samples(stack, job.id, attempt=2)
    assert ended(stack, job.id).state is JobState.SUCCEEDED


@pytest.mark.slow
def test_sigterm_lets_the_present_job_finish(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(PREVIEW_PACE="0.3")
    job = stack.client().submit("custom_voice", REQUEST)
    wait_for_samples(stack, job.id)
    assert stack.kill_worker(signal.SIGTERM) == 0
    view = stack.client().job(job.id)
    assert view.state is JobState.SUCCEEDED
    assert view.attempts == 1


@pytest.mark.slow
def test_second_sigterm_gives_the_job_back_unharmed(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(PREVIEW_PACE="1")
    job = stack.client().submit("custom_voice", REQUEST)
    wait_for_samples(stack, job.id)
    os.kill(stack.pids["gpu-0"], signal.SIGTERM)
    time.sleep(1.2)  # RQ takes a second signal within a second for the first one's echo
    stack.kill_worker(signal.SIGTERM)
    assert stack.client().job(job.id).state is JobState.QUEUED
    stack.start_worker(PREVIEW_PACE="0")
    view = ended(stack, job.id)
    assert view.state is JobState.SUCCEEDED
    assert int(stack.redis().hget(keys.job(job.id), "crashes") or 0) == 0


@pytest.mark.slow
def test_speech_goes_on_while_redis_is_away(make_stack: Callable[..., Stack]) -> None:
    stack = make_stack(PREVIEW_PACE="0.4")
    job = stack.client().submit("custom_voice", REQUEST)
    wait_for_samples(stack, job.id)
    stack.stop_redis()
    time.sleep(2)
    stack.start_redis()
    with stack.client().attach(job.id) as listening:
        heard = hear(listening)
    assert heard.end.state is JobState.SUCCEEDED
    assert ended(stack, job.id).attempts == 1
    assert heard.pcm == samples_of(stack.client(), job.id)


@pytest.mark.slow
def test_hung_engine_ends_the_worker_and_the_job_is_taken_up_again(
    make_stack: Callable[..., Stack],
) -> None:
    """The speaking child is frozen, so that no frame comes: the watchdog ends the worker."""
    stack = make_stack(PREVIEW_PACE="1", STALL_SECONDS="2")
    text = "A long story, told at length and without haste. " * 400
    job = stack.client().submit("custom_voice", {"text": text, "language": "english"})
    frozen = freeze_speaking_child(stack)
    wait_until_dead(stack, "gpu-0")
    frozen.kill()  # nothing else ends a process that was stopped from outside
    stack.start_worker(PREVIEW_PACE="0")
    assert ended(stack, job.id).state is JobState.SUCCEEDED


def freeze_speaking_child(stack: Stack) -> psutil.Process:
    """Stop the child in the middle of its speech."""
    worker = psutil.Process(stack.pids["gpu-0"])
    wait_until(lambda: any(map(_speaks, worker.children())))
    child = next(filter(_speaks, worker.children()))
    child.suspend()
    return child


def _speaks(process: psutil.Process) -> bool:
    try:
        return any(word.endswith("child.py") for word in process.cmdline())
    except psutil.NoSuchProcess:
        return False


def wait_until(fact: Callable[[], bool]) -> None:
    """Come back once `fact` is true; fail if it never is."""
    until = time.monotonic() + 30
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.05)


def wait_until_dead(stack: Stack, name: str) -> None:
    wait_until(lambda: name not in stack.pids)


def wait_for_samples(stack: Stack, job_id: str, attempt: int = 1) -> None:
    """Come back once the job's attempt runs and has made a sound."""
    until = time.monotonic() + 30
    while time.monotonic() < until:
        fields = stack.redis().hmget(keys.job(job_id), "state", "attempt", "samples")
        state, number, samples = (field or b"0" for field in fields)
        if state == b"running" and int(number) == attempt and int(samples):
            return
        time.sleep(0.02)
    raise AssertionError("The job makes no sound.")
