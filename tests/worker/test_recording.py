"""The audio of an attempt, and of the attempt after it."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import redis

from shared import events, keys
from shared.audio import pcm
from shared.audio.pcm import Samples
from shared.connection import Connection, prompt
from shared.errors import Superseded
from shared.queue import Fenced, JobQueue
from shared.requests.custom_voice import CustomVoice
from shared.settings import Settings, load
from shared.states import JobState
from shared.stores.folder import FolderOutputs
from shared.stores.outputs import MASTER
from shared.submission import Submission
from worker.pulse import Cancelled, Pulse
from worker.recording import Recording

ENGINE = "engine/1"


class Job:
    """A job with as many attempts as a test wants."""

    def __init__(self, url: str, folder: Path) -> None:
        self.connection: Connection = redis.Redis.from_url(url, protocol=2)
        self.settings: Settings = load(redis_url=url)
        self.queue = JobQueue(self.connection, self.settings)
        self.store = FolderOutputs(folder)
        request = CustomVoice.parse({"text": "Hello."})
        self.id = self.queue.submit(Submission(request, "me", keys.INTERACTIVE, 1.0))[0].id
        self.growing = self.store.begin(self.id, 0)

    def attempt(self, engine: str = ENGINE) -> Recording:
        record = self.queue.get(self.id)
        if record.state is JobState.RUNNING:
            self.queue.transition(record, JobState.QUEUED)
        number = self.queue.transition(record, JobState.RUNNING)
        self.growing = self.store.begin(self.id, number)
        recording = Recording(
            self.connection,
            prompt(self.settings.redis_url),
            self.growing,
            self.settings,
            record,
            number,
            Pulse(),
        )
        recording.begin(engine)
        self.connection.hset(keys.job(self.id), "fingerprint", engine)
        return recording

    def published(self) -> list[events.Entry]:
        return [
            events.from_stream(entry_id, fields)
            for entry_id, fields in self.connection.xrange(keys.stream(self.id))
        ]

    def heard(self) -> bytes:
        """What a listener has who listened from the beginning of the present take."""
        return b"".join(entry.audio for entry in self.published() if entry.audio)

    def written(self) -> bytes:
        return self.store.read(self.id, MASTER, 0, 1 << 24)

    def restarts(self) -> list[events.Restart]:
        told = [entry.data for entry in self.published() if entry.audio is None]
        return [
            events.Restart.model_validate_json(event)
            for event in told
            if json.loads(event)["type"] == "restart"
        ]


@pytest.fixture
def job(redis_url: str, tmp_path: Path) -> Job:
    return Job(redis_url, tmp_path)


@pytest.fixture
def noise() -> Callable[[int, int], Samples]:
    def make(seed: int, count: int) -> Samples:
        return np.random.default_rng(seed).uniform(-0.5, 0.5, count).astype(np.float32)

    return make


def test_pieces_are_written_and_published(job: Job, noise: Callable[[int, int], Samples]) -> None:
    recording = job.attempt()
    pieces = [noise(1, 1000), noise(2, 30_000)]
    for piece in pieces:
        recording.take(piece)
    whole = pcm.encode(np.concatenate(pieces))
    assert job.written() == whole
    assert job.heard() == whole
    assert job.queue.get(job.id).samples == 31_000


def test_no_chunk_is_longer_than_half_a_second(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    job.attempt().take(noise(1, 100_000))
    assert max(len(entry.audio or b"") for entry in job.published()) <= 24_000


def test_second_attempt_publishes_only_what_is_new(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    first, second = noise(1, 20_000), noise(2, 10_000)
    job.attempt().take(first)
    again = job.attempt()
    again.take(first)
    again.take(second)
    again.finish()
    assert job.heard() == pcm.encode(np.concatenate([first, second]))
    assert job.written() == job.heard()
    assert not job.restarts()


def test_second_attempt_may_cut_its_pieces_otherwise(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    whole = noise(1, 30_000)
    job.attempt().take(whole[:20_000])
    again = job.attempt()
    for start in range(0, 30_000, 7_000):
        again.take(whole[start : start + 7_000])
    again.finish()
    assert job.heard() == pcm.encode(whole)


def test_other_audio_restarts_and_keeps_what_is_new(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    same, old, new = noise(1, 5_000), noise(2, 15_000), noise(3, 20_000)
    first = job.attempt()
    first.take(same)
    first.take(old)
    again = job.attempt()
    again.take(same)
    again.take(new)
    again.finish()
    assert [restart.take for restart in job.restarts()] == [1]
    assert job.heard() == pcm.encode(np.concatenate([same, new]))
    assert job.written() == job.heard()


def test_less_audio_than_before_restarts(job: Job, noise: Callable[[int, int], Samples]) -> None:
    whole = noise(1, 20_000)
    job.attempt().take(whole)
    again = job.attempt()
    again.take(whole[:8_000])
    again.finish()
    assert len(job.restarts()) == 1
    assert job.heard() == pcm.encode(whole[:8_000])


def test_another_engine_restarts_at_once(job: Job, noise: Callable[[int, int], Samples]) -> None:
    job.attempt().take(noise(1, 20_000))
    job.attempt("engine/2")
    assert "engine/2" in job.restarts()[0].reason
    assert job.written() == b""


def test_lost_file_restarts(job: Job, noise: Callable[[int, int], Samples]) -> None:
    job.attempt().take(noise(1, 20_000))
    job.store.discard(job.id)
    again = job.attempt()
    again.take(noise(1, 20_000))
    assert len(job.restarts()) == 1
    assert job.heard() == pcm.encode(noise(1, 20_000))


def test_unpublished_part_of_the_file_is_delivered_by_the_second_attempt(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    """The worker died after it wrote and before it published."""
    whole = noise(1, 10_000)
    job.attempt()
    job.growing.append(MASTER, pcm.encode(whole))
    again = job.attempt()
    again.take(whole)
    assert job.heard() == pcm.encode(whole)


def test_half_a_sample_at_the_end_of_the_file_is_dropped(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    whole = noise(1, 10_000)
    job.attempt()
    job.growing.append(MASTER, pcm.encode(whole)[:7_001])
    again = job.attempt()
    again.take(whole)
    again.finish()
    assert job.written() == pcm.encode(whole)
    assert not job.restarts()


def test_fenced_attempt_stops(job: Job, noise: Callable[[int, int], Samples]) -> None:
    first = job.attempt()
    first.take(noise(1, 1_000))
    job.attempt()
    with pytest.raises((Fenced, Superseded)):
        first.take(noise(2, 1_000))


def test_superseded_attempt_does_not_touch_the_file(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    """A worker that was frozen wakes up while another one speaks the job."""
    first = job.attempt()
    first.take(noise(1, 1_000))
    second = job.attempt()
    with pytest.raises(Superseded):
        first.take(noise(2, 1_000))
    second.take(noise(1, 1_000))
    second.take(noise(3, 1_000))
    assert job.written() == pcm.encode(np.concatenate([noise(1, 1_000), noise(3, 1_000)]))
    assert job.heard() == job.written()


def test_cancelled_job_stops_at_the_next_piece(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    recording = job.attempt()
    job.connection.hset(keys.job(job.id), "cancel", 1)
    recording.take(noise(1, 1_000))
    with pytest.raises(Cancelled):
        recording.take(noise(2, 1_000))


def test_stream_keeps_only_its_last_seconds(
    redis_url: str, tmp_path: Path, noise: Callable[[int, int], Samples]
) -> None:
    job = Job(redis_url, tmp_path)
    job.settings = load(redis_url=redis_url, stream_keep_seconds=2.0)
    recording = job.attempt()
    for second in range(6):
        recording.take(noise(second, 24_000))
    kept = [entry for entry in job.published() if entry.audio]
    assert sum(len(entry.audio or b"") for entry in kept) // 2 <= 2.5 * 24_000
    assert kept[-1].finish == 6 * 24_000


def test_what_an_earlier_attempt_wrote_is_not_loaded(
    job: Job, noise: Callable[[int, int], Samples]
) -> None:
    first, second = noise(1, 20_000), noise(2, 10_000)
    job.attempt().take(first)
    loaded: list[int] = []

    def load() -> Samples:
        loaded.append(again.position)
        return second

    again = job.attempt()
    again.keep(20_000, load)
    again.keep(10_000, load)
    assert loaded == [20_000]
    assert job.heard() == pcm.encode(np.concatenate([first, second]))
    assert job.written() == job.heard()
