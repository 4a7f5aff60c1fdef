import base64
from typing import Any

import pytest

from shared.audio import clip
from shared.errors import (
    Conflict,
    InvalidRequest,
    TranscriptMismatch,
    UnknownVoice,
    UnreadableVoice,
    UnsuitableReference,
)
from shared.stores.recipe import Candidate
from shared.stores.uploads import UploadFacts
from shared.stores.voice_record import REFERENCE, SAMPLE, Origin, Sample, VoiceClip
from shared.voices.changes import NewVoice, VoiceFacts
from shared.voices.library import Library
from shared.voices.locking import lock
from shared.voices.making import clone, design, mix, prepare
from shared.voices.naming import prompt_name
from tests.shared.audio.sending import tone
from tests.shared.voices.people import ENGINE, SOUND, WORDS, add, voice

JOB = "01890000-0000-7000-8000-000000000000"
CANDIDATE = Candidate(
    number=2,
    seed=8,
    file="candidate-2.wav",
    duration_seconds=4,
    text=WORDS,
    language="english",
    description="An old sailor.",
)
FACTS = UploadFacts(seconds=4, rate=24_000, channels=1, codec="pcm_s16le", warnings=["Noisy."])


def new(name: str = "Sailor", **fields: Any) -> NewVoice:
    return NewVoice.parse({"name": name, **fields})


def cloned(**fields: Any) -> NewVoice:
    return new(reference="0" * 64, **fields)


# --- what may be asked ---


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "reference"),
        ({"reference": "0" * 64, "from_job": JOB}, "reference"),
        ({"reference": "../x"}, "reference"),
        ({"from_job": JOB, "transcript": "Words."}, "transcript"),
        ({"reference": "0" * 64, "settings": {"text": "x"}}, "settings.text"),
        ({"reference": "0" * 64, "language": "klingon"}, "language"),
        ({"mix": [{"voice": "a"}]}, "mix"),
        ({"mix": [{"voice": "a"}, {"voice": "b", "weight": 0}]}, "mix.1.weight"),
        ({"reference": "0" * 64, "kind": "preset"}, "kind"),
    ],
)
def test_what_does_not_fit_is_named(body: dict[str, Any], param: str):
    with pytest.raises(InvalidRequest) as caught:
        new(**body)
    assert caught.value.param == param


def test_a_name_with_a_path_in_it_is_refused():
    with pytest.raises(InvalidRequest) as caught:
        new("../sailor", reference="0" * 64)
    assert caught.value.param == "name"


# --- cloned ---


def test_a_recording_with_its_transcript_becomes_a_voice():
    made = clone(cloned(transcript=WORDS, language="en", tags=["npc"]), SOUND, FACTS)
    assert (made.record.kind, made.record.language, made.record.tags) == (
        "cloned",
        "english",
        ("npc",),
    )
    assert made.files == {REFERENCE: SOUND, "reference.txt": WORDS.encode()}
    assert made.warnings == ("Noisy.",)


def test_a_transcript_that_nobody_could_say_so_fast_is_refused():
    with pytest.raises(TranscriptMismatch):
        clone(cloned(transcript=WORDS * 40), SOUND, FACTS)


# --- designed ---


def test_a_candidate_becomes_a_voice_that_says_where_it_comes_from():
    made = design("Sailor", CANDIDATE, SOUND, JOB, ENGINE)
    assert made.files == {REFERENCE: SOUND, SAMPLE: SOUND, "reference.txt": WORDS.encode()}
    record = made.record
    assert (record.kind, record.language, record.description) == (
        "designed",
        "english",
        "An old sailor.",
    )
    assert record.origin == Origin(job=JOB, candidate=2, description="An old sailor.")
    assert record.sample == Sample(engine="preview", preview=True)


def test_what_people_say_of_a_candidate_goes_before_what_it_says_of_itself():
    said = VoiceFacts(description="Mine.", tags=("npc",))
    record = design("S", CANDIDATE, SOUND, JOB, ENGINE, said=said, language="german").record
    assert (record.description, record.tags, record.language) == ("Mine.", ("npc",), "german")


def test_a_candidate_whose_text_was_not_kept_has_no_transcript():
    made = design("S", CANDIDATE.model_copy(update={"text": ""}), SOUND, JOB, ENGINE)
    assert made.files.keys() == {REFERENCE, SAMPLE}


def test_a_candidate_that_is_too_short_is_refused():
    with pytest.raises(UnsuitableReference):
        design("S", CANDIDATE, clip.dumps(tone(2)), JOB, ENGINE)


def test_a_second_attempt_finds_the_voice_of_the_first(library: Library):
    first = lock(library, "Sailor", CANDIDATE, SOUND, JOB, ENGINE)
    again = lock(library, "SAILOR", CANDIDATE, clip.dumps(tone(5)), JOB, ENGINE)
    assert again == first
    assert library.store.read(first, REFERENCE) == SOUND


@pytest.mark.parametrize("other", [{"number": 1}, {"job": "another"}, {"name": "Ryan"}])
def test_another_candidate_does_not_get_a_name_that_is_taken(
    library: Library, other: dict[str, Any]
):
    lock(library, "Sailor", CANDIDATE, SOUND, JOB, ENGINE)
    candidate = CANDIDATE.model_copy(update={"number": other.get("number", 2)})
    with pytest.raises(Conflict):
        lock(library, other.get("name", "Sailor"), candidate, SOUND, other.get("job", JOB), ENGINE)


# --- mixed ---


def shares(*words: str) -> NewVoice:
    weighed = [{"voice": word, "weight": number} for number, word in enumerate(words, start=1)]
    return new("Blend", mix=weighed)


def mixed(library: Library, *words: str):
    asked = shares(*words)
    return mix(library, asked, asked.mix or ())


def test_a_mixture_keeps_a_copy_of_each_recording_with_its_weight(library: Library):
    add(library, "Adam", language="german")
    add(library, "Beth", language="german")
    made = mixed(library, "ADAM", "beth")
    assert (made.record.kind, made.record.language) == ("mixed", "german")
    assert made.record.clips == (
        VoiceClip(file="reference-1.wav", weight=1, voice="adam"),
        VoiceClip(file="reference-2.wav", weight=2, voice="beth"),
    )
    assert made.files == {"reference-1.wav": SOUND, "reference-2.wav": SOUND}


def test_a_mixture_of_several_languages_has_none(library: Library):
    add(library, "Adam", language="german")
    add(library, "Beth", language="english")
    assert mixed(library, "adam", "beth").record.language == "auto"


def test_only_voices_with_a_recording_of_their_own_are_mixed(library: Library):
    add(library, "Adam")
    add(library, "Blend", kind="mixed")
    library.create(voice("Prompted", clips=()), {})
    for other in ("ryan", "blend", "prompted", "ADAM"):
        with pytest.raises(InvalidRequest) as caught:
            mixed(library, "adam", other)
        assert caught.value.param == "mix"
    with pytest.raises(UnknownVoice) as unknown:
        mixed(library, "adam", "nobody")
    assert unknown.value.param == "mix"


# --- prepared elsewhere ---


def prompt(checkpoint: str) -> dict[str, str]:
    return {"checkpoint": checkpoint, "file": base64.b64encode(b"tensors").decode()}


def test_prompts_of_the_package_become_a_voice_without_a_recording(library: Library):
    made = prepare("Sailor", [prompt("0.6B-Base")])
    assert made.files == {prompt_name("0.6B-Base"): b"tensors"}
    assert made.record.clips == ()
    assert library.create(made.record, made.files) == "sailor"


def test_a_file_with_several_prompts_for_one_checkpoint_is_no_voice():
    for prompts in ([], [prompt("0.6B-Base"), prompt("0.6B-Base")]):
        with pytest.raises(UnreadableVoice):
            prepare("Sailor", prompts)
