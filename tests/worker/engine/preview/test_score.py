"""Listeners are told where the preview cannot do what was asked."""

from typing import Any

import pytest

from worker.engine.preview import manner, score, voices
from worker.engine.preview.prompt import StandIn
from worker.engine.protocol import Utterance


def notes(text: str = "Hello.", language: str = "english", **fields: Any) -> tuple[str, ...]:
    return score.arrange(Utterance(text=text, language=language, seed=0, **fields)).notes


def parameters(**fields: Any) -> dict[str, int]:
    utterance = Utterance(text="Hi.", language="english", seed=0, **fields)
    return score.arrange(utterance).request["parameters"]


def test_a_plain_request_needs_no_note():
    assert notes(speaker="ryan", instruct="slowly") == ()


def test_a_guess_by_latin_script_is_told():
    assert notes(language="auto", speaker="ryan") == (score.TAKEN_FOR_ENGLISH,)


def test_a_guess_by_another_script_is_not():
    assert notes("Привет.", "auto", speaker="ryan") == ()


@pytest.mark.parametrize("language", ["japanese", "auto"])
def test_kanji_are_told_in_japanese(language: str):
    assert notes("日本のあさ。", language, speaker="ryan") == (score.KANJI_UNREAD,)


def test_kana_and_chinese_need_no_such_note():
    assert notes("にほんのアサ。", "japanese", speaker="ryan") == ()
    assert notes("日本的早晨。", "chinese", speaker="ryan") == ()


def test_an_instruction_without_a_known_word_is_told():
    assert notes(speaker="ryan", instruct="like a pirate") == (manner.NOT_UNDERSTOOD,)


@pytest.mark.parametrize("instruct", [None, "", "  "])
def test_no_instruction_needs_no_note(instruct: str | None):
    assert notes(speaker="ryan", instruct=instruct) == ()


def test_a_designed_and_a_cloned_voice_are_told_to_be_stand_ins():
    assert notes(description="an old sailor") == (voices.STAND_IN_DESIGNED,)
    assert notes(prompt=StandIn("0f", "in_context")) == (voices.STAND_IN_CLONED,)


def test_a_note_comes_once_with_the_first_frames(perform: Any):
    frames = perform("Hello there, all of you.", "auto")
    assert [f.notes for f in frames if f.notes] == [(score.TAKEN_FOR_ENGLISH,)]
    assert frames[0].notes


def test_a_description_tells_the_manner_too():
    assert parameters(description="speaks slowly")["rate"] < 0.8 * 180


def test_the_boldest_instruction_stays_within_what_espeak_takes():
    words = " ".join(stem for stems in manner.TABLE for stem in stems)
    for instruct in (words, "fast excited angry", "slow sad calm old"):
        asked = parameters(speaker="ono_anna", instruct=instruct)
        assert asked["rate"] in score.RATES
        assert asked["pitch"] in score.SCALE
        assert asked["range"] in score.SCALE
        assert 0 < asked["volume"] <= 100
