import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from shared import emotions
from shared.audio import clip
from shared.errors import (
    Conflict,
    InvalidRequest,
    RecordDamaged,
    StoreUnavailable,
    TranscriptMismatch,
    UnknownEmotion,
    UnknownFile,
    UnknownVoice,
)
from shared.speakers import SPEAKERS
from shared.stores.voice_record import MOST_CLIPS, REFERENCE, SAMPLE, Sample, VoiceClip
from shared.stores.voices import RECORD, FolderVoices
from shared.voices.changes import VoiceChanges
from shared.voices.library import RELEASED, Library
from shared.voices.naming import prompt_name
from tests.shared.audio.sending import tone
from tests.shared.stores.test_yaml_record import HOSTILE
from tests.shared.voices.people import SOUND, WORDS, add, voice

PROMPT = prompt_name("0.6B-Base")
OTHER = clip.dumps(tone(5))
HAPPY_PROMPT = prompt_name("0.6B-Base", "happy")


class FullVoices(FolderVoices):
    """Voices on a disk that is full by now."""

    def save(self, *_: object, **__: object) -> None:
        raise StoreUnavailable("No space is left.")


def spoil(tmp_path: Path, voice_id: str, text: str = "name: [") -> None:
    (tmp_path / "voices" / voice_id / RECORD).write_text(text)


# --- look ---


def test_a_new_library_has_the_preset_speakers(library: Library):
    assert library.ids() == sorted(SPEAKERS)
    fu = library.get("uncle_fu")
    assert (fu.name, fu.kind, fu.language, fu.created) == (
        "Uncle Fu",
        "preset",
        "chinese",
        RELEASED,
    )
    assert library.files("uncle_fu") == {}


def test_a_voice_is_found_by_id_and_by_name_in_any_case(library: Library):
    voice_id = add(library, "Zoë Grün")
    assert voice_id == "zoe_grun"
    for word in (voice_id, "Zoë Grün", "ZOË GRÜN", "zoë grün", "  Zoe\u0308   Grün "):
        assert library.find(word) == voice_id
    assert library.find("uncle fu") == "uncle_fu"


@pytest.mark.parametrize("word", ["nobody", "", "../sailor", "a\0b"])
def test_an_unknown_voice_is_not_found(library: Library, word: str):
    with pytest.raises(UnknownVoice):
        library.find(word)


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:10])
def test_a_damaged_voice_is_named_and_leaves_the_others_alone(
    library: Library, tmp_path: Path, text: str
):
    good, bad = add(library, "Good"), add(library, "Bad")
    spoil(tmp_path, bad, f"settings:\n  seed: {text}" if "\n" not in text else text)
    voices, damaged = library.readable()
    assert good in voices
    assert damaged == [bad]
    assert library.find("good") == good
    with pytest.raises(RecordDamaged, match=r"bad/voice\.yaml"):
        library.get(bad)
    library.delete(bad)
    assert bad not in library.ids()


@pytest.mark.parametrize(("voice_id", "kind"), [("ryan", "cloned"), ("sailor", "preset")])
def test_a_folder_cannot_pass_for_a_preset_speaker(library: Library, voice_id: str, kind: str):
    library.store.create(voice_id, voice("X", kind=kind), {})
    with pytest.raises(RecordDamaged, match=voice_id):
        library.get(voice_id)


def test_a_missing_recording_is_damage(library: Library):
    voice_id = add(library, "Sailor")
    library.store.remove(voice_id, REFERENCE)
    with pytest.raises(RecordDamaged, match=r"sailor/reference\.wav"):
        library.seconds(voice_id, VoiceClip())


# --- create ---


@pytest.mark.parametrize(
    "name", ["Sailor", "SAILOR", "ｓａｉｌｏｒ", "Ryan", "uncle_fu", "Uncle Fu"]
)
def test_two_voices_of_one_name_are_refused(library: Library, name: str):
    add(library, "Sailor")
    before = library.ids()
    with pytest.raises(Conflict):
        library.require_free(name)
    with pytest.raises(Conflict):
        add(library, name)
    assert library.ids() == before


def test_names_with_one_id_get_two(library: Library):
    assert add(library, "Old Sailor") == "old_sailor"
    assert add(library, "Old-Sailor") == "old_sailor_2"
    assert add(library, "Old Sailor!") == "old_sailor_3"


def test_no_id_is_a_name_that_another_voice_bears(library: Library):
    renamed = add(library, "First")
    library.change(renamed, VoiceChanges(name="sailor"))
    assert add(library, "Sailor!") == "sailor_2"
    assert library.find("sailor") == renamed


def test_a_chosen_id_is_taken_or_refused(library: Library):
    assert library.create(voice("A"), {}, "mine") == "mine"
    with pytest.raises(Conflict):
        library.create(voice("B"), {}, "mine")
    with pytest.raises(Conflict):
        library.create(voice("Mine"), {})


def test_of_many_who_create_one_name_at_once_one_succeeds(tmp_path: Path):
    outcomes: list[str] = []
    together = threading.Barrier(6)

    def create(number: int) -> None:
        library = Library(FolderVoices(tmp_path))
        together.wait()
        try:
            outcomes.append(library.create(voice("Sailor", source=str(number)), {}))
        except Conflict:
            outcomes.append("conflict")

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["conflict"] * 5 + ["sailor"]


# --- change ---


def test_what_is_left_out_of_a_change_stays(library: Library):
    voice_id = add(library, "Sailor", tags=("npc",), description="Hoarse.")
    changed = library.change(voice_id, VoiceChanges(name="Old Sailor", tags=(" Sea ", "sea")))
    assert changed == library.get(voice_id)
    assert (changed.name, changed.tags, changed.description) == (
        "Old Sailor",
        ("Sea",),
        "Hoarse.",
    )


def test_a_voice_may_take_its_own_name_in_another_case_but_no_other_s(library: Library):
    voice_id = add(library, "Sailor")
    assert library.change(voice_id, VoiceChanges(name="SAILOR")).name == "SAILOR"
    with pytest.raises(Conflict):
        library.change(voice_id, VoiceChanges(name="ryan"))
    assert library.get(voice_id).name == "SAILOR"


def test_another_transcript_takes_the_prompts_away(library: Library):
    voice_id = add(library, "Sailor")
    library.store.write(voice_id, PROMPT, b"x")
    library.store.write(voice_id, HAPPY_PROMPT, b"x")
    library.change(voice_id, VoiceChanges(description="Hoarse."))
    assert PROMPT in library.files(voice_id)
    library.change(voice_id, VoiceChanges(transcript="Other words, then."))
    assert library.files(voice_id).keys() == {REFERENCE, "reference.txt", HAPPY_PROMPT}
    assert library.transcript(voice_id, VoiceClip()) == "Other words, then."


def test_a_transcript_can_be_taken_away(library: Library):
    voice_id = add(library, "Sailor")
    library.change(voice_id, VoiceChanges(transcript=None))
    assert library.transcript(voice_id, VoiceClip()) == ""
    assert library.files(voice_id).keys() == {REFERENCE}


def test_a_transcript_that_cannot_fit_is_refused_and_changes_nothing(library: Library):
    voice_id = add(library, "Sailor")
    library.store.write(voice_id, PROMPT, b"x")
    with pytest.raises(TranscriptMismatch):
        library.change(voice_id, VoiceChanges(name="Other", transcript=WORDS * 40))
    assert library.get(voice_id).name == "Sailor"
    assert PROMPT in library.files(voice_id)


def test_where_there_is_no_recording_there_is_nothing_to_write_down(library: Library):
    voice_id = library.create(voice("Prompted", clips=()), {PROMPT: b"x"})
    with pytest.raises(InvalidRequest) as caught:
        library.change(voice_id, VoiceChanges(transcript="Words."))
    assert caught.value.param == "transcript"
    assert PROMPT in library.files(voice_id)


# --- preset speakers ---


def test_what_people_change_of_a_preset_is_kept_and_can_be_put_back(library: Library):
    library.change("ryan", VoiceChanges(tags=("favourite",), settings={"seed": 7}))
    library.hear("ryan", SOUND, Sample(engine="preview", preview=True))
    changed = library.get("ryan")
    assert (changed.name, changed.tags, changed.settings) == ("Ryan", ("favourite",), {"seed": 7})
    assert library.store.read("ryan", SAMPLE) == SOUND
    library.delete("ryan")
    assert library.get("ryan").tags == ()
    assert library.files("ryan") == {}


def test_a_preset_as_it_came_cannot_be_deleted(library: Library):
    with pytest.raises(Conflict) as caught:
        library.delete("ryan")
    assert caught.value.next_step


@pytest.mark.parametrize("change", [{"name": "Bob"}, {"language": "german"}, {"transcript": "X."}])
def test_the_rest_of_a_preset_stays(library: Library, change: dict[str, str]):
    with pytest.raises(Conflict) as caught:
        library.change("ryan", VoiceChanges.model_validate(change))
    assert caught.value.param == next(iter(change))
    assert caught.value.next_step
    assert library.store.ids() == []


# --- moods ---


def test_a_mood_is_recorded_replaced_and_erased(library: Library):
    voice_id = add(library, "Sailor")
    library.record(voice_id, "Happy", SOUND, "Hurray, we are there.")
    clip = library.get(voice_id).clip("happy")
    assert clip is not None
    assert library.transcript(voice_id, clip) == "Hurray, we are there."
    library.store.write(voice_id, HAPPY_PROMPT, b"x")
    library.store.write(voice_id, PROMPT, b"x")
    library.record(voice_id, "happy", SOUND, None)
    assert library.transcript(voice_id, clip) == ""
    assert HAPPY_PROMPT not in library.files(voice_id)
    library.erase(voice_id, "happy")
    assert library.get(voice_id).clips == (VoiceClip(),)
    assert library.files(voice_id).keys() == {REFERENCE, "reference.txt", PROMPT}


def test_another_recording_of_a_mood_lies_under_another_name(library: Library):
    voice_id = add(library, "Sailor")
    for words in ("First.", "Second."):
        library.record(voice_id, "happy", SOUND, words)
    second = VoiceClip(file="emotion-happy-2.wav", emotion="happy")
    assert library.get(voice_id).clip("happy") == second
    assert library.transcript(voice_id, second) == "Second."
    assert library.files(voice_id).keys() == {
        REFERENCE,
        "reference.txt",
        second.file,
        second.transcript,
    }


@pytest.mark.parametrize(
    "change",
    [
        lambda library, id: library.change(id, VoiceChanges(name="Other", transcript="Other.")),
        lambda library, id: library.change(id, VoiceChanges(transcript=None)),
        lambda library, id: library.record(id, "happy", SOUND, None),
        lambda library, id: library.record(id, "happy", OTHER, "Other."),
        lambda library, id: library.record(id, "sad", OTHER, "Other."),
        lambda library, id: library.erase(id, "happy"),
        lambda library, id: library.hear(id, OTHER, Sample(engine="qwen3", preview=False)),
    ],
)
def test_a_change_that_cannot_be_written_leaves_all_as_it_was(
    tmp_path: Path, change: Callable[[Library, str], object]
):
    library = Library(FullVoices(tmp_path))
    happy = VoiceClip(file="happy.wav", emotion="happy")
    voice_id = library.create(
        voice("Sailor", clips=(VoiceClip(), happy)),
        {REFERENCE: SOUND, happy.file: SOUND, happy.transcript: b"Hurray.", SAMPLE: SOUND},
    )
    library.store.write(voice_id, PROMPT, b"x")
    before = {path.name: path.read_bytes() for path in (tmp_path / voice_id).iterdir()}
    with pytest.raises(StoreUnavailable):
        change(library, voice_id)
    assert {path.name: path.read_bytes() for path in (tmp_path / voice_id).iterdir()} == before


def test_a_voice_is_given_moods_until_it_has_no_room(library: Library):
    clips = tuple(
        VoiceClip(file=f"{mood or 'plain'}.wav", emotion=mood)
        for mood in ["", *emotions.EMOTIONS][:MOST_CLIPS]
    )
    voice_id = library.create(voice("Sailor", clips=clips), {one.file: SOUND for one in clips})
    library.require_moods(voice_id, clips[-1].emotion)
    another = next(mood for mood in emotions.EMOTIONS if mood not in {one.emotion for one in clips})
    with pytest.raises(Conflict) as caught:
        library.require_moods(voice_id, another)
    assert caught.value.next_step


def test_who_settles_something_may_change_and_others_wait(library: Library, tmp_path: Path):
    other, order = Library(FolderVoices(tmp_path / "voices")), []

    def delete() -> None:
        other.delete("sailor")
        order.append("deleted")

    with library.settled():
        add(library, "Sailor")
        thread = threading.Thread(target=delete)
        thread.start()
        thread.join(0.1)
        order.append("settled")
    thread.join()
    assert order == ["settled", "deleted"]


def test_an_unknown_mood_is_refused(library: Library):
    voice_id = add(library, "Sailor")
    with pytest.raises(UnknownEmotion):
        library.record(voice_id, "../x", SOUND, None)
    with pytest.raises(UnknownFile):
        library.erase(voice_id, "happy")
    assert library.files(voice_id).keys() == {REFERENCE, "reference.txt"}


@pytest.mark.parametrize("kind", ["preset", "mixed"])
def test_only_the_voice_of_one_person_has_moods(library: Library, kind: str):
    voice_id = "ryan" if kind == "preset" else add(library, "Blend", kind="mixed")
    with pytest.raises(Conflict) as caught:
        library.record(voice_id, "happy", SOUND, None)
    assert caught.value.next_step
