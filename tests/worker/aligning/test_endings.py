"""How a job ends whose words somebody has to find: its speech is kept, whatever becomes of them."""

import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from shared import keys
from shared.audio.pcm import Samples
from shared.errors import EnginePoisoned
from shared.jobs import JobRecord
from shared.requests import contract
from shared.states import JobState
from shared.submission import Submission
from tests.worker.pipelines.test_attempts import Theatre
from worker.aligning.wording import UNRISKED
from worker.engine.preview.engine import PreviewEngine, PreviewModel
from worker.engine.protocol import Frames, Utterance, Watch, WordTime
from worker.runner import POISONED


class Wordless(PreviewEngine):
    """The preview engine, which tells no words."""

    def load(
        self, checkpoint: str, folder: Path | None, progress: Callable[[str], None]
    ) -> PreviewModel:
        plain = super().load(checkpoint, folder, progress)
        return _Wordless(plain.library, plain.pace)


class _Wordless(PreviewModel):
    def generate(
        self, utterances: Sequence[Utterance], watch: Watch
    ) -> Generator[Frames, None, None]:
        for frames in super().generate(utterances, watch):
            yield replace(frames, words=())


class Poison:
    """An aligner that breaks the card."""

    def align(self, samples: Samples, text: str, language: str) -> list[WordTime]:
        assert samples.size > 0
        raise EnginePoisoned("The GPU failed.")


def submitted(theatre: Theatre) -> JobRecord:
    request = contract("custom_voice").parse({"text": "Come in.", "words": True})
    return theatre.queue.submit(Submission(request, "me", keys.INTERACTIVE, 1.0))[0]


def test_a_card_that_fails_ends_the_process_once_the_speech_is_kept(
    redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    theatre = Theatre(redis_url, tmp_path, Wordless(), Poison())
    job = submitted(theatre).id
    monkeypatch.setattr(os, "_exit", _left)

    with pytest.raises(SystemExit) as left:
        theatre.run(job)

    record = theatre.queue.get(job)
    assert (left.value.code, record.state) == (POISONED, JobState.SUCCEEDED)
    assert any("The GPU failed." in warning for warning in record.warnings or [])
    assert theatre.recipe(job).samples


def test_the_last_attempt_at_a_job_that_has_killed_the_others_tries_no_aligner(
    redis_url: str, tmp_path: Path
):
    theatre = Theatre(redis_url, tmp_path, Wordless(), Poison(), max_attempts=2)
    record = submitted(theatre)
    theatre.queue.transition(record, JobState.RUNNING)
    theatre.queue.transition(theatre.queue.get(record.id), JobState.QUEUED, crashes=1)

    record = theatre.run(record.id)

    assert record.state is JobState.SUCCEEDED
    assert UNRISKED in (record.warnings or [])


def _left(status: int) -> None:
    raise SystemExit(status)
