"""Takes are made and not heard; a clone of one reads, and is the same voice ever after."""

import weakref
from collections.abc import Generator, Sequence
from pathlib import Path
from uuid import uuid4

import pytest

from shared.audio.pcm import SAMPLE_RATE
from shared.errors import CheckpointMissing, Conflict, UnsuitableReference
from shared.settings import Settings
from shared.text.samples import SAMPLES
from tests.worker.rehearsal import Rehearsal
from worker.engine.cache import Cache
from worker.engine.protocol import Engine, Frames, Utterance, Watch
from worker.engine.voice import VoicePrompt
from worker.likeness import UNLIKE
from worker.performing import Audio, Locked, Taken, Voiced
from worker.pulse import Cancelled
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
    assert heard.pieces[-1] == locked, "the voice is kept once all was spoken"
    assert (heard.voice.kind, heard.voice.id) == ("candidate", "")


def test_a_job_that_is_stopped_leaves_no_voice(preview: Rehearsal) -> None:
    studio = preview.studio(str(uuid4()))
    playing = preview.playing("design_then_clone", REQUEST | {"lock_as": "Old Sailor"}, studio)
    assert any(isinstance(piece, Audio) for piece in playing)
    studio.pulse.cancel()
    with pytest.raises(Cancelled):
        list(playing)
    assert "old_sailor" not in preview.library.ids()


def test_a_name_that_is_taken_is_told_before_anything_is_made(preview: Rehearsal) -> None:
    request = REQUEST | {"lock_as": "Old Sailor"}
    preview.perform("design_then_clone", request)
    studio = preview.studio(str(uuid4()))
    with pytest.raises(Conflict):
        next(preview.playing("design_then_clone", request, studio))
    assert studio.used is None


def test_both_checkpoints_are_looked_for_before_anything_is_made(
    tiny: Rehearsal, tiny_engine: Engine, tiny_settings: Settings, three_models: Path
) -> None:
    alone = tiny.settings.outputs_dir / "models"
    alone.mkdir(parents=True)
    (alone / "voice_design").symlink_to(three_models / "voice_design")
    settings = tiny_settings.model_copy(update={"models_dir": alone})
    tiny.cache = Cache(tiny_engine, settings, lambda name, stage: None)
    with pytest.raises(CheckpointMissing, match="base"):
        tiny.perform("design_then_clone", SHORT)
    assert tiny.cache.describe() == {}


def test_takes_that_nobody_hears_are_made_together(
    preview: Rehearsal, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = preview.cache.get("base")
    speak, live = model.generate, list[set[bool]]()

    def listen(utterances: Sequence[Utterance], watch: Watch) -> Generator[Frames]:
        live.append({one.live for one in utterances})
        return speak(utterances, watch)

    monkeypatch.setattr(model, "generate", listen)
    preview.perform("design_then_clone", REQUEST | {"candidates": 2})
    assert live == [{False}, {True}]


def test_its_pace_is_nobody_else_s(preview: Rehearsal) -> None:
    studio = preview.studio(str(uuid4()))
    list(preview.playing("design_then_clone", REQUEST, studio))
    assert not studio.typical


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
    preview.progress.clear()
    with pytest.raises(Conflict):
        preview.perform("design_then_clone", request)
    assert preview.progress == [], "It was refused before anything was made."


def test_a_mood_that_is_kept_with_the_voice_is_told(preview: Rehearsal) -> None:
    request = REQUEST | {"emotion": "happy"}
    assert MOODY not in preview.perform("design_then_clone", request).remarks
    locking = preview.perform("design_then_clone", request | {"lock_as": "Old Sailor"})
    assert MOODY in locking.remarks


@pytest.mark.slow
def test_every_later_use_is_the_same_voice(tiny: Rehearsal) -> None:
    designed = tiny.perform("design_then_clone", SHORT | {"lock_as": "Old Sailor"})
    kept = tiny.library.store.read("old_sailor", "prompt-base.safetensors")
    later = tiny.perform("voice_clone", {"text": "Hi.", "voice": "old_sailor"})
    assert VoicePrompt.loads(kept).source, "so that it is told from one of another recording"
    assert tiny.library.store.read("old_sailor", "prompt-base.safetensors") == kept
    sent = tiny.upload("reference", designed.files["candidate-1.wav"], 3.5)
    by_hand = tiny.perform(
        "voice_clone", {"text": "Hi.", "reference": sent, "transcript": "Hi there."}
    )
    digests = {heard.voice.digest for heard in (designed, later, by_hand)}
    assert len(digests) == 1
    assert len(designed.similarities) == 1


@pytest.mark.slow
def test_a_reading_may_have_to_be_alike(tiny: Rehearsal) -> None:
    heard = tiny.perform("design_then_clone", SHORT | {"min_similarity": 1.0})
    assert UNLIKE in heard.remarks


@pytest.mark.slow
def test_two_checkpoints_need_no_more_room_than_one(
    tiny: Rehearsal, tiny_engine: Engine, tiny_settings: Settings
) -> None:
    narrow = tiny_settings.model_copy(update={"max_loaded_models": 1})
    tiny.cache = Cache(tiny_engine, narrow, lambda name, stage: None)
    studio = tiny.studio(str(uuid4()))
    playing = tiny.playing("design_then_clone", SHORT, studio)
    assert any(isinstance(piece, Taken) for piece in playing)
    designer = weakref.ref(studio.used)
    assert any(isinstance(piece, Voiced) for piece in playing)
    assert designer() is None, "the one has made room for the other"
    list(playing)
    assert [engine.checkpoint for engine in studio.engines()] == ["voice_design", "base"]
    assert list(tiny.cache.describe()) == ["base"]
