"""Speakers, languages and stand-ins map to voices that stay the same."""

from typing import Any

import numpy as np

from shared.languages import CODES
from shared.speakers import SPEAKERS
from worker.engine.preview import voices
from worker.engine.preview.prompt import StandIn


def test_every_speaker_has_a_voice_of_its_own():
    assert set(voices.SPEAKERS) == set(SPEAKERS)
    assert len(set(voices.SPEAKERS.values())) == len(SPEAKERS)


def test_every_language_has_a_name_in_espeak():
    assert set(voices.LANGUAGES) == set(CODES)


def test_female_speakers_have_female_voices():
    for speaker in SPEAKERS.values():
        female = "female" in speaker.description
        assert (voices.SPEAKERS[speaker.id].variant in voices.FEMALE) is female


def test_a_stand_in_is_the_same_in_every_process():
    assert voices.stand_in("an old sailor") == voices.Voice("m6", 57, 179)


def test_stand_ins_of_different_descriptions_differ():
    keys = [f"voice number {number}" for number in range(50)]
    assert len({voices.stand_in(key) for key in keys}) > 45


def test_a_description_may_ask_for_a_woman_or_a_man():
    for age in ("young", "old", "tired", "年轻的"):
        assert voices.stand_in(f"a {age} woman").variant in voices.FEMALE
        assert voices.stand_in(f"{age}女声").variant in voices.FEMALE
        assert voices.stand_in(f"A {age} Man").variant in voices.MALE
        assert voices.stand_in(f"{age}男声").variant in voices.MALE


def test_described_cloned_and_unknown_voices_speak_alike_every_time(speak: Any):
    for who in (
        {"description": "an old sailor"},
        {"prompt": StandIn("0f", "in_context")},
        {"speaker": "nobody"},
    ):
        fields = {"speaker": None, **who}
        assert np.array_equal(speak("Hello.", **fields), speak("Hello.", **fields))
