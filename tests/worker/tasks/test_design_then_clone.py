"""Takes are made and not heard; a clone of one reads, and is the same voice ever after."""

from uuid import uuid4

import pytest

from shared.audio.pcm import SAMPLE_RATE
from shared.errors import Conflict, UnsuitableReference
from shared.settings import Settings
from shared.text.samples import SAMPLES
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.protocol import Engine
from worker.performing import Locked
from worker.tasks.design_then_clone import MOODY

REQUEST = {
    "text": "Good evening.",
    "description": "An old sailor, hoarse and slow.",
    "language": "english",
}
SHORT = REQUEST | {"text": "Hi.", "sample_text": "Hi there."}
"""For tiny checkpoints, whose takes are as long as they may be."""


def test_the_takes_are_files_and_only_the_text_is_heard(preview: Rehearsal) -> None:
    heard = preview.perform("design_then_clone", REQUEST | {"candidates": 2})
    assert heard.lines == ["Good evening."]
    assert set(heard.files) == {"candidate-1.wav", "candidate-2.wav"}
    assert [it.text for it in heard.candidates] == [SAMPLES["english"]] * 2
    assert len(heard.sound) / SAMPLE_RATE < heard.candidates[0].duration_seconds
    assert heard.voice.kind == "candidate"


def test_progress_covers_both_halves(preview: Rehearsal) -> None:
    preview.perform("design_then_clone", REQUEST | {"candidates": 2})
    assert preview.progress == sorted(preview.progress)
    assert preview.progress[0] < 0.1
    assert preview.progress[-1] > 0.95


def test_a_sample_is_in_the_language_of_the_text(preview: Rehearsal) -> None:
    heard = preview.perform("design_then_clone", REQUEST | {"text": "你好。", "language": "auto"})
    assert heard.candidates[0].text == SAMPLES["chinese"]


def test_a_take_that_is_too_short_is_one_clear_error(preview: Rehearsal) -> None:
    with pytest.raises(UnsuitableReference, match=r"Candidate 1 is 0\.\d seconds"):
        preview.perform("design_then_clone", REQUEST | {"sample_text": "Hi."})


def test_a_locked_voice_is_the_chosen_take(preview: Rehearsal) -> None:
    job = str(uuid4())
    request = REQUEST | {"candidates": 2, "choose": 2, "lock_as": "Old Sailor"}
    heard = preview.perform("design_then_clone", request, job=job)
    (locked,) = heard.of(Locked)
    voice = preview.library.get(locked.voice_id)
    assert (voice.name, voice.kind, voice.language) == ("Old Sailor", "designed", "english")
    assert voice.origin is not None
    assert (voice.origin.job, voice.origin.candidate) == (job, 2)
    kept = preview.library.store.read(locked.voice_id, "reference.wav")
    assert kept == heard.files["candidate-2.wav"]
    assert heard.voice.id == locked.voice_id


def test_a_second_attempt_finds_the_voice_of_the_first(preview: Rehearsal) -> None:
    job, request = str(uuid4()), REQUEST | {"lock_as": "Old Sailor"}
    first = preview.perform("design_then_clone", request, job=job)
    second = preview.perform("design_then_clone", request, job=job)
    assert first.of(Locked) == second.of(Locked)
    assert first.files == second.files
    assert first.voice == second.voice


def test_another_job_does_not(preview: Rehearsal) -> None:
    request = REQUEST | {"lock_as": "Old Sailor"}
    preview.perform("design_then_clone", request)
    with pytest.raises(Conflict):
        preview.perform("design_then_clone", request)


def test_a_mood_that_is_kept_with_the_voice_is_told(preview: Rehearsal) -> None:
    request = REQUEST | {"emotion": "happy"}
    assert MOODY not in preview.perform("design_then_clone", request).remarks
    locking = preview.perform("design_then_clone", request | {"lock_as": "Old Sailor"})
    assert MOODY in locking.remarks


@pytest.mark.slow
def test_every_later_use_is_the_same_voice(tiny: Rehearsal) -> None:
    designed = tiny.perform("design_then_clone", SHORT | {"lock_as": "Old Sailor"})
    later = tiny.perform("voice_clone", {"text": "Hi.", "voice": "old_sailor"})
    sent = tiny.upload("reference", designed.files["candidate-1.wav"], 3.5)
    by_hand = tiny.perform(
        "voice_clone", {"text": "Hi.", "reference": sent, "transcript": "Hi there."}
    )
    digests = {heard.voice.digest for heard in (designed, later, by_hand)}
    assert len(digests) == 1
    assert "prompt-base.safetensors" in tiny.library.files("old_sailor")
    assert len(designed.similarities) == 1


@pytest.mark.slow
def test_two_checkpoints_need_no_more_room_than_one(
    tiny: Rehearsal, tiny_engine: Engine, tiny_settings: Settings
) -> None:
    narrow = tiny_settings.model_copy(update={"max_loaded_models": 1})
    tiny.cache = Cache(tiny_engine, narrow, lambda name, stage: None)
    heard = tiny.perform("design_then_clone", SHORT)
    assert heard.engines == ["voice_design", "base"]
    assert list(tiny.cache.describe()) == ["base"]
