"""Who speaks: prompts of library voices, kept and made anew."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from shared.audio import clip
from shared.errors import CheckpointUnfit, InvalidRequest, RecordDamaged, StoreUnavailable
from shared.stores.voice_record import Voice, VoiceClip
from shared.stores.voices import FolderVoices
from shared.voices import naming
from shared.voices.changes import VoiceChanges
from shared.voices.library import Library
from tests.worker.engine.speech import recording
from tests.worker.rehearsal import Rehearsal
from worker import casting
from worker.casting import WORDLESS, Cast
from worker.engine.reference import Reference
from worker.engine.voice import VoicePrompt
from worker.pulse import Cancelled

WORDS = b"The old lamp is lit again."
REFERENCE = clip.dumps(recording())
OTHER = clip.dumps(recording(seed=1))
WITH_WORDS = {"reference.wav": REFERENCE, "reference.txt": WORDS}
KEPT = "prompt-base.safetensors"

pytestmark = pytest.mark.slow


def voice(files: Mapping[str, bytes], room: Rehearsal, *clips: VoiceClip, kind: str = "cloned"):
    record = Voice.model_validate(
        {"name": "Old Sailor", "kind": kind, "created": datetime.now(UTC), "clips": clips}
    )
    return room.library.create(record, files)


def cast(room: Rehearsal, voice_id: str = "old_sailor", **how: str) -> Cast:
    wanted = {"mode": "auto", "emotion": None, **how}
    studio = room.studio("0b0b0b0b-0000-4000-8000-000000000000")
    return casting.of_voice(studio, room.cache.get("base"), voice_id, **wanted)  # pyright: ignore[reportArgumentType]


def files(room: Rehearsal) -> set[str]:
    return set(room.library.files("old_sailor"))


def test_a_prompt_is_made_once_and_kept(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    first = cast(tiny)
    assert KEPT in files(tiny)
    tiny.library.store.remove("old_sailor", "reference.wav")
    assert cast(tiny).fact == first.fact
    assert (first.fact.id, first.fact.name, first.fact.kind) == (
        "old_sailor",
        "Old Sailor",
        "cloned",
    )


def test_a_damaged_prompt_is_made_anew_and_kept_again(tiny: Rehearsal) -> None:
    voice({**WITH_WORDS, KEPT: b"not a prompt"}, tiny, VoiceClip())
    made = cast(tiny)
    opened = VoicePrompt.loads(tiny.library.store.read("old_sailor", KEPT))
    assert opened.digest == made.fact.digest


def test_a_prompt_of_another_revision_is_made_anew(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    made = cast(tiny)
    opened = VoicePrompt.loads(tiny.library.store.read("old_sailor", KEPT))
    tiny.library.store.write("old_sailor", KEPT, replace(opened, revision="older").dumps())
    assert cast(tiny).fact == made.fact


def test_a_transcript_that_comes_later_makes_it_anew(tiny: Rehearsal) -> None:
    voice({"reference.wav": REFERENCE}, tiny, VoiceClip())
    assert cast(tiny).fact.mode == "speaker_only"
    tiny.library.store.write("old_sailor", "reference.txt", WORDS)
    assert cast(tiny).fact.mode == "in_context"


def test_a_recording_that_is_replaced_by_hand_makes_it_anew(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    first = cast(tiny)
    tiny.library.store.write("old_sailor", "reference.wav", OTHER)
    assert cast(tiny).fact.digest != first.fact.digest


def test_a_transcript_that_changes_makes_it_anew(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    first = cast(tiny)
    changes = VoiceChanges.model_validate({"transcript": "The new lamp is lit again."})
    tiny.library.change("old_sailor", changes)
    assert cast(tiny).fact.digest != first.fact.digest


def test_a_prompt_without_a_recording_speaks_with_its_checkpoint(tiny: Rehearsal) -> None:
    prompt = tiny.cache.get("base").prompt(Reference(recording()))
    voice({KEPT: prompt.dumps()}, tiny)
    assert cast(tiny).fact.digest == prompt.digest


def test_a_damaged_prompt_without_a_recording_is_an_error(tiny: Rehearsal) -> None:
    voice({KEPT: b"not a prompt"}, tiny)
    with pytest.raises(RecordDamaged, match=KEPT):
        cast(tiny)


def test_a_prompt_for_another_checkpoint_alone_is_an_error(tiny: Rehearsal) -> None:
    voice({"prompt-1-7b-base.safetensors": b"whatever"}, tiny)
    with pytest.raises(CheckpointUnfit, match="neither a recording nor a prompt") as caught:
        cast(tiny)
    assert "size" in (caught.value.next_step or "")


def test_a_preset_speaker_has_nothing_to_clone(preview: Rehearsal) -> None:
    with pytest.raises(CheckpointUnfit, match="preset speaker"):
        cast(preview, "ryan")


def test_nothing_is_made_for_a_job_that_nobody_wants_any_more(preview: Rehearsal) -> None:
    voice(WITH_WORDS, preview, VoiceClip())
    studio = preview.studio("0b0b0b0b-0000-4000-8000-000000000000")
    studio.pulse.cancel()
    with pytest.raises(Cancelled):
        casting.of_voice(studio, preview.cache.get("base"), "old_sailor", "auto", None)


class Unwritable(FolderVoices):
    """As on a medium that can be read alone, which root does not meet in a test."""

    def write(self, voice_id: str, name: str, data: bytes) -> None:
        raise StoreUnavailable("The folder refuses.")


def test_a_voice_speaks_where_its_prompt_cannot_be_kept(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    tiny.library = Library(Unwritable(tiny.settings.voices_dir))
    assert cast(tiny).fact.mode == "in_context"
    assert KEPT not in files(tiny)


# --- moods and modes --------------------------------------------------------------------------


def test_a_recording_of_the_mood_speaks_and_has_a_prompt_of_its_own(tiny: Rehearsal) -> None:
    sad = VoiceClip(file="emotion-sad.wav", emotion="sad")
    voice({**WITH_WORDS, sad.file: OTHER}, tiny, VoiceClip(), sad)
    plain, moody = cast(tiny), cast(tiny, emotion="sad")
    assert (plain.fact.emotion, moody.fact.emotion) == ("", "sad")
    assert plain.fact.digest != moody.fact.digest
    assert {KEPT, naming.prompt_name("base", "sad")} <= files(tiny)
    assert cast(tiny).fact == plain.fact
    assert cast(tiny, emotion="sad").fact == moody.fact


def test_a_new_recording_of_the_mood_is_heard(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    tiny.library.record("old_sailor", "sad", OTHER, None)
    first = cast(tiny, emotion="sad")
    tiny.library.record("old_sailor", "sad", REFERENCE, None)
    assert cast(tiny, emotion="sad").fact.digest != first.fact.digest


def test_a_missing_mood_is_told_with_how_to_add_it(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    (remark,) = cast(tiny, emotion="sad").remarks
    assert "PUT /v1/voices/old_sailor/clips/sad" in remark


def test_a_voice_speaks_alone_from_the_prompt_that_is_kept(tiny: Rehearsal) -> None:
    voice(WITH_WORDS, tiny, VoiceClip())
    whole, alone = cast(tiny), cast(tiny, mode="speaker_only")
    assert (whole.fact.mode, alone.fact.mode) == ("in_context", "speaker_only")
    wordless = tiny.cache.get("base").prompt(Reference(clip.loads(REFERENCE)))
    assert alone.fact.digest == wordless.digest
    assert VoicePrompt.loads(tiny.library.store.read("old_sailor", KEPT)).mode == "in_context"


def test_in_context_needs_words(tiny: Rehearsal) -> None:
    voice({"reference.wav": REFERENCE}, tiny, VoiceClip())
    assert cast(tiny).remarks == (WORDLESS,)
    with pytest.raises(InvalidRequest, match="transcript"):
        cast(tiny, mode="in_context")


def test_a_mixed_voice_lies_between_those_that_it_is_of(tiny: Rehearsal) -> None:
    clips = [VoiceClip(file=f"reference-{n}.wav", weight=n, voice=f"voice_{n}") for n in (1, 2)]
    sounds = {"reference-1.wav": REFERENCE, "reference-2.wav": OTHER}
    voice(sounds, tiny, *clips, kind="mixed")
    model = tiny.cache.get("base")
    prompts = [model.prompt(Reference(clip.loads(sound))) for sound in sounds.values()]
    mixed = cast(tiny)
    assert mixed.fact.digest == model.mix(prompts, [1, 2]).digest
    assert mixed.remarks == ()
    assert KEPT in files(tiny)
