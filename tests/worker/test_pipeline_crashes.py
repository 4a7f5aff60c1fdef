"""Pipelines are killed, paused, cancelled and pushed aside: no line is spoken or heard twice."""

import io
import signal
import time
import wave
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from shared import events
from shared.jobs import JobView
from shared.plans.table import LineTable, Take
from shared.states import JobState
from tests.listening import Heard, hear
from tests.stack import Stack

pytestmark = pytest.mark.slow

TEXT = "\n".join(
    f"{name}: {words}"
    for name, words in (
        ("ANNA", "The ferry is late."),
        ("MIKHAIL", "The ferry is always late."),
        ("ANNA", "Not as late as this."),
        ("MIKHAIL", "No. Not as late as this."),
        ("ANNA", "Then we should walk."),
    )
)
REQUEST: dict[str, Any] = {"text": TEXT, "language": "english", "retakes": 0, "fresh": True}
LINES = TEXT.count("\n") + 1
PATIENCE = 30.0


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """It speaks slowly enough for a test to step in; every test leaves it with a worker."""
    with Stack(tmp_path_factory.mktemp("pipelines"), PREVIEW_PACE="0.3") as running:
        yield running


@dataclass(frozen=True)
class Made:
    """A finished job."""

    job: JobView
    files: dict[str, bytes]

    @classmethod
    def of(cls, stack: Stack, job_id: str) -> "Made":
        job = stack.client().wait(job_id)
        assert job.state is JobState.SUCCEEDED, job.error
        packed = stack.http().get(f"/v1/outputs/{job_id}.zip").content
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            return cls(job, {it.rpartition("/")[2]: archive.read(it) for it in archive.namelist()})

    @property
    def lines(self) -> dict[str, int]:
        assert self.job.result is not None
        return self.job.result["lines"]

    @property
    def pcm(self) -> bytes:
        """What was streamed."""
        with wave.open(io.BytesIO(self.files["stream.wav"])) as stream:
            return stream.readframes(stream.getnframes())

    @property
    def made_at(self) -> dict[str, float]:
        """When each take was made, by its file."""
        table = LineTable.model_validate_json(self.files["lines.json"])
        return {take.file: take.made_at for row in table.lines for take in row.takes}

    def assert_same(self, other: "Made") -> None:
        """Whatever is heard or shown is the same to the byte."""
        apart = {"metadata.json", "lines.json"}
        assert self.files.keys() == other.files.keys()
        assert {it for it in self.files if self.files[it] != other.files[it]} <= apart


@pytest.fixture(scope="module")
def whole(stack: Stack) -> Made:
    """The same made by a worker that nobody troubles."""
    return Made.of(stack, stack.client().submit("script", REQUEST).id)


def begin(stack: Stack) -> str:
    return stack.client().submit("script", REQUEST).id


def kept(stack: Stack, job_id: str) -> dict[str, float]:
    """When each take of a job that grows was made, by its file."""
    found: dict[str, float] = {}
    for path in (stack.outputs_dir / ".growing").glob(f"{job_id}.*/line-*.json"):
        take = Take.model_validate_json(path.read_bytes())
        found[take.file] = take.made_at
    return found


def wait_until(fact: Callable[[], bool]) -> None:
    until = time.monotonic() + PATIENCE
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.01)


def wait_for_lines(stack: Stack, job_id: str, count: int) -> None:
    wait_until(lambda: len(kept(stack, job_id)) >= count)


def heard_while(stack: Stack, job_id: str, lines: int, step_in: Callable[[], None]) -> Heard:
    """Hear a job to its end; `step_in` comes once that many of its lines are spoken."""
    done = False

    def look(_: int) -> None:
        nonlocal done
        if not done and len(kept(stack, job_id)) >= lines:
            done = True
            step_in()

    with stack.client().attach(job_id) as listening:
        heard = hear(listening, look)
    assert done
    return heard


@pytest.mark.parametrize("lines", [1, 3])
def test_sigkill_costs_no_line_that_was_spoken(stack: Stack, whole: Made, lines: int) -> None:
    job_id = begin(stack)
    before: dict[str, float] = {}

    def kill() -> None:
        stack.kill_worker()
        before.update(kept(stack, job_id))
        stack.start_worker(wait=False)

    heard = heard_while(stack, job_id, lines, kill)
    made = Made.of(stack, job_id)
    assert made.job.attempts == 2
    assert lines <= len(before) < LINES
    assert before.items() <= made.made_at.items(), "these were not spoken again"
    assert heard.pcm == made.pcm
    assert not heard.of(events.Restart)
    made.assert_same(whole)


def test_a_pipeline_rests_between_two_lines_and_goes_on(stack: Stack, whole: Made) -> None:
    job_id = begin(stack)
    client = stack.client()
    resting: list[int] = []

    def rest() -> None:
        client.pause(job_id)
        wait_until(lambda: client.job(job_id).state is JobState.PAUSED)
        resting.append(len(kept(stack, job_id)))
        other = client.wait(client.submit("custom_voice", {"text": "Hello."}).id)
        assert other.state is JobState.SUCCEEDED, "others are spoken meanwhile"
        resting.append(len(kept(stack, job_id)))
        client.resume(job_id)

    heard = heard_while(stack, job_id, 1, rest)
    made = Made.of(stack, job_id)
    assert made.job.attempts == 1
    assert resting[0] == resting[1] < LINES
    assert heard.pcm == made.pcm
    assert not heard.of(events.Restart)
    assert JobState.PAUSED in [it.state for it in heard.of(events.Waiting)]
    made.assert_same(whole)


def test_a_pipeline_gives_way_to_somebody_who_waits(stack: Stack, whole: Made) -> None:
    job_id = begin(stack)
    client = stack.client()
    left: list[int] = []

    def come() -> None:
        other = client.wait(client.submit("custom_voice", {"text": "Excuse me."}).id)
        assert other.state is JobState.SUCCEEDED
        left.append(LINES - len(kept(stack, job_id)))

    heard = heard_while(stack, job_id, 1, come)
    made = Made.of(stack, job_id)
    assert left[0] > 0, "it was spoken before the pipeline had ended"
    assert made.job.attempts == 1
    assert heard.pcm == made.pcm
    assert not heard.of(events.Restart)
    made.assert_same(whole)


def test_a_cancelled_pipeline_goes_on_as_another_job(stack: Stack, whole: Made) -> None:
    job_id = begin(stack)
    client = stack.client()
    wait_for_lines(stack, job_id, 2)
    client.cancel(job_id)
    assert client.wait(job_id).state is JobState.CANCELLED
    before = kept(stack, job_id)

    second = client.resume(job_id)
    assert second.id != job_id
    made = Made.of(stack, second.id)
    assert client.job(job_id).state is JobState.CANCELLED
    assert made.lines["taken_over"] == len(before) >= 2
    assert before.items() <= made.made_at.items()
    made.assert_same(whole)


def test_a_pipeline_without_a_worker_is_planned_and_waits(stack: Stack) -> None:
    stack.kill_worker()
    try:
        client = stack.client()
        assert len(client.plan("script", REQUEST).lines) == LINES
        waiting = client.submit("script", REQUEST)
        assert waiting.state is JobState.QUEUED
        assert client.pause(waiting.id).state is JobState.PAUSED
        assert client.cancel(waiting.id).state is JobState.CANCELLED
    finally:
        stack.start_worker()


def test_sigterm_ends_a_pipeline_at_its_next_line(stack: Stack, whole: Made) -> None:
    """The service is being restarted: nobody waits for the end of a book."""
    job_id = begin(stack)
    wait_for_lines(stack, job_id, 1)
    assert stack.kill_worker(signal.SIGTERM) == 0
    before = kept(stack, job_id)
    assert len(before) < LINES
    assert stack.client().job(job_id).state is JobState.QUEUED
    stack.start_worker(wait=False)
    made = Made.of(stack, job_id)
    assert made.job.attempts == 1
    assert before.items() <= made.made_at.items()
    made.assert_same(whole)
