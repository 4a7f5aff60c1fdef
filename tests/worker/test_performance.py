"""What a performer says beside its sound, and what becomes of it."""

import itertools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import redis

from shared import events, keys
from shared.connection import Connection, prompt
from shared.jobs import JobRecord
from shared.queue import JobQueue
from shared.requests import contract
from shared.settings import Settings
from shared.states import JobState
from shared.stores.recipe import Recipe, Segment
from shared.submission import Submission
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.choice import choose
from worker.engine.qwen3.engine import Qwen3Engine
from worker.performance import Performance, mean_similarity
from worker.recording import Recording

SECRET = "Nobody must ever read this"
DESIGN = {
    "text": "Good evening.",
    "description": f"A sailor. {SECRET}.",
    "sample_text": f"Good evening to all of you on this quiet ship. {SECRET}.",
    "language": "english",
}


class Stage:
    """A job whose performance can be watched, attempt by attempt."""

    def __init__(self, url: str, room: Rehearsal, request: dict[str, Any]) -> None:
        self._room = room
        self._redis: Connection = redis.Redis.from_url(url, protocol=2)
        self._url = url
        self.heard = 0
        self.settings = room.settings.model_copy(update={"redis_url": url, "engine": "preview"})
        self.queue = JobQueue(self._redis, self.settings)
        wanted = contract("design_then_clone").parse(request)
        warned = Submission(wanted, "me", keys.INTERACTIVE, 1.0, warnings=("It is quiet.",))
        self.id = self.queue.submit(warned)[0].id

    @property
    def record(self) -> JobRecord:
        return self.queue.get(self.id)

    def perform(self, *, store_text: bool = True) -> Recipe:
        """Play an attempt to its end, which the queue is not told."""
        if self.record.state is JobState.RUNNING:
            self.queue.transition(self.record, JobState.QUEUED)
        attempt = self.queue.transition(self.record, JobState.RUNNING)
        record, choice = self.record, choose(self.settings)
        studio = replace(self._room.studio(self.id), describe=choice.info)
        recording = Recording(
            self._redis,
            prompt(self._url),
            studio.growing,
            self.settings,
            record,
            attempt,
            studio.pulse,
        )
        request = contract(record.task).parse(record.request)
        played = Performance(record, request, studio, recording, choice)
        self.heard = self._redis.xlen(keys.stream(self.id))
        played.play()
        recording.finish()
        return played.recipe(attempt, store_text)

    def told(self) -> list[events.Entry]:
        """What listeners were told in the last attempt."""
        entries = self._redis.xrange(keys.stream(self.id))[self.heard :]
        return [events.from_stream(entry_id, fields) for entry_id, fields in entries]


@pytest.fixture
def stage(redis_url: str, preview: Rehearsal) -> Stage:
    return Stage(redis_url, preview, DESIGN | {"candidates": 2, "lock_as": "Old Sailor"})


def test_the_recipe_says_who_spoke_and_what_was_kept(stage: Stage) -> None:
    recipe = stage.perform()
    assert recipe.voice is not None
    assert (recipe.voice.kind, recipe.locked_as) == ("candidate", "old_sailor")
    assert [it.file for it in recipe.candidates] == ["candidate-1.wav", "candidate-2.wav"]
    assert recipe.engines == [recipe.engine]
    assert recipe.similarity is None


def test_what_was_warned_of_at_the_start_comes_first(stage: Stage) -> None:
    recipe = stage.perform()
    assert recipe.warnings[0] == "It is quiet."
    assert len(recipe.warnings) > 1
    assert stage.record.warnings == recipe.warnings


def test_progress_is_told_before_there_is_sound(stage: Stage) -> None:
    """Of the takes nothing is heard, which take most of the time."""
    stage.perform()
    told = itertools.takewhile(lambda entry: entry.audio is None, stage.told())
    kinds = [json.loads(entry.data)["type"] for entry in told]
    assert kinds.count("state") == 2


def test_no_text_is_kept_where_none_shall_be(stage: Stage) -> None:
    told = stage.perform(store_text=False).model_dump_json()
    assert SECRET not in told
    assert "candidate-2.wav" in told


def test_a_second_attempt_makes_the_same(stage: Stage) -> None:
    first, second = stage.perform(), stage.perform()
    assert first.samples == second.samples
    assert (first.candidates, first.voice) == (second.candidates, second.voice)
    assert second.take == 0
    assert first.warnings == second.warnings


def segment(seconds: float, similarity: float | None) -> Segment:
    return Segment(start=1.0, end=1.0 + seconds, text="", similarity=similarity)


def test_an_engine_that_remembers_nothing_is_asked_for_nothing(stage: Stage) -> None:
    assert stage.perform().caches == {}


@pytest.mark.slow
def test_the_recipe_says_which_caches_were_of_use(
    redis_url: str, tmp_path: Path, tiny_settings: Settings
) -> None:
    engine = Qwen3Engine(tiny_settings.model_copy(update={"codes_cache_mb": 1}))
    room = Rehearsal(tmp_path, Cache(engine, tiny_settings, lambda name, stage: None))
    stage = Stage(redis_url, room, {**DESIGN, "text": "Hi.", "sample_text": "You and me."})

    first, second = (stage.perform().caches for _ in range(2))

    assert first
    assert second
    assert (first["prompts"].misses, second["prompts"].hits) == (1, 1)
    assert (first["codes"].hits, second["codes"].misses) == (0, 0)


def test_similarity_is_the_mean_by_length() -> None:
    assert mean_similarity([]) is None
    assert mean_similarity([segment(1.0, None)]) is None
    whole = [segment(1.0, 0.2), segment(3.0, 0.6), segment(9.0, None)]
    assert mean_similarity(whole) == pytest.approx(0.5)


def test_words_lose_their_text_where_texts_are_not_kept(redis_url: str, preview: Rehearsal) -> None:
    stage = Stage(redis_url, preview, DESIGN | {"words": True})
    words = [it.text for it in stage.perform().segments[0].words or []]
    assert words == ["Good", "evening."]
    assert [it.text for it in stage.perform(store_text=False).segments[0].words or []] == ["", ""]
